"""Reports: scores as tables to look at, rows to compute with and sentences to quote."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from rich.table import Table

from pipelines.clips import FRAME_STEP
from stforecast.baselines.of_dataset import BASELINE_NAMES
from stforecast.lead_texts import is_counted, lead_text
from stforecast.verification.dialects import dialect_of
from stforecast.verification.scaled import ALL_CHANNELS
from stforecast.verification.score_units import score_units
from stforecast.verification.skill import beats_until, headline_metric, scores_of_metric

__all__ = [
    "lead_text",
    "period_table",
    "score_table",
    "score_tables",
    "scores_to_frame",
    "skill_sentences",
]

_MOST_ROWS = 12


def score_tables(scores: xr.Dataset, *, metrics: Sequence[str] | None = None) -> list[Table]:
    """One table for each channel and metric; one for all channels where the dialect adds them up.

    Args:
        scores: as `evaluate` gives them.
        metrics: by default those that the dialect shows.
    """
    if metrics is None:
        shown = dialect_of(scores.attrs).shown
        metrics = [name for name in shown if name in scores["metric"].values]
    known = scores["channel"].values.tolist()
    added_up = dialect_of(scores.attrs).scaled and ALL_CHANNELS in known
    return [
        score_table(scores, channel=str(channel), metric=metric)
        for channel in ([ALL_CHANNELS] if added_up else known)
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
    factor, units = score_units(scores, channel=channel, metric=metric)
    values = per_lead.sel(channel=channel).values * factor
    pooled = scores["pooled"].sel(metric=metric, channel=channel).values * factor
    rule = dialect_of(scores.attrs).metrics[metric]
    better, active = rule.better, ""
    if "active_weight" in rule.statistics:
        active = f"; cells with a truth of {scores.attrs['threshold']:g} or more"
    table = Table(
        title=f"{channel} {metric}" + ("" if units == "1" else f" [{units}]").replace("[", r"\["),
        caption=(f"{scores.attrs['dialect']}; {_scored_over(scores)}{active}"),
    )
    table.add_column("lead time", justify="right")
    _add_forecasters(table, scores)
    lead_times, counted = scores["lead_time"].values, is_counted(scores.attrs)
    for row in _shown_rows(len(lead_times), most_rows):
        table.add_row(lead_text(lead_times[row], counted=counted), *_cells(values[:, row], better))
    if len(lead_times) > 1:
        table.add_section()
        table.add_row("all", *_cells(pooled, better))
    return table


def _scored_over(scores: xr.Dataset) -> str:
    """How many forecasts there are, and of when where they have times."""
    count = scores.attrs["n_init_times"]
    if is_counted(scores.attrs):
        return f"forecasts: {count}"
    return f"init times: {count}, {scores.attrs['first_init_time']} to {scores.attrs['last_init_time']}"


def period_table(scores: xr.Dataset, *, metric: str | None = None) -> Table | None:
    """Scores of each period over all lead times: a row for each channel and period; None without any.

    The caption says what the periods are.

    Args:
        metric: `headline_metric` unless given.

    Raises:
        ValueError: the scores lack the metric.
    """
    metric = headline_metric(scores) if metric is None else metric
    scores_of_metric(scores, metric)
    if "pooled_by_period" not in scores:
        return None
    channels = scores["channel"].values.tolist()
    better = dialect_of(scores.attrs).metrics[metric].better
    texts = {score_units(scores, channel=channel, metric=metric)[1] for channel in channels}
    units = f" [{texts.pop()}]" if len(texts) == 1 else ""
    table = Table(
        title=f"{metric} by period, all lead times{units}".replace("[", r"\["),
        caption=scores.attrs["periods"],
    )
    for name in ("channel", "period"):
        table.add_column(name)
    _add_forecasters(table, scores)
    for channel in channels:
        factor, _ = score_units(scores, channel=channel, metric=metric)
        table.add_section()
        for period in scores["period"].values:
            chosen = scores["pooled_by_period"].sel(metric=metric, channel=channel, period=period)
            table.add_row(channel, str(period), *_cells(chosen.values * factor, better))
    return table


def scores_to_frame(scores: xr.Dataset) -> pd.DataFrame:
    """Scores in rows: forecaster, metric, channel, lead_time_hours, score, units, dialect.

    In the channels' own units. `lead_time_hours` is NaN for the score over all lead times together; of
    video it is `lead_frames`, as its frames have no times.
    Scores by period add rows, and a column `period`, which is "all" for the totals.
    """
    frame = _rows(scores, scores["score"], scores["pooled"])
    if "score_by_period" not in scores:
        return frame
    parts = {"all": frame}
    for period in scores["period"].values:
        chosen = [
            scores[name].sel(period=period) for name in ("score_by_period", "pooled_by_period")
        ]
        parts[str(period)] = _rows(scores, *chosen)
    for period, part in parts.items():
        part.insert(part.columns.tolist().index("score"), "period", period)
    return pd.concat(list(parts.values()), ignore_index=True)


def _rows(scores: xr.Dataset, per_lead: xr.DataArray, pooled: xr.DataArray) -> pd.DataFrame:
    counted = is_counted(scores.attrs)
    column = "lead_frames" if counted else "lead_time_hours"
    leads = scores["lead_time"].values / (FRAME_STEP if counted else np.timedelta64(1, "h"))
    order = ("forecaster", "metric", "channel")
    values = np.concatenate(
        [
            per_lead.transpose(*order, "lead_time").values,
            pooled.transpose(*order).values[..., None],
        ],
        axis=-1,
    )
    labels = [scores[name].values.tolist() for name in order]
    index = pd.MultiIndex.from_product([*labels, [*leads, np.nan]])
    columns = [*order, column]
    frame = pd.DataFrame(index.to_frame(index=False).to_numpy(), columns=columns)
    frame[column] = frame[column].astype("float64")
    frame["score"] = values.ravel()
    units = scores["units"].transpose("metric", "channel").values
    frame["units"] = np.tile(np.repeat(units.ravel(), len(leads) + 1), scores.sizes["forecaster"])
    frame["dialect"] = scores.attrs["dialect"]
    return frame


def skill_sentences(scores: xr.Dataset, *, metric: str | None = None) -> list[str]:
    """For each forecaster, channel and baseline: up to which lead time it is better.

    Lead times at which a channel has no truth, and so no score, are passed over. Of frames in colour
    one sentence is about all channels.

    Args:
        metric: `headline_metric` unless given.
    """
    metric = headline_metric(scores) if metric is None else metric
    names, channels = scores["forecaster"].values.tolist(), scores["channel"].values.tolist()
    if is_counted(scores.attrs) and ALL_CHANNELS in channels:
        channels = [ALL_CHANNELS]
    scored = scores_of_metric(scores, metric).notnull().any("forecaster")
    sentences = []
    for forecaster in (name for name in names if name not in BASELINE_NAMES):
        for baseline in (name for name in names if name in BASELINE_NAMES):
            for channel in channels:
                rows = np.flatnonzero(scored.sel(channel=channel).values)
                part = scores.sel(channel=[channel]).isel(lead_time=rows)
                text = _skill(part, forecaster, baseline, metric)
                sentences.append(f"{channel}: {forecaster} {text}")
    return sentences


def _skill(scores: xr.Dataset, forecaster: str, baseline: str, metric: str) -> str:
    """How far a forecaster is better, in words, of one channel."""
    if not scores.sizes["lead_time"]:
        return f"cannot be compared with {baseline} in {metric}: there is no truth"
    first, last = scores["lead_time"].values[[0, -1]]
    longest = beats_until(scores, forecaster=forecaster, baseline=baseline, metric=metric).item()
    longest, counted = np.timedelta64(longest, "ns"), is_counted(scores.attrs)
    if longest == np.timedelta64(0):
        return f"does not beat {baseline} at {lead_text(first, counted=counted)} in {metric}"
    text = f"beats {baseline} up to {lead_text(longest, counted=counted)} in {metric}"
    return text + (", the last lead time" if longest == last else "")


def _add_forecasters(table: Table, scores: xr.Dataset) -> None:
    """A column for each forecaster, a line for each word of its name: five fit into 80 characters."""
    for name in scores["forecaster"].values:
        table.add_column(str(name).replace("_", "\n"), justify="right", no_wrap=True)


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
