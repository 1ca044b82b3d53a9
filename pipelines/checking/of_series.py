"""The doctor for what is a series already: a store, or the traffic of a city."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.checking.collected import CountedMap, Piece, judge_values, summarise
from pipelines.checking.findings import Finding, finding, in_order
from pipelines.checking.quantities import Quantity, range_of
from pipelines.checking.report import Report
from pipelines.checking.tally import Tally, new_tally
from pipelines.checking.timeline import Stretch, judge_times
from pipelines.grid import Grid, Placement
from pipelines.series import Channel, channels_of
from pipelines.store import blocks_of, is_store, open_store
from pipelines.units import Conversion
from pipelines.variables import VARIABLES

__all__ = ["check_series", "opens_as_series"]

_TRAFFIC = (".h5", ".hdf5", ".npz")


def opens_as_series(path: Path) -> bool:
    """Whether a path is a store, a file of traffic, or a folder of them."""
    if not path.exists():
        return False
    if path.is_file():
        return path.suffix.lower() in _TRAFFIC
    if is_store(path):
        return True
    files = [place.name.lower() for place in path.iterdir()]
    return any(name.endswith("inout.h5") or name == "dataset.npz" for name in files)


def check_series(path: Path, *, progress: Callable[[int, int], None] | None = None) -> Report:
    """What is wrong with a store or with traffic, and what its reader says of it."""
    from pipelines.taxibj import open_taxibj

    name = path.name
    try:
        series = open_store(path) if is_store(path) else open_taxibj(path)
    except (ValueError, OSError) as error:
        text, _, way_out = str(error).rstrip(".").partition("; ")
        told = finding("unreadable", f"{name}: {text}", examples=[name], way_out=way_out)
        return Report(path, (name,), {}, (told,))
    findings = _note(series, name)
    placement = _placement(series)
    pieces = [_piece(series, number, name) for number in range(series.sizes["channel"])]
    maps = [CountedMap(placement, piece.tally.missing_map, len(series)) for piece in pieces]
    read, total = 0, series.size * 4
    for start, stop in blocks_of(series):
        block = np.asarray(series[start:stop].values)
        for number, piece in enumerate(pieces):
            piece.tally.add(block[:, number], frames=slice(start, stop), rows=_all_rows(series))
        read += block.nbytes
        if progress is not None:
            progress(read, total)
    variables, stretches = {}, {}
    for piece, counted in zip(pieces, maps, strict=True):
        key = piece.quantity.key
        variables[key] = summarise(key, [piece], [counted])
        stretches[key] = [Stretch(name, piece.times, {})]
        findings += judge_values(key, [piece], [counted], variables[key])
    findings += judge_times(stretches)
    return Report(path, (name,), variables, in_order(findings), read)


def _all_rows(series: xr.DataArray) -> slice:
    return slice(0, series.sizes["y"])


def _note(series: xr.DataArray, name: str) -> list[Finding]:
    note = str(series.attrs.get("note", ""))
    return [
        finding("reader", f"{name}: {part}", examples=[name]) for part in note.split("; ") if part
    ]


def _placement(series: xr.DataArray) -> Placement | None:
    if "latitude" not in series.coords or "longitude" not in series.coords:
        return None
    grid = Grid(series["latitude"].values, series["longitude"].values)
    return Placement(grid, np.arange(grid.shape[0]), np.arange(grid.shape[1]))


def _piece(series: xr.DataArray, number: int, name: str) -> Piece:
    channel = channels_of(series)[number]
    low, high = _limits(channel)
    array = series[:, number]
    middle = np.asarray(series[len(series) // 2, number].values)
    finite = middle[np.isfinite(middle)]
    span = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    apart = 0.4 * (span[1] - span[0])
    same = Conversion(channel.units, channel.units)
    quantity = Quantity(channel.name, None, array, (), channel.units, same, low, high, span)
    shape = array.shape
    tally: Tally = new_tally(
        shape,
        low=low,
        high=high,
        conversion=None,
        bounds=(span[0] - apart, span[1] + apart),
        missing_map=np.zeros(shape[-2:], dtype="int64"),
    )
    return Piece(name, quantity, tally, series["time"].values, None)


def _limits(channel: Channel) -> tuple[np.ndarray, np.ndarray]:
    """The values that occur in nature, or, of what is not in the table, that can exist."""
    known = VARIABLES.get(channel.variable)
    if known is None or known.units != channel.units:
        return np.array([channel.valid_min]), np.array([channel.valid_max])
    return range_of(known, () if channel.level is None else (channel.level,))
