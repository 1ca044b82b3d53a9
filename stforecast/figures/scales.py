"""Scales: which colours the values of a map get, the same in all panels of a figure."""

import matplotlib
import numpy as np
from matplotlib.ticker import MaxNLocator

from stforecast.figures.fields import Fields
from stforecast.figures.palette import (
    ANOMALY_COLOURS,
    ERROR_COLOURS,
    WARM_ANOMALY_COLOURS,
    WET_ANOMALY_COLOURS,
    field_style,
)
from stforecast.figures.panels import Scale

__all__ = ["anomaly_scale", "error_scale", "field_scale"]

_BEYOND = 0.2
"""Per cent of the values that may lie beyond the ends of a scale."""

_BUSIEST = 1.0
"""Per cent of the cells of a grid of counts that may be huge: the second greatest of 16 × 12 is not."""
_HUGE = 2.0
"""How many times as great as in all other cells a count is when it is left beyond the scale."""

_BANDS = 26
"""Bands of one colour on a scale, at most."""
_DIVERGING = (ERROR_COLOURS, ANOMALY_COLOURS, WARM_ANOMALY_COLOURS, WET_ANOMALY_COLOURS)
"""Colours of differences."""


def field_scale(fields: Fields, limits: tuple[float, float] | None) -> Scale:
    """The scale of forecast and truth: over all lead times, so that it stays when others are shown."""
    style = field_style(fields.channel.variable)
    values = [fields.forecast] if fields.truth is None else [fields.forecast, fields.truth]
    together = np.concatenate(values)
    finite = together[np.isfinite(together)]
    bounds = (fields.channel.valid_min, fields.channel.valid_max)
    if limits is not None:
        low, high = limits
    elif style.from_zero and np.isfinite(bounds).all():
        low, high = (bound * fields.factor for bound in bounds)
    else:
        low, high = _ends(finite)
        if style.signed:
            high = max(abs(low), abs(high))
            low = -high
        elif style.from_zero:
            low, high = 0.0, _upper_end(together, fields)
    return _scale(finite, low, high, style.colour_map, fields, given=limits is not None)


def error_scale(error: np.ndarray, limit: float | None, *, fields: Fields) -> Scale:
    """The scale of forecast less truth, symmetric about 0."""
    finite = error[np.isfinite(error)]
    end = limit
    if end is None:
        end = _upper_end(np.abs(error), fields)
    return _scale(finite, -end, end, ERROR_COLOURS, fields, given=limit is not None)


def anomaly_scale(fields: Fields, climatology: np.ndarray, *, limit: float | None = None) -> Scale:
    """The scale of anomalies of forecast and truth, symmetric about 0, in other colours than an error.

    Args:
        climatology: of each field, (N, y, x), in the units shown.
        limit: end of the scale, in the units shown.
    """
    seen = [fields.forecast] if fields.truth is None else [fields.forecast, fields.truth]
    values = np.concatenate([field - climatology for field in seen])
    colours = field_style(fields.channel.variable).anomaly_colours
    end = _upper_end(np.abs(values), fields) if limit is None else limit
    finite = values[np.isfinite(values)]
    return _scale(finite, -end, end, colours, fields, given=limit is not None)


def _upper_end(values: np.ndarray, fields: Fields) -> float:
    """The end of a scale that begins at 0: a few huge values must not turn all others pale.

    Of a grid of counts it is the greatest value, unless one cell in a hundred is far above all others:
    a city's busy hours and cells are few, and it is they that one looks for.
    """
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return 1.0
    if not fields.are_cells:
        return float(np.percentile(finite, 100 - _BEYOND)) or 1.0
    peaks = np.where(np.isfinite(values), values, 0.0).max(axis=0)
    end = float(np.percentile(peaks, 100 - _BUSIEST, method="lower"))
    greatest = float(finite.max())
    return end if 0 < _HUGE * end < greatest else greatest or 1.0


def _scale(
    finite: np.ndarray, low: float, high: float, colours: str, fields: Fields, *, given: bool
) -> Scale:
    """A scale in bands between round numbers, as contours are; of cells one without steps."""
    bands: tuple[float, ...] = ()
    if not fields.are_cells:
        steps = MaxNLocator(_BANDS, steps=[1, 2, 2.5, 5, 10])
        ticks = np.asarray(steps.tick_values(low, high))
        if given:
            ticks = np.array([low, *ticks[(ticks > low) & (ticks < high)], high])
        if colours in _DIVERGING:
            # One pale band about 0: next to nothing is neither too high nor too low.
            ticks = ticks[np.abs(ticks) > 1e-9 * high]
        bands = tuple(map(float, ticks))
        low, high = bands[0], bands[-1]
    beyond = _beyond(finite, low, high)
    return Scale(low, high, matplotlib.colormaps[colours], fields.units, beyond, bands)


def _ends(finite: np.ndarray) -> tuple[float, float]:
    """Least and greatest value, apart even where all are equal."""
    if len(finite) == 0:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _beyond(finite: np.ndarray, low: float, high: float) -> str:
    if len(finite) == 0:
        return "neither"
    # A hair beyond is rounding, not an outlier.
    hair = 1e-6 * (high - low)
    under, over = finite.min() < low - hair, finite.max() > high + hair
    return {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[int(under), int(over)]
