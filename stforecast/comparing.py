"""Several runs side by side: their scores, how their experiments differ, and what makes it unfair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from pipelines.series import names
from stforecast.baselines.of_dataset import BASELINE_NAMES
from stforecast.evaluated import evaluate_command, load_scores
from stforecast.experiment import Experiment, as_tree
from stforecast.lead_texts import is_counted, lead_text
from stforecast.run import Run
from stforecast.verification.dialects import dialect_for
from stforecast.verification.skill import (
    beats_until,
    headline_metric,
    scores_of_metric,
    skill,
)

__all__ = ["Comparison", "compare_runs", "skill_table"]

_NONE = "–"
"""Where an experiment does not say anything."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Evaluated runs side by side."""

    names: tuple[str, ...]
    """Of the runs, each its own."""
    scores: tuple[xr.Dataset, ...]
    """Of each run, as `evaluate` gave them."""
    differences: pd.DataFrame
    """A row for each key of the experiments that is not the same in all, a column for each run."""
    notes: tuple[str, ...]
    """What makes the comparison unfair, one sentence each; none: nothing that is known."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels that one of the runs is scored on."""
        found = [str(channel) for one in self.scores for channel in one["channel"].values]
        return tuple(dict.fromkeys(found))


def compare_runs(
    runs: Sequence[Run], *, dialect: str | None = None, split: str = "test"
) -> Comparison:
    """Runs side by side.

    Args:
        dialect: by whose rules the scores are; each dataset's own unless given.

    Raises:
        ValueError: no run is given, one stands twice, or some were not evaluated.
    """
    if not runs:
        raise ValueError("There is no run to compare; name one at least.")
    folders = [run.folder.resolve() for run in runs]
    if len(set(folders)) < len(folders):
        raise ValueError(f"A run stands twice among {names(folders)}; leave one out.")
    experiments = [run.experiment() for run in runs]
    scores, commands = [], []
    for run, experiment in zip(runs, experiments, strict=True):
        file = run.scores_file(dialect=_rules(experiment, dialect), split=split)
        if file.is_file():
            scores.append(load_scores(run, dialect=dialect, split=split))
        else:
            commands.append(evaluate_command(run, dialect=dialect, split=split))
    if commands:
        raise ValueError(
            f"{len(commands)} of {len(runs)} runs have no such scores; make them with "
            + " and ".join(f"`{command}`" for command in commands)
            + ", or leave these runs out."
        )
    labels = _labels(folders)
    return Comparison(
        names=labels,
        scores=tuple(scores),
        differences=_differences(dict(zip(labels, experiments, strict=True))),
        notes=tuple(_notes(dict(zip(labels, scores, strict=True)), _fingerprints(labels, runs))),
    )


def skill_table(scores: xr.Dataset, *, metric: str | None = None) -> pd.DataFrame:
    """How far each forecaster beats each baseline: a row for each forecaster, channel and baseline.

    Columns forecaster, channel, baseline; `beats_until`, the longest lead time up to which it is better
    at every one (0 where it is not at the first); `says`, the same in words; `skill_first` and
    `skill_last`, 1 − score / score of the baseline at the first and the last lead time that are scored.

    Args:
        scores: as `evaluate` gives them.
        metric: an error, the lower the better; `headline_metric` unless given.

    Raises:
        ValueError: the scores lack the metric, or it is no plain error.
    """
    metric = headline_metric(scores) if metric is None else metric
    counted = is_counted(scores.attrs)
    known = [str(name) for name in scores["forecaster"].values]
    scored = scores_of_metric(scores, metric).notnull().any("forecaster")
    rows = []
    for baseline in (name for name in known if name in BASELINE_NAMES):
        relative = skill(scores, baseline=baseline, metric=metric)
        for forecaster in (name for name in known if name not in BASELINE_NAMES):
            for channel in scores["channel"].values:
                leads = np.flatnonzero(scored.sel(channel=channel).values)
                part = scores.sel(channel=[channel]).isel(lead_time=leads)
                longest = beats_until(
                    part, forecaster=forecaster, baseline=baseline, metric=metric
                ).values[0]
                values = relative.sel(forecaster=forecaster, channel=channel).values[leads]
                rows.append(
                    {
                        "forecaster": forecaster,
                        "channel": str(channel),
                        "baseline": baseline,
                        "beats_until": pd.Timedelta(longest),
                        "says": _says(longest, part["lead_time"].values, baseline, counted=counted),
                        "skill_first": values[0] if len(values) else np.nan,
                        "skill_last": values[-1] if len(values) else np.nan,
                    }
                )
    columns = ["forecaster", "channel", "baseline", "beats_until", "says", "skill_first"]
    table = pd.DataFrame(rows, columns=[*columns, "skill_last"])
    return table.sort_values(["forecaster", "channel"], kind="stable", ignore_index=True)


