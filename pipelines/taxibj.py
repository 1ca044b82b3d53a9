"""City traffic as a lazy series: TaxiBJ's HDF5 files, others in their format, and OpenSTL's windows.

FOLDER/BJ13_M32x32_T30_InOut.h5 …    flows, a file a year
FOLDER/BJ_Meteorology.h5             weather by the slot
FOLDER/BJ_Holiday.txt                holidays
FOLDER/weather_and_holidays.csv      both by the day
dataset.npz                          OpenSTL's windows, without time stamps
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.places import Place
from pipelines.series import Channel, make_series, name_step
from pipelines.traffic_files import FlowFile, check_alike, city_of, find_files, open_flows
from pipelines.traffic_frames import FlowFrames, Survey, lazy_flows, survey
from pipelines.traffic_npz import MOST_VEHICLES, WindowFile, WindowFrames, open_windows
from pipelines.traffic_slots import keep_slots, missing_slots, repeated_rows
from pipelines.traffic_surroundings import find_surroundings

__all__ = ["CHANNELS", "open_taxibj"]

CHANNELS = (
    Channel("inflow", "inflow", long_name="vehicles entering the cell", valid_min=0.0),
    Channel("outflow", "outflow", long_name="vehicles leaving the cell", valid_min=0.0),
)
"""As the files order them; vehicles per time step."""

_WINDOW_STEP = np.timedelta64(30 * 60 * 10**9, "ns")
"""Of TaxiBJ, from which OpenSTL's windows are cut."""
_CLOCK_START = np.datetime64("2000-01-01", "ns")
_CLOCK_GAP = 48
"""Steps between two runs of frames that do not follow each other: a day."""


def open_taxibj(
    path: str | Path,
    *,
    variables: Sequence[str] | None = None,
    time_step: np.timedelta64 | None = None,
) -> xr.DataArray:
    """The lazy series (time, channel, y, x) of vehicles that enter and leave each cell per time step.

    Times are civil time, when a slot begins. Slots that are missing stay so; what is left out or
    masked is counted in the attribute `note`. Weather lies along `time`, holidays in the attributes.

    Args:
        path: a *_InOut.h5 file, a folder of them, or OpenSTL's dataset.npz.
        variables: "inflow", "outflow" or both.
        time_step: the data's own, if any: counts are not summed.

    Raises:
        ValueError: the data cannot be read, or are not what they should be.
    """
    path = Path(path)
    channels = _find_channels(variables)
    places = find_files(path)
    if places[0].suffix.lower() == ".npz":
        windows = open_windows(places[0])
        _check_step(_WINDOW_STEP, time_step)
        return _series_of_windows(windows, channels)
    files = [open_flows(place, time_step=time_step) for place in places]
    check_alike(files)
    own = files[0].time_step
    _check_step(own, time_step)
    series = _series_of_files(path, files, channels)
    surroundings = find_surroundings(
        places[0].parent, cities=[city_of(place.stem) for place in places], time_step=own
    )
    joined = surroundings.join(series, time_step=own)
    return _with_notes(joined, [series.attrs.get("note", ""), *surroundings.notes])


def _series_of_files(
    path: Path, files: Sequence[FlowFile], channels: Sequence[int]
) -> xr.DataArray:
    times = np.concatenate([file.times for file in files])
    owners = np.repeat(np.arange(len(files)), [len(file.times) for file in files])
    rows = np.concatenate([np.arange(len(file.times)) for file in files])
    repeated = repeated_rows(times)
    surveys, digests = [], {}
    for owner, file in enumerate(files):
        own = survey(file, digest_rows=rows[repeated & (owners == owner)])
        start = int(np.searchsorted(owners, owner))
        digests |= {start + row: digest for row, digest in own.digests.items()}
        surveys.append(own)
    place = _place_of(files)
    zone = place.time_zone if place else None
    kept = keep_slots(times, owners=owners, digests=digests, time_zone=zone)
    chosen = kept.rows
    if not len(chosen):
        raise ValueError(f"{path}: no slot is left, since each is there with different values.")
    notes = missing_slots(
        times[chosen], owners=owners[chosen], time_step=files[0].time_step, time_zone=zone
    )
    frames = FlowFrames([file.path.resolve() for file in files], owners[chosen], rows[chosen])
    shape = files[0].shape
    attrs = {
        "dataset": "taxibj",
        "source": str(path),
        "synthetic": "true" if any(file.is_synthetic for file in files) else "false",
        "time_zone": zone or "unknown",
    }
    if place and place.shape in (None, shape):
        attrs["place"] = place.name
    changed = [file.path.stat().st_mtime_ns for file in files]
    series = make_series(
        lazy_flows(
            frames,
            n_frames=len(chosen),
            shape=shape,
            channels=channels,
            key=([str(name) for name in frames.paths], changed, chosen),
        ),
        times=times[chosen],
        channels=[CHANNELS[channel] for channel in channels],
        attrs=attrs,
    )
    notes += kept.notes(attrs["time_zone"]) + _masked(surveys, chosen, channels)
    return _with_notes(series, notes)


