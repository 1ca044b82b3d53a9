"""Fields of errors: the number of each cell over all forecasts, and its colours."""

import matplotlib
import numpy as np
import xarray as xr
from matplotlib.colors import ListedColormap
from matplotlib.ticker import MaxNLocator

from stforecast.figures.error_numbers import find_name, pooled_error
from stforecast.figures.palette import ERROR_COLOURS
from stforecast.figures.panels import Scale

__all__ = ["ERROR_METRICS", "error_field", "error_field_scale"]

ERROR_METRICS = {
    "rmse": "RMSE of each cell",
    "bias": "bias of each cell (forecast − truth)",
    "skill": "skill of each cell against persistence",
}
_ERROR_SIZES = ListedColormap(matplotlib.colormaps["magma_r"](np.linspace(0, 0.88, 256)))
"""Root mean squared errors: the darker, the greater; never black, which coastlines are."""
_SKILL = "BrBG"
"""Green is better than persistence, brown worse: neither colour is one of a bias."""
_BEYOND = 0.002
"""Share of the cells that may lie beyond the ends of a scale."""
_PERFECT = 0.01
"""Share of persistence's RMSE over the map below which it cannot be beaten in a cell: where next to
nothing ever happens, a skill says nothing."""
_BANDS = 14


def error_field(errors: xr.Dataset, name: str, *, metric: str) -> np.ndarray:
    """The map (y, x) of one channel and lead time, in the channel's units.

    Args:
        name: of the forecaster.
        metric: of `ERROR_METRICS`; a skill, 1 − RMSE / RMSE of persistence, is NaN where persistence is
            all but perfect.
    """
    one = errors.sel(forecaster=name)
    if metric == "bias":
        return one["bias"].values.astype("float64")
    rmse = np.sqrt(one["mean_squared_error"].values.astype("float64"))
    if metric == "rmse":
        return rmse
    find_name(errors, "persistence")
    squares = errors["mean_squared_error"].sel(forecaster="persistence").values
    reference = np.sqrt(squares.astype("float64"))
    whole = pooled_error(errors, "persistence", metric="rmse")
    skill = np.full(rmse.shape, np.nan)
    np.divide(rmse, reference, out=skill, where=reference > _PERFECT * whole)
    return 1 - skill


def error_field_scale(field: np.ndarray, *, metric: str, units: str, bands: bool) -> Scale:
    """The scale of such a map, in the units shown: from 0 on, or about 0.

    Args:
        bands: one colour from one round number to the next, as contours are.
    """
    finite = field[np.isfinite(field)]
    sizes = np.abs(finite) if len(finite) else np.ones(1)
    end = float(np.quantile(sizes, 1 - _BEYOND)) or 1.0
    signed = metric != "rmse"
    if metric == "skill":
        end = min(end, 1.0)
    low = -end if signed else 0.0
    edges: tuple[float, ...] = ()
    if bands:
        steps = MaxNLocator(_BANDS, steps=[1, 2, 2.5, 5, 10])
        ticks = np.asarray(steps.tick_values(low, end))
        # One white band about 0, as on maps of a single error.
        kept = ticks[np.abs(ticks) > 1e-9 * end] if signed else ticks
        edges = tuple(map(float, kept))
        low, end = edges[0], edges[-1]
    under, over = (finite < low).any(), (finite > end * (1 + 1e-6)).any()
    beyond = {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}
    colours = _ERROR_SIZES
    if signed:
        colours = matplotlib.colormaps[_SKILL if metric == "skill" else ERROR_COLOURS]
    return Scale(low, end, colours, units, beyond[int(under), int(over)], edges)
