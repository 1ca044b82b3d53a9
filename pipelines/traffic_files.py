"""TaxiBJ's HDF5 files of flows: found, opened and checked.

BJ16_M32x32_T30_InOut.h5    city and year, rows × columns, minutes of a slot
    date (N,)               YYYYMMDDSS, slots from 01
    data (N, 2, Y, X)       vehicles that enter and that leave each cell in the slot
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from pipelines.places import Place, place_of_file
from pipelines.series import name_step, names
from pipelines.traffic_dates import decode_dates, step_of_slots, times_of_slots

__all__ = ["FlowFile", "check_alike", "city_of", "find_files", "open_flows", "open_hdf5"]


@dataclass(frozen=True, eq=False)
class FlowFile:
    """One file of flows; its frames are not read."""

    path: Path
    times: np.ndarray
    """When each frame's slot begins, civil time, as they stand: perhaps unsorted."""
    time_step: np.timedelta64
    shape: tuple[int, int]
    """Rows and columns."""
    is_synthetic: bool
    """Whether it says of itself that it is made up."""

    @property
    def place(self) -> Place | None:
        """The place that it is named after."""
        return place_of_file(self.path.stem)


def city_of(stem: str) -> str:
    """The city that a file is named after: "BJ" of BJ16_M32x32_T30_InOut; empty where none is told."""
    found = re.match(r"([A-Za-z]+)\d*_(?:M\d+x\d+_|Meteorology$|Holidays?$)", stem)
    return found[1].upper() if found else ""


def find_files(path: Path) -> list[Path]:
    """The file at `path`, or all *_InOut.h5 in the folder, or its dataset.npz.

    Raises:
        ValueError: there are none; the message says what there is, and the way out.
    """
    if not path.exists():
        raise ValueError(f"{path} does not exist; name a *_InOut.h5 file or a folder of them.")
    if path.is_file():
        return [path]
    there = [place for place in sorted(path.iterdir()) if not place.name.startswith(".")]
    files = [place for place in there if place.is_file()]
    flows = [place for place in files if place.name.lower().endswith("inout.h5")]
    windows = [place for place in files if place.name == "dataset.npz"]
    if not flows and not windows:
        has = f"it has {names(place.name for place in there)}" if there else "it is empty"
        raise ValueError(
            f"{path} has no *_InOut.h5 and no dataset.npz: {has}. Name the folder that has, or one "
            "file."
        )
    return flows or windows


def open_flows(path: Path, *, time_step: np.timedelta64 | None = None) -> FlowFile:
    """A file of flows with its times; its frames are not read.

    Args:
        time_step: believed where neither the name nor the slots tell it.

    Raises:
        ValueError: it cannot be read, or is not what it should be; the way out is named.
    """
    if "newend" in path.stem.lower():
        raise ValueError(
            f"{path}: files named NewEnd hold trips that begin (new) and end, not inflow and "
            "outflow; save it as *_InOut.h5 with data[:, ::-1], so that what arrives comes first."
        )
    with open_hdf5(path) as file:
        data, dates = (_dataset(path, file, name) for name in ("data", "date"))
        _check_data(path, data, dates)
        raw = dates[()]
        synthetic = str(file.attrs.get("synthetic", "")).casefold() in ("true", "1", "yes")
        shape = data.shape[2:]
    name = f"{path}: date"
    days, slots = decode_dates(raw, name=name)
    step = step_of_slots(
        slots,
        dates=raw,
        n_days=len(np.unique(days)),
        name=name,
        stem=path.stem,
        wanted=time_step,
    )
    times = times_of_slots(days, slots, time_step=step)
    return FlowFile(path, times, step, (int(shape[0]), int(shape[1])), synthetic)


def check_alike(files: list[FlowFile]) -> None:
    """Raise ValueError unless all files are of one grid, one time step and one city."""
    first = files[0]
    for file in files[1:]:
        pair = f"{first.path.name} and {file.path.name} in {first.path.parent}"
        if file.shape != first.shape:
            raise ValueError(
                f"{pair} are of different grids, {_times(first.shape)} and {_times(file.shape)}; "
                "name one of them, or put them into folders of their own."
            )
        if file.time_step != first.time_step:
            raise ValueError(
                f"{pair} have different time steps, {name_step(first.time_step)} and "
                f"{name_step(file.time_step)}; name one of them, or put them into folders of their own."
            )
        cities = (city_of(first.path.stem), city_of(file.path.stem))
        if all(cities) and cities[0] != cities[1]:
            raise ValueError(
                f"{pair} are of different cities; name one of them, or put them into folders of "
                "their own."
            )


@contextmanager
def open_hdf5(path: Path) -> Iterator[h5py.File]:
    """An HDF5 file, open for reading.

    Raises:
        ValueError: it is none, or damaged, which may show only as it is read.
    """
    with path.open("rb") as stream:
        head = stream.read(64)
    if not head:
        raise ValueError(f"{path} is empty (0 bytes); fetch or copy it again.")
    if not h5py.is_hdf5(path):
        raise ValueError(
            f"{path} is not an HDF5 file (it starts with {head[:8]!r}); name a *_InOut.h5 file, and "
            "if this is one, fetch it again."
        )
    try:
        with h5py.File(path, "r") as file:
            yield file
    except OSError as error:
        raise ValueError(
            f"{path} cannot be read: it is cut short or damaged ({error}). Fetch or copy it again."
        ) from error


def _dataset(path: Path, file: h5py.File, name: str) -> h5py.Dataset:
    found = file.get(name)
    if not isinstance(found, h5py.Dataset):
        there = f"it has {names(file)}" if len(file) else "it is empty"
        raise ValueError(
            f"{path} has no {name!r}: {there}. TaxiBJ's files have `date` (N) and `data` (N, 2, "
            "rows, columns); save yours under these names."
        )
    return found


def _check_data(path: Path, data: h5py.Dataset, dates: h5py.Dataset) -> None:
    shape = data.shape
    what = f"{path}: data has the shape {shape}"
    wanted = "it should be (slots, 2, rows, columns), inflow before outflow"
    if data.dtype.kind not in "iuf":
        raise ValueError(f"{path}: data holds {data.dtype}, not numbers; save counts as numbers.")
    if len(shape) != 4 or dates.ndim != 1 or 0 in shape:
        raise ValueError(f"{what} and date {dates.shape}; {wanted}, with one date a slot.")
    if shape[:2] == (2, len(dates)) and shape[0] != len(dates):
        raise ValueError(f"{what}: its axes are swapped. {_way_out(0)}; {wanted}.")
    if shape[0] != len(dates):
        raise ValueError(
            f"{what}, {shape[0]} frames, but date has {len(dates)}; each frame needs one date."
        )
    if shape[1] != 2 and shape[3] == 2:
        raise ValueError(f"{what}: its axes are swapped. {_way_out(3)}; {wanted}.")
    if shape[1] == 1:
        raise ValueError(f"{what}: it has one channel, but needs inflow and outflow; {wanted}.")
    if shape[1] != 2:
        raise ValueError(f"{what}; {wanted}.")


def _way_out(axis: int) -> str:
    return f"Save it again with numpy.moveaxis(data, {axis}, 1)"


def _times(shape: tuple[int, int]) -> str:
    return f"{shape[0]}×{shape[1]}"
