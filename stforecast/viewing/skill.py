"""What there is of a run's skill: its files of scores and errors, in words and opened for figures."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr

from stforecast.evaluated import evaluate_command
from stforecast.lead_texts import is_counted, lead_text
from stforecast.run import Run
from stforecast.verification.dialects import dialect_of
from stforecast.verification.skill import headline_metric
from stforecast.viewing.headers import Stamp, stamp_of
from stforecast.viewing.reading import READING

__all__ = [
    "ErrorsHead",
    "ScoreFile",
    "command_for",
    "find_score_files",
    "headline_metric",
    "metrics_of",
    "open_errors",
    "read_head",
    "read_history",
    "read_scores",
    "scores_caption",
]

_HISTORY_COLUMNS = ("epoch", "train_loss", "validation_loss", "learning_rate")


@dataclass(frozen=True)
class ScoreFile:
    """Scores of a run by the rules of one dialect on one split."""

    path: Path
    dialect: str
    split: str
    errors: Path | None
    """Errors in detail beside them; None where there are none."""
    stamp: Stamp
    """Differs when one of the files does."""

    @property
    def name(self) -> str:
        """In words."""
        return f"{self.dialect} · {self.split}"


def find_score_files(run: Path) -> tuple[tuple[ScoreFile, ...], tuple[str, ...]]:
    """The files of scores in a run's folder, and what is wrong with those that are damaged.

    The dataset's own dialect on the test split comes first.
    """
    files = sorted(run.glob("scores*.nc"), key=lambda file: (file.stem != "scores", file.stem))
    found, problems = [], []
    for path in files:
        try:
            attrs = read_scores(path).attrs
        except ValueError as error:
            problems.append(str(error))
            continue
        errors = path.with_name("errors" + path.name.removeprefix("scores"))
        found.append(
            ScoreFile(
                path=path,
                dialect=str(attrs.get("dialect", "unknown dialect")),
                split=str(attrs.get("split", "unknown split")),
                errors=errors if errors.is_file() else None,
                stamp=stamp_of(path, errors),
            )
        )
    return tuple(found), tuple(problems)


def command_for(run: Path, file: ScoreFile | None = None) -> str:
    """The command that makes the scores and errors of a run, or those of such a file again."""
    if file is None or file.path.stem == "scores":
        return evaluate_command(Run(run))
    # A name that the dataset's own dialect does not need is no mistake either.
    return evaluate_command(Run(run), dialect=file.dialect, split=file.split)


def read_scores(path: Path) -> xr.Dataset:
    """The scores in a file, in memory.

    Raises:
        ValueError: it is damaged, or holds something else.
    """
    try:
        with READING, xr.open_dataset(path, engine="netcdf4", decode_timedelta=True) as opened:
            scores = opened.load()
        _ = scores["score"].sizes["lead_time"], scores["units"]
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        way_out = f"make it again with `{evaluate_command(Run(path.parent))}`"
        raise ValueError(f"{path} holds no scores ({_first_line(error)}); {way_out}.") from error
    return scores


@contextmanager
def open_errors(path: Path) -> Iterator[xr.Dataset]:
    """The errors in a file, read as they are used: a figure needs one channel and lead time.

    Raises:
        ValueError: it is damaged, or holds something else.
    """
    with READING:
        try:
            opened = xr.open_dataset(path, engine="netcdf4", decode_timedelta=True)
            _ = opened["errors"].sizes["lead_time"]
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            way_out = f"make it again with `{evaluate_command(Run(path.parent))}`"
            raise ValueError(
                f"{path} holds no errors ({_first_line(error)}); {way_out}."
            ) from error
        with opened:
            yield opened


@dataclass(frozen=True)
class ErrorsHead:
    """What a file of errors has to choose from."""

    channels: tuple[str, ...]
    forecasters: tuple[str, ...]
    lead_times: Mapping[str, int]
    """Their places by their names: "+6 h"."""
    has_maps: bool
    """Whether errors are kept for each cell."""
    has_week: bool
    """Whether means are kept for each slot of the week."""
    left_out: str
    """What was left out for want of memory, in words; "" for nothing."""


def read_head(path: Path) -> ErrorsHead:
    """What there is in a file of errors; no values are read.

    Raises:
        ValueError: it is damaged, or holds something else.
    """
    with open_errors(path) as errors:
        left_out = str(errors.attrs.get("left_out", ""))
        counted = is_counted(errors.attrs)
        return ErrorsHead(
            channels=tuple(map(str, errors["channel"].values)),
            forecasters=tuple(map(str, errors["forecaster"].values)),
            lead_times={
                lead_text(lead, counted=counted): at
                for at, lead in enumerate(errors["lead_time"].values)
            },
            has_maps="mean_squared_error" in errors,
            has_week="truth_mean" in errors,
            left_out=left_out.replace("; ", ", "),
        )


def read_history(run: Path) -> pd.DataFrame:
    """Loss and learning rate of each epoch of a run's training; no row where it has no history.

    Raises:
        ValueError: the file is damaged.
    """
    file = run / "history.csv"
    if not file.is_file():
        return pd.DataFrame(columns=list(_HISTORY_COLUMNS))
    try:
        history = pd.read_csv(file)
        return history.astype(dict.fromkeys(_HISTORY_COLUMNS, "float64"))
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            f"{file} is no history of a training ({_first_line(error)}); go on training with --resume, "
            "or put a copy of it back."
        ) from error


def scores_caption(scores: xr.Dataset) -> str:
    """By which rules, and over how many forecasts of what, the scores were computed."""
    attrs = scores.attrs
    parts = [f"{attrs['dialect']} dialect"] if "dialect" in attrs else []
    if "split" in attrs:
        parts.append(f"{attrs['split']} split")
    if "n_init_times" in attrs:
        count = int(attrs["n_init_times"])
        span = " to ".join(
            str(attrs[key]).replace("T", " ")
            for key in ("first_init_time", "last_init_time")
            if key in attrs
        )
        parts.append(f"{count:,} forecast{'' if count == 1 else 's'}{f', {span}' if span else ''}")
    if "grid" in attrs:
        parts.append(f"grid {attrs['grid']}")
    if attrs.get("synthetic") == "true":
        parts.append("synthetic data")
    return " · ".join(parts)


def metrics_of(scores: xr.Dataset) -> Mapping[str, str]:
    """The metrics that any forecaster has, the headline's first, and how each is better."""
    rules = dialect_of(scores.attrs).metrics
    known = [str(name) for name in scores["metric"].values]
    there = [name for name in known if scores["score"].sel(metric=name).notnull().any()]
    first = headline_metric(scores)
    return {name: rules[name].better for name in sorted(there, key=lambda name: name != first)}


def _first_line(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0]
