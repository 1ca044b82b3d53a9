"""Weights of latitude rows: how much each cell counts in a mean over the grid, scaled to mean 1."""

from collections.abc import Callable

import numpy as np
import xarray as xr
from jaxtyping import Float

__all__ = ["WEIGHTS", "cell_area_weights", "cosine_weights", "row_weights", "uniform_weights"]


def cell_area_weights(latitude: Float[np.ndarray, "Y"]) -> Float[np.ndarray, "Y"]:
    """Area of the cells of each row, scaled to mean 1: sin of the upper less sin of the lower bound.

    Bounds lie midway between rows. A row with less than a step between it and the pole reaches to the
    pole; the outer rows of a regional grid end half a step beyond their centres.

    Args:
        latitude: cell centres in degrees north, in either order.

    References:
        WeatherBench 2, `weatherbench2/metrics.py` (`_get_lat_weights`), equal on global grids; its
        outer rows always reach to the poles, which gives a regional grid's edges far too much weight.
    """
    _check(latitude)
    if len(latitude) == 1:
        return np.ones(1)
    south_to_north = np.sort(latitude)
    middles = (south_to_north[:-1] + south_to_north[1:]) / 2
    south = -_outer_bound(-south_to_north[0], step=south_to_north[1] - south_to_north[0])
    north = _outer_bound(south_to_north[-1], step=south_to_north[-1] - south_to_north[-2])
    bounds = np.concatenate([[south], middles, [north]])
    areas = np.diff(np.sin(np.deg2rad(bounds)))
    areas = areas if latitude[0] < latitude[-1] else areas[::-1]
    return areas / areas.mean()


def _outer_bound(outermost: float, *, step: float) -> float:
    """Northern bound of the northernmost row; the south is its mirror image."""
    # The rows of a Gaussian grid leave a little more than half a step to the pole.
    tolerance = 1e-6 * step
    return 90.0 if 90 - outermost < step - tolerance else outermost + step / 2


def cosine_weights(latitude: Float[np.ndarray, "Y"]) -> Float[np.ndarray, "Y"]:
    """Cosine of the latitude, scaled to mean 1; a row at a pole counts nothing.

    References:
        WeatherBench 1, `src/score.py` (`compute_weighted_rmse`).
    """
    _check(latitude)
    weights = np.cos(np.deg2rad(latitude))
    return weights / weights.mean()


def uniform_weights(latitude: Float[np.ndarray, "Y"]) -> Float[np.ndarray, "Y"]:
    """Ones: every cell counts the same, wherever it lies."""
    return np.ones(len(latitude))


WEIGHTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "cell_area": cell_area_weights,
    "cosine": cosine_weights,
    "uniform": uniform_weights,
}


def row_weights(array: xr.DataArray, *, rule: str) -> Float[np.ndarray, "Y"]:
    """Weights of the rows of a series or forecast; all 1 where the grid has no geography.

    Args:
        array: with a dimension `y` and, on a geographic grid, a coordinate `latitude`.
        rule: a name of `WEIGHTS`.
    """
    if "latitude" not in array.coords:
        return np.ones(array.sizes["y"])
    return WEIGHTS[rule](array["latitude"].values.astype("float64"))


def _check(latitude: np.ndarray) -> None:
    steps = np.diff(latitude)
    if not ((steps > 0).all() or (steps < 0).all()):
        raise ValueError("latitude must strictly rise or fall along y; sort the rows of the grid.")
    if np.abs(latitude).max() > 90:
        worst = latitude[np.abs(latitude).argmax()]
        raise ValueError(f"latitude must lie within -90…90 degrees, but one is {worst}.")
