"""Grids of raw files: what is unusual about them, and what keeps them from being read."""

import numpy as np
import xarray as xr

from pipelines.checking.findings import Finding, finding
from pipelines.grid import TOLERANCE, Placement, difference_of
from pipelines.weather_coordinates import find_grid

__all__ = ["Axes", "axes_of", "compare_grids"]

Axes = tuple[str, str, Placement]
"""Dimensions of rows and columns, and where their cells go in the grid."""

_REFUSED = (
    ("rotated", "rotated"),
    ("curvilinear", "rotated"),
    ("Gaussian", "gaussian"),
    ("swapped", "swapped-axes"),
    ("unevenly", "uneven-grid"),
    ("twice", "uneven-grid"),
    ("goes around the globe once", "uneven-grid"),
)
"""Words of the reader's messages, and the code that they stand for; else there are no coordinates."""


def axes_of(dataset: xr.Dataset, name: str) -> tuple[Axes | None, list[Finding]]:
    """The grid of a dataset, and what is to be said of it; None where it cannot be read."""
    try:
        y, x, placement = find_grid(dataset)
    except ValueError as error:
        message = str(error)
        code = next((code for word, code in _REFUSED if word in message), "no-coordinates")
        return None, [_refused(code, message, name)]
    sizes = {"latitude": dataset.sizes[y], "longitude": dataset.sizes[x]}
    findings = []
    if not np.array_equal(placement.rows, np.arange(sizes["latitude"])):
        text = "rows run from south to north"
        if not np.array_equal(placement.rows, np.arange(sizes["latitude"])[::-1]):
            text = "rows are in no order"
        findings.append(finding("latitude-order", f"{name}: {text}", examples=[name]))
    repeated = sizes["longitude"] - len(placement.columns)
    if repeated:
        text = f"{name}: {repeated} column(s) stand twice, once around the globe"
        findings.append(finding("repeated-column", text, count=repeated, examples=[name]))
    raw = _longitude(dataset, x)
    east = placement.grid.longitude
    if raw is not None and np.abs(raw[placement.columns] - east).max() > TOLERANCE:
        span = f"{raw.min():g} to {raw.max():g}°"
        jump = np.flatnonzero(np.abs(np.diff(raw)) > 180)
        text = f"longitude runs over {span}" + (
            f", with a jump at {raw[jump[0]]:g}°" if len(jump) else ""
        )
        findings.append(finding("longitude-range", f"{name}: {text}", examples=[name]))
    elif not np.array_equal(placement.columns, np.arange(len(placement.columns))):
        text = f"{name}: columns are not in order from west to east"
        findings.append(finding("longitude-range", text, examples=[name]))
    return (y, x, placement), findings


def compare_grids(placements: dict[str, Placement]) -> list[Finding]:
    """The files that lie on another grid than most.

    Args:
        placements: of each file, by its name.
    """
    groups: list[list[str]] = []
    for name, placement in placements.items():
        for group in groups:
            if not difference_of(placement.grid, placements[group[0]].grid):
                group.append(name)
                break
        else:
            groups.append([name])
    if len(groups) < 2:
        return []
    most = max(groups, key=len)
    findings = []
    for group in groups:
        if group is most:
            continue
        why = difference_of(placements[group[0]].grid, placements[most[0]].grid)
        findings.append(
            finding(
                "grids-differ",
                f"{len(group)} file(s) lie on another grid than {most[0]}: {why}",
                count=len(group),
                examples=group,
                way_out="regrid them, or open them apart",
            )
        )
    return findings


def _longitude(dataset: xr.Dataset, x: str) -> np.ndarray | None:
    declared = [str(name) for name in dataset.cf.coordinates.get("longitude", [])]
    for key in (*declared, x):
        if key in dataset.variables and dataset[key].dims == (x,):
            return dataset[key].values.astype("float64")
    return None


def _refused(code: str, message: str, name: str) -> Finding:
    text, _, way_out = message.rstrip(".").partition("; ")
    return finding(code, f"{name}: {text}", examples=[name], way_out=way_out)
