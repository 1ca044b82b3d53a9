"""What a store says of its frames: moments and a digest of each plane, and the statistics of a period.

T: time, C: channel, Y: row, X: column.
"""

import hashlib

import numpy as np
import xarray as xr

from pipelines.moments import Moments, pieces_of
from pipelines.series import name_step, time_step_of

__all__ = ["DIGEST_BYTES", "frames_before", "measure", "statistics_of", "training_rows"]

DIGEST_BYTES = 16


def frames_before(times: np.ndarray) -> np.ndarray:
    """For each time the index of the one exactly one time step earlier, −1 where there is none."""
    if len(times) < 2:
        return np.full(len(times), -1)
    earlier = times - time_step_of(times)
    found = np.searchsorted(times, earlier)
    return np.where(times[found] == earlier, found, -1)


def measure(
    frames: np.ndarray, rows: range, *, before: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Moments and digests of the planes of some frames.

    Args:
        frames: (T, C, Y, X) float32, all of them, such as a memory map; those in `rows` and before
            are read.
        rows: the frames to measure.
        before: as `frames_before` gives it.

    Returns:
        moments: (rows, C, kind, 5) float64: of the values, and of the tendencies (value minus that
            of one time step before, in the units of the values; none where that frame is absent).
        digests: (rows, C, 16) bytes: hashes of the values.
    """
    shape = (len(rows), *frames.shape[1:])
    moments = np.empty((*shape[:2], 2, 5))
    digests = np.empty((*shape[:2], DIGEST_BYTES), dtype="uint8")
    block, before = frames[rows.start : rows.stop], before[rows.start : rows.stop]
    for times, channels in pieces_of(shape):
        piece = np.ascontiguousarray(block[times, channels])
        changes = _tendencies(frames[:, channels], piece, before[times])
        moments[times, channels, 0] = Moments.of(piece, (-2, -1)).table()
        moments[times, channels, 1] = Moments.of(changes, (-2, -1)).table()
        digests[times, channels] = digests_of(piece)
    return moments, digests


def _tendencies(frames: np.ndarray, piece: np.ndarray, before: np.ndarray) -> np.ndarray:
    """(T, C, Y, X) float64: each frame minus the one before, NaN where there is none."""
    has = before >= 0
    rows = before[has]
    evenly = bool(len(rows)) and len(rows) == rows[-1] - rows[0] + 1
    earlier = frames[rows[0] : rows[-1] + 1] if evenly else frames[rows]
    with np.errstate(invalid="ignore"):  # ∞ − ∞ is as missing as the two are
        changes = np.subtract(piece[has] if len(rows) < len(piece) else piece, earlier, dtype="f8")
    if len(rows) == len(piece):
        return changes
    result = np.full(piece.shape, np.nan)
    result[has] = changes
    return result


def digests_of(frames: np.ndarray) -> np.ndarray:
    """(T, C, 16) bytes: a hash of the values of each plane of contiguous frames."""
    n_times, n_channels = frames.shape[:2]
    digests = np.empty((n_times, n_channels, DIGEST_BYTES), dtype="uint8")
    for time, channel in np.ndindex(n_times, n_channels):
        digest = hashlib.blake2b(frames[time, channel].data, digest_size=DIGEST_BYTES).digest()
        digests[time, channel] = np.frombuffer(digest, dtype="uint8")
    return digests


def training_rows(times: np.ndarray, train: str | None = None) -> range:
    """The frames of the training period.

    Args:
        train: "first/last", years, dates or times, inclusive; the first 70 % of the frames unless given,
            which is the training split unless one is named.

    Raises:
        ValueError: no frame lies there.
    """
    # Here, since it brings torch, which the processes that only copy do without.
    from pipelines.split import SplitConfig
    from pipelines.time_range import parse_times

    if train is None:
        return range(max(round(float(SplitConfig().train) * len(times)), min(len(times), 1)))
    first, last = parse_times(train)
    rows = range(
        int(np.searchsorted(times, first, side="left")),
        int(np.searchsorted(times, last, side="right")),
    )
    if not rows:
        ends = " to ".join(np.datetime_as_string(times[[0, -1]], unit="m"))
        raise ValueError(
            f"train = {train!r} holds no frame: the data have {len(times)} frames, {ends}. Name "
            "times inside."
        )
    return rows


def statistics_of(moments: np.ndarray, series: xr.DataArray, rows: range) -> xr.Dataset:
    """Statistics of each channel over some frames, in the units of the channel.

    Tendencies from a frame outside the period are left out.

    Args:
        moments: (T, C, kind, 5), as `measure` gives them, of all frames.
        series: whose labels are taken; its values are not read.
        rows: the frames of the period.
    """
    times = series["time"].values
    before = frames_before(times)[rows.start : rows.stop]
    within = moments[rows.start : rows.stop]
    values = Moments.from_table(within[:, :, 0]).over(0)
    tendencies = Moments.from_table(within[before >= rows.start, :, 1]).over(0)
    columns = {
        "count": values.count,
        "mean": np.where(values.count, values.mean, np.nan),
        "std": values.std,
        "min": np.where(values.count, values.minimum, np.nan),
        "max": np.where(values.count, values.maximum, np.nan),
        "tendency_mean": np.where(tendencies.count, tendencies.mean, np.nan),
        "tendency_std": tendencies.std,
    }
    period = times[rows.start : rows.stop]
    return xr.Dataset(
        {name: ("channel", column) for name, column in columns.items()},
        coords={name: ("channel", series[name].values) for name in ("channel", "units")},
        attrs={
            "period": "/".join(np.datetime_as_string(period[[0, -1]], unit="m")) if rows else "",
            "time_step": name_step(time_step_of(times)) if len(times) > 1 else "",
        },
    )
