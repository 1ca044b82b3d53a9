"""The report of a benchmark: the same tables for the terminal and for a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from models.presets import PRESETS, Preset
from models.presets.published import PUBLISHED
from pipelines.atomic import atomic_path
from stforecast.benchmarking.measure import MEASURED_BATCH, Cost
from stforecast.benchmarking.results import Results, mean_seconds
from stforecast.benchmarking.scores import Score, metric_name
from stforecast.figures.palette import pretty_units

__all__ = ["Sheet", "sheets_of", "to_markdown", "to_terminal", "write_report"]


@dataclass(frozen=True)
class Sheet:
    """A table of texts."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    below: str = ""
    """A sentence under it."""


def sheets_of(results: Results) -> list[Sheet]:
    """Scores of each channel, costs, trainings, and, apart from them, what others have published."""
    channels = dict.fromkeys(score.channel for score in results.scores)
    sheets = [_score_sheet(results, channel) for channel in channels]
    sheets += [_cost_sheet(results), _training_sheet(results)]
    published = _published_sheet(results)
    return sheets if published is None else [*sheets, published]


def write_report(results: Results, folder: Path) -> None:
    """Write benchmark.csv and benchmark.md."""
    with atomic_path(folder / "benchmark.csv") as temporary:
        results.to_frame().to_csv(temporary, index=False)
    with atomic_path(folder / "benchmark.md") as temporary:
        temporary.write_text(to_markdown(results), encoding="utf-8")


def to_markdown(results: Results) -> str:
    """Conditions, tables and notes as Markdown."""
    parts = ["# Benchmark\n"]
    parts += [f"- {name}: {text}" for name, text in results.facts.items()]
    parts += [f"- note: {note}" for note in results.notes]
    parts.append("\n![Error against latency](benchmark.png)")
    for sheet in sheets_of(results):
        parts.append(f"\n## {sheet.title}\n")
        parts.append("| " + " | ".join(sheet.headings) + " |")
        parts.append("|---" + "|---:" * (len(sheet.headings) - 1) + "|")
        parts += ["| " + " | ".join(row) + " |" for row in sheet.rows]
        if sheet.below:
            parts.append(f"\n{sheet.below}")
    return "\n".join(parts) + "\n"


def to_terminal(sheet: Sheet) -> Table:
    """A sheet as a table of rich."""
    table = Table(
        title=sheet.title.replace("[", r"\["),
        title_justify="left",
        caption=sheet.below or None,
        caption_justify="left",
        box=SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )
    for number, heading in enumerate(sheet.headings):
        text = heading.replace(" ", "\n").replace("[", r"\[")
        table.add_column(text, justify="right" if number else "left", no_wrap=True)
    for row in sheet.rows:
        table.add_row(*row)
    return table


def _score_sheet(results: Results, channel: str) -> Sheet:
    own = [score for score in results.scores if score.channel == channel]
    units = {score.metric: pretty_units(score.units) for score in own}
    found = {(score.forecaster, score.metric): _score_text(score) for score in own}
    labels = dict.fromkeys([*results.trainings, *(score.forecaster for score in own)])
    return Sheet(
        title=f"{channel}, {results.split} split, dialect {results.dialect}",
        headings=(
            "forecaster",
            *(metric_name(name) + (f" ({text})" if text else "") for name, text in units.items()),
        ),
        rows=tuple(
            (label, *(found.get((label, metric), "diverged") for metric in units))
            for label in labels
        ),
    )


def _score_text(score: Score) -> str:
    """Mean ± deviation: two digits of the deviation, and the mean as far as it reaches."""
    if np.isnan(score.mean):
        return "–"
    decimals = _decimals(score.mean, digits=4)
    if score.deviation is None:
        return f"{score.mean:.{decimals}f}"
    decimals = min(decimals + 2, _decimals(score.deviation, digits=2))
    return f"{score.mean:.{decimals}f} ± {score.deviation:.{decimals}f}"