def _says(longest: np.timedelta64, leads: np.ndarray, baseline: str, *, counted: bool) -> str:
    if len(leads) == 0:
        return f"no truth to compare with {baseline}"
    if longest == np.timedelta64(0):
        return f"does not beat {baseline} at {lead_text(leads[0], counted=counted)}"
    return f"beats {baseline} up to {lead_text(longest, counted=counted)}" + (
        ", the last lead time" if longest == leads[-1] else ""
    )


def _rules(experiment: Experiment, dialect: str | None) -> str:
    return dialect_for(experiment.dataset, dialect).name


def _labels(folders: Sequence[Path]) -> tuple[str, ...]:
    """The shortest ends of the paths that tell the runs apart."""
    depth = 1
    while len({folder.parts[-depth:] for folder in folders}) < len(folders):
        depth += 1
    return tuple("/".join(folder.parts[-depth:]) for folder in folders)


def _differences(experiments: Mapping[str, Experiment]) -> pd.DataFrame:
    flat = {name: _flatten(as_tree(experiment)) for name, experiment in experiments.items()}
    keys = dict.fromkeys(key for row in flat.values() for key in row)
    table = {name: [row.get(key, _NONE) for key in keys] for name, row in flat.items()}
    frame = pd.DataFrame(table, index=pd.Index(list(keys), name="key"), dtype="str")
    return frame.loc[frame.nunique(axis=1) > 1]


def _flatten(tree: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Keys with dots, and values as texts."""
    flat: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{before}{key}.")
        elif isinstance(value, list | tuple):
            flat[f"{before}{key}"] = ", ".join(map(str, value)) or _NONE
        else:
            flat[f"{before}{key}"] = str(value)
    return flat


def _fingerprints(labels: Sequence[str], runs: Sequence[Run]) -> dict[str, str]:
    """Fingerprints of the data that the trainings began with, of the runs that kept it."""
    return {
        label: run.fingerprint_file.read_text(encoding="utf-8").strip()
        for label, run in zip(labels, runs, strict=True)
        if run.fingerprint_file.is_file()
    }


def _notes(scores: Mapping[str, xr.Dataset], fingerprints: Mapping[str, str]) -> list[str]:
    """What makes a comparison unfair."""
    if len(scores) < 2:
        return []
    facts = {
        "They are of different datasets": _attrs(scores, "dataset"),
        "Their scores follow different rules (dialects)": _attrs(scores, "dialect"),
        "Their grids differ": _attrs(scores, "grid"),
        "They forecast other channels": {
            name: ", ".join(map(str, one["channel"].values)) for name, one in scores.items()
        },
        "Their lead times differ": {name: _leads(one) for name, one in scores.items()},
        "They are scored over different times": {
            name: f"{one.attrs['first_init_time']} to {one.attrs['last_init_time']}"
            for name, one in scores.items()
        },
        "They are scored on different numbers of forecasts": {
            name: f"{one.attrs['n_init_times']}" for name, one in scores.items()
        },
        "They leave out different values": {
            name: f"{int(one['masked'].sum())} masked" for name, one in scores.items()
        },
        "Some are scored on synthetic data": {
            name: "synthetic" if one.attrs.get("synthetic") == "true" else "real"
            for name, one in scores.items()
        },
    }
    notes = [
        f"{what}: {names(f'{name} {fact}' for name, fact in of_runs.items())}."
        for what, of_runs in facts.items()
        if len(set(of_runs.values())) > 1
    ]
    if len(set(fingerprints.values())) > 1:
        notes.append("They were trained on different data: the fingerprints of the series differ.")
    return notes


def _attrs(scores: Mapping[str, xr.Dataset], key: str) -> dict[str, str]:
    return {name: str(one.attrs.get(key, "")) for name, one in scores.items()}


def _leads(scores: xr.Dataset) -> str:
    leads, counted = scores["lead_time"].values, is_counted(scores.attrs)
    first, last = (lead_text(lead, counted=counted) for lead in leads[[0, -1]])
    return f"{len(leads)} of {first} to {last}"
