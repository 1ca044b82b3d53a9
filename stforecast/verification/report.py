"""Reports: scores as tables to look at, rows to compute with and sentences to quote."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from rich.table import Table

from pipelines.variables import VARIABLES, display_units
from stforecast.verification.dialects import find_dialect
from stforecast.verification.skill import beats_until, scores_of_metric

__all__ = ["lead_text", "score_table", "score_tables", "scores_to_frame", "skill_sentences"]

BASELINES = ("persistence", "climatology")
_MOST_ROWS = 12


def score_tables(scores: xr.Dataset, *, metrics: Sequence[str] | None = None) -> list[Table]:
    """One table for each channel and metric.

    Args:
        scores: as `evaluate` gives them.
        metrics: by default those that the dialect shows.
    """
    if metrics is None:
        shown = find_dialect(scores.attrs["dialect"]).shown
        metrics = [name for name in shown if name in scores["metric"].values]
    return [
        score_table(scores, channel=str(channel), metric=metric)
        for channel in scores["channel"].values
        for metric in metrics
    ]


def score_table(
    scores: xr.Dataset, *, channel: str, metric: str, most_rows: int = _MOST_ROWS
) -> Table:
    """Scores of one channel: a row for each lead time, a column for each forecaster, the best in bold.

    The last row is over all lead times together. Of many lead times every few are shown.

    Raises:
        ValueError: the scores lack the metric or the channel.
    """
    per_lead = scores_of_metric(scores, metric).transpose("forecaster", "channel", "lead_time")
    known = scores["channel"].values.tolist()
    if channel not in known:
        raise ValueError(f"The scores have no channel {channel!r}; they have {', '.join(known)}.")
    factor, units = _display(scores, channel=channel, metric=metric)
    values = per_lead.sel(channel=channel).values * factor
    pooled = scores["pooled"].sel(metric=metric, channel=channel).values * factor
    better = find_dialect(scores.attrs["dialect"]).metrics[metric].better
    table = Table(
        title=f"{channel} {metric}" + ("" if units == "1" else f" [{units}]").replace("[", r"\["),
        caption=(
            f"{scores.attrs['dialect']}; init times: {scores.attrs['n_init_times']}, "
            f"{scores.attrs['first_init_time']} to {scores.attrs['last_init_time']}"
        ),
    )
    table.add_column("lead time", justify="right")
    for name in scores["forecaster"].values:
        table.add_column(str(name), justify="right")
    lead_times = scores["lead_time"].values
    for row in _shown_rows(len(lead_times), most_rows):
        table.add_row(lead_text(lead_times[row]), *_cells(values[:, row], better))
    if len(lead_times) > 1:
        table.add_section()
        table.add_row("all", *_cells(pooled, better))
    return table


def scores_to_frame(scores: xr.Dataset) -> pd.DataFrame:
    """Scores in rows: forecaster, metric, channel, lead_time_hours, score, units, dialect.

    In the channels' own units. `lead_time_hours` is NaN for the score over all lead times together.
    """
    hours = scores["lead_time"].values / np.timedelta64(1, "h")
    order = ("forecaster", "metric", "channel")
    per_lead = scores["score"].transpose(*order, "lead_time").values
    values = np.concatenate(
        [per_lead, scores["pooled"].transpose(*order).values[..., None]], axis=-1
    )
    labels = [scores[name].values.tolist() for name in order]
    index = pd.MultiIndex.from_product([*labels, [*hours, np.nan]])
    columns = [*order, "lead_time_hours"]
    frame = pd.DataFrame(index.to_frame(index=False).to_numpy(), columns=columns)
    frame["lead_time_hours"] = frame["lead_time_hours"].astype("float64")
    frame["score"] = values.ravel()
    units = scores["units"].transpose("metric", "channel").values
    frame["units"] = np.tile(np.repeat(units.ravel(), len(hours) + 1), scores.sizes["forecaster"])
    frame["dialect"] = scores.attrs["dialect"]
    return frame


def skill_sentences(scores: xr.Dataset, *, metric: str = "rmse") -> list[str]:
    """For each forecaster, channel and baseline: up to which lead time it is better."""
    names = scores["forecaster"].values.tolist()
    first, last = scores["lead_time"].values[[0, -1]]
    sentences = []
    for forecaster in (name for name in names if name not in BASELINES):
        for baseline in (name for name in names if name in BASELINES):
            won = beats_until(scores, forecaster=forecaster, baseline=baseline, metric=metric)
            for channel, longest in zip(won["channel"].values, won.values, strict=True):
                if longest == np.timedelta64(0):
                    text = f"does not beat {baseline} at {lead_text(first)} in {metric}"
                else:
                    text = f"beats {baseline} up to {lead_text(longest)} in {metric}"
                    text += ", the last lead time" if longest == last else ""
                sentences.append(f"{channel}: {forecaster} {text}")
    return sentences


def _display(scores: xr.Dataset, *, channel: str, metric: str) -> tuple[float, str]:
    """Factor and units to show a score in."""
    rule = find_dialect(scores.attrs["dialect"]).metrics[metric]
    one = scores.sel(channel=channel, metric=metric)
    variable, units = str(one["variable"].values), str(one["units"].values)
    own = VARIABLES[variable].units if variable in VARIABLES else ""
    if rule.units(own) != units:
        return 1.0, units
    factor, shown = display_units(variable, own)
    return factor**rule.power, rule.units(shown)


def lead_text(lead_time: np.timedelta64) -> str:
    """A lead time as people say it: "+6 h", "+30 min"."""
    minutes = int(lead_time / np.timedelta64(1, "m"))
    return f"+{minutes} min" if minutes % 60 else f"+{minutes // 60} h"


def _shown_rows(n_rows: int, most: int) -> list[int]:
    """The first, the last and every so many rows, so that about `most` are left."""
    every = -(-n_rows // most)
    return sorted({0, *range(every - 1, n_rows, every), n_rows - 1})


def _cells(values: np.ndarray, better: str) -> list[str]:
    """Texts with four digits, the best in bold; a dash where there is no score."""
    texts = [_text(float(value)) for value in values]
    if np.isnan(values).all():
        return texts
    order = {"lower": values, "higher": -values, "nearer zero": np.abs(values)}[better]
    best = np.nanmin(order)
    return [
        f"[bold]{text}[/bold]" if value == best else text
        for text, value in zip(texts, order, strict=True)
    ]


def _text(value: float) -> str:
    if not np.isfinite(value):
        return "–" if np.isnan(value) else str(value)
    magnitude = int(np.floor(np.log10(abs(value)))) if value else 0
    return f"{value:.{min(max(3 - magnitude, 0), 8)}f}"