def _decimals(value: float, *, digits: int) -> int:
    """Decimals that show so many digits of a value."""
    magnitude = int(np.floor(np.log10(abs(value)))) if value else 0
    return min(max(digits - 1 - magnitude, 0), 8)


def _training_sheet(results: Results) -> Sheet:
    rows = []
    for label, trained in results.trainings.items():
        done = [outcome.best_epoch for outcome in trained.outcomes if not outcome.diverged]
        rows.append(
            (
                label,
                f"{trained.learning_rate:g}",
                str(trained.outcomes[0].epochs),
                ", ".join(map(str, done)) or "diverged",
                f"{mean_seconds(trained):.0f}",
                f"{trained.search_seconds:.0f}",
                _cell(results.costs.get(label), "training_memory"),
            )
        )
    return Sheet(
        title="trainings",
        headings=(
            "network",
            "learning rate",
            "epochs",
            "best epochs",
            "time (s)",
            "all (s)",
            "memory (MiB)",
        ),
        rows=tuple(rows),
        below="Time: mean over seeds, validation included; all: with the other learning rates. Memory: "
        f"peak of a step with {MEASURED_BATCH} windows.",
    )


def _cost_sheet(results: Results) -> Sheet:
    columns = ("parameters", "macs", "latency", "throughput", "forecast_memory")
    return Sheet(
        title="costs of a forecast",
        headings=(
            "network",
            "parameters (M)",
            "MACs (G)",
            "latency (ms)",
            "throughput (windows/s)",
            "memory (MiB)",
        ),
        rows=tuple(
            (label, *(_cell(results.costs.get(label), name) for name in columns))
            for label in results.trainings
        ),
        below=f"{results.device}. Latency of one window, throughput and peak memory of {MEASURED_BATCH} "
        "at once: the network alone in evaluation mode, float32, medians after a warm-up.",
    )


def _cell(cost: Cost | None, name: str) -> str:
    """A cost in the units of its column; a dash where it is unknown."""
    value = None if cost is None else getattr(cost, name)
    if value is None:
        return "–"
    scale, form = _UNITS[name]
    return format(value * scale, form)


_UNITS = {
    "parameters": (1e-6, ".3f"),
    "macs": (1e-9, ".3g"),
    "latency": (1e3, ".3g"),
    "throughput": (1.0, ".0f"),
    "forecast_memory": (2**-20, ".0f"),
    "training_memory": (2**-20, ".0f"),
}
"""Factor and format of each cost in the tables."""


def _published_sheet(results: Results) -> Sheet | None:
    """What is published of these networks on this dataset; None if nothing is."""
    rows = []
    for label in results.trainings:
        for preset in _published_presets(results, label):
            scores = PUBLISHED[preset.name]
            rows.append(
                (
                    preset.name,
                    "–" if preset.parameters is None else f"{preset.parameters / 1e6:.3f}",
                    "–" if preset.macs is None else f"{preset.macs / 1e9:.3g}",
                    f"{scores.mse:g}",
                    f"{scores.mae:g}",
                )
            )
    if not rows:
        return None
    return Sheet(
        title="published by others: not comparable",
        headings=("preset", "parameters (M)", "MACs (G)", "MSE", "MAE"),
        rows=tuple(rows),
        below="Copied from OpenSTL's tables (arXiv 2306.11249): published sizes, its own data, grid, "
        "splits and dialect, and the best epoch chosen on the test data. They say nothing about the "
        "tables above.",
    )


def _published_presets(results: Results, label: str) -> Sequence[Preset]:
    experiment = results.benchmark.experiment
    network = results.benchmark.networks[label]
    channels = {score.channel for score in results.scores}
    return [
        preset
        for preset in PRESETS.values()
        if preset.name in PUBLISHED
        and (preset.dataset, preset.network) == (experiment.dataset, network.name)
        and preset.options.get("translator") in (None, network.options().get("translator", "gsta"))
        and (preset.variables is None or set(preset.variables) == channels)
    ]
