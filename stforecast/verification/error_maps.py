"""Errors of each cell, on the map that the forecasts are drawn on."""

import numpy as np
import xarray as xr

from pipelines.places import Place

__all__ = ["lay_out_errors"]


def lay_out_errors(errors: xr.Dataset, place: Place) -> xr.Dataset:
    """Errors turned as forecasts are at a place; without maps they stay as they are.

    Raises:
        ValueError: the grid does not fit the place.
    """
    mapped = [name for name in errors.data_vars if {"y", "x"} <= set(errors[name].dims)]
    if not mapped:
        return errors
    placed = {name: place.lay_out(errors[name]) for name in mapped}
    turned = errors.drop_vars([*mapped, "row_weight"]).assign(placed)
    # Data that have to be told their place have no latitude: every row counts the same.
    turned["row_weight"] = ("y", np.ones(turned.sizes["y"]))
    return turned.assign_attrs(placed["count"].attrs)