def _series_of_windows(file: WindowFile, channels: Sequence[int]) -> xr.DataArray:
    chain = file.chain
    steps = np.arange(len(chain.runs)) + _CLOCK_GAP * chain.runs
    attrs = {
        "dataset": "taxibj",
        "source": str(file.path),
        "synthetic": "false",
        "time_zone": "unknown",
        "clock": "artificial",
    }
    notes = [
        f"no time stamps: the clock is artificial ({name_step(_WINDOW_STEP)} from "
        f"{str(_CLOCK_START)[:10]}), so there is no calendar, no daily or weekly baseline, and the "
        "order of time is only presumed",
        f"{len(chain.runs)} frames in {chain.n_runs} runs rebuilt from {file.n_windows} windows of "
        f"{file.length}, the last {file.n_test} of which are the file's own test part",
        f"vehicles by (value + 1) / 2 · {MOST_VEHICLES}, TaxiBJ's greatest count",
    ]
    if chain.is_reversed:
        notes.append("the windows ran backwards in time and are turned round")
    if chain.n_runs > 1 and chain.n_runs == file.n_windows:
        notes.append("no two neighbouring windows overlap: frames may be there more than once")
    if missing := int(file.not_finite[:, channels].sum()):
        notes.append(f"values that are not finite, taken as missing: {missing}")
    series = make_series(
        lazy_flows(
            WindowFrames(file),
            n_frames=len(chain.runs),
            shape=file.shape,
            channels=channels,
            key=(str(file.path.resolve()), file.path.stat().st_mtime_ns),
        ),
        times=_CLOCK_START + steps * _WINDOW_STEP,
        channels=[CHANNELS[channel] for channel in channels],
        attrs=attrs,
    )
    return _with_notes(series, notes)


def _find_channels(variables: Sequence[str] | None) -> list[int]:
    known = [channel.name for channel in CHANNELS]
    if variables is None:
        return list(range(len(known)))
    if not variables:
        raise ValueError("variables is empty; name some, or leave it out for all that there are.")
    for name in variables:
        if name not in known:
            raise ValueError(f"variables: {name!r} is unknown; known: {', '.join(known)}.")
    return [known.index(name) for name in dict.fromkeys(variables)]


def _check_step(own: np.timedelta64, wanted: np.timedelta64 | None) -> None:
    if wanted is not None and wanted != own:
        raise ValueError(
            f"time_step {name_step(wanted)} is not that of the data, {name_step(own)}: counts of "
            "vehicles would have to be summed or shared out, which is not done. Leave time_step out, "
            "or save files with counts of that step."
        )


def _place_of(files: Sequence[FlowFile]) -> Place | None:
    """The place that all files are named after."""
    found = {file.place.name if file.place else "" for file in files}
    return files[0].place if len(found) == 1 else None


def _masked(surveys: Sequence[Survey], kept: np.ndarray, channels: Sequence[int]) -> list[str]:
    counts = {
        "negative values, taken as missing": [found.negative for found in surveys],
        "values that are not finite, taken as missing": [found.not_finite for found in surveys],
    }
    sums = {
        text: int(np.concatenate(found)[kept][:, channels].sum()) for text, found in counts.items()
    }
    return [f"{text}: {count}" for text, count in sums.items() if count]


def _with_notes(series: xr.DataArray, notes: Sequence[str]) -> xr.DataArray:
    told = [note for note in notes if note]
    if told:
        series.attrs["note"] = "; ".join(told)
    return series
