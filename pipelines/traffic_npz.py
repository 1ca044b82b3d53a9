"""OpenSTL's dataset.npz of TaxiBJ: windows of flows scaled to −1…1, without time stamps.

    X_train, X_test (W, 4, 2, Y, X)    history
    Y_train, Y_test (W, 4, 2, Y, X)    horizon

Windows are read one after the other, a block in memory at once, whether the file is compressed or not.
"""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from jaxtyping import Float, Int

from pipelines.series import names
from pipelines.traffic_windows import Chain, chain_windows

__all__ = ["MOST_VEHICLES", "WindowFile", "WindowFrames", "open_windows"]

MOST_VEHICLES = 1292
"""Vehicles in a cell and half an hour at the value 1: the greatest count of TaxiBJ, by which its windows
were scaled (DeepST's MinMaxNormalization)."""

_BLOCK_BYTES = 32 * 2**20
_PARTS = (("X_train", "Y_train"), ("X_test", "Y_test"))
_TOLERANCE = 1e-5
_DAMAGE = (BadZipFile, EOFError, OSError, zlib.error)


@dataclass(frozen=True, eq=False)
class _Member:
    """One array in the archive, not read."""

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    offset: int
    """Bytes before the first value."""

    def blocks(self, start: int, stop: int) -> Iterator[tuple[int, np.ndarray]]:
        """The windows from `start` to `stop`, with the number of the first one of each block."""
        window_bytes = self.dtype.itemsize * int(np.prod(self.shape[1:]))
        windows = max(_BLOCK_BYTES // window_bytes, 1)
        with _open(self.path) as archive, archive.open(f"{self.name}.npy") as stream:
            stream.seek(self.offset + start * window_bytes)
            for first in range(start, stop, windows):
                count = min(windows, stop - first)
                content = _exactly(stream, count * window_bytes, self.path)
                yield first, np.frombuffer(content, self.dtype).reshape(count, *self.shape[1:])


@dataclass(frozen=True, eq=False)
class WindowFile:
    """The windows of a file and how they make a series; their frames are not read."""

    path: Path
    members: Sequence[tuple[_Member, _Member]]
    """History and horizon of each part."""
    chain: Chain
    not_finite: Int[np.ndarray, "N C"]
    """Values of each frame and channel that are missing."""
    n_windows: int
    n_test: int
    """How many of the windows, the last ones, are the file's own test part."""

    @property
    def length(self) -> int:
        """Frames of a window."""
        return sum(member.shape[1] for member in self.members[0])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.members[0][0].shape[-2:]
        return rows, columns


def open_windows(path: Path) -> WindowFile:
    """The windows of an npz file, read through once to see which of them follow each other.

    Raises:
        ValueError: it cannot be read, or is not what it should be; the way out is named.
    """
    with _open(path) as archive:
        there = [name.removesuffix(".npy") for name in archive.namelist()]
        lacking = [name for part in _PARTS for name in part if name not in there]
        if lacking:
            raise ValueError(
                f"{path} has no {', '.join(lacking)}; it has {names(there)}. OpenSTL's file of TaxiBJ "
                "has X_train, Y_train, X_test, Y_test."
            )
        parts = [(_member(archive, path, x), _member(archive, path, y)) for x, y in _PARTS]
    members = [part for part in parts if part[0].shape[0] or part[1].shape[0]]
    _check_shapes(path, members)
    digests, missing = [], []
    low, high = np.inf, -np.inf
    for part in members:
        tables = [_look_through(member) for member in part]
        digests.append(np.concatenate([table.digests for table in tables], axis=1))
        missing.append(np.concatenate([table.missing for table in tables], axis=1))
        low = min(low, *(table.low for table in tables))
        high = max(high, *(table.high for table in tables))
    _check_range(path, low, high)
    chain = chain_windows(np.concatenate(digests))
    n_test = parts[1][0].shape[0]
    return WindowFile(
        path=path,
        members=members,
        chain=chain,
        not_finite=np.concatenate(missing)[chain.windows, chain.positions],
        n_windows=sum(part[0].shape[0] for part in members),
        n_test=n_test,
    )


@dataclass(frozen=True, eq=False)
class WindowFrames:
    """Reads frames of a series out of the windows that hold them."""

    file: WindowFile

    def __call__(self, frames: Int[np.ndarray, "N"]) -> Float[np.ndarray, "N 2 Y X"]:
        """Vehicles, float32; NaN where missing."""
        chain, start = self.file.chain, 0
        windows, positions = chain.windows[frames], chain.positions[frames]
        result = np.empty((len(frames), 2, *self.file.shape), dtype="float32")
        for part in self.file.members:
            first = 0
            for member in part:
                inside = (windows >= start) & (windows < start + member.shape[0])
                inside &= (positions >= first) & (positions < first + member.shape[1])
                places = np.flatnonzero(inside)
                if len(places):
                    result[places] = _pick(
                        member, windows[places] - start, positions[places] - first
                    )
                first += member.shape[1]
            start += part[0].shape[0]
        return result


def _pick(member: _Member, windows: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Some frames of a member, as vehicles."""
    result = np.empty((len(windows), *member.shape[2:]), dtype="float32")
    for first, block in member.blocks(int(windows.min()), int(windows.max()) + 1):
        places = np.flatnonzero((windows >= first) & (windows < first + len(block)))
        scaled = block[windows[places] - first, positions[places]].astype("float64")
        vehicles = (scaled + 1) / 2 * MOST_VEHICLES
        # Rounding of what was 0 may leave it a little below.
        result[places] = np.where(np.isfinite(scaled), np.maximum(vehicles, 0), np.nan)
    return result


@dataclass(frozen=True, eq=False)
class _Table:
    digests: np.ndarray
    missing: np.ndarray
    low: float
    high: float


def _look_through(member: _Member) -> _Table:
    digests, missing = [], []
    low, high = np.inf, -np.inf
    for _, block in member.blocks(0, member.shape[0]):
        frames = np.ascontiguousarray(block, dtype="float32")
        good = np.isfinite(frames)
        missing.append((~good).sum(axis=(3, 4)))
        if good.any():
            low = min(low, float(frames.min(where=good, initial=np.inf)))
            high = max(high, float(frames.max(where=good, initial=-np.inf)))
        hashes = [
            hashlib.blake2b(frame, digest_size=8).digest()
            for frame in frames.reshape(-1, *frames.shape[2:])
        ]
        digests.append(np.frombuffer(b"".join(hashes), "uint64").reshape(frames.shape[:2]))
    return _Table(np.concatenate(digests), np.concatenate(missing), low, high)


def _open(path: Path) -> ZipFile:
    try:
        return ZipFile(path)
    except (BadZipFile, OSError) as error:
        raise ValueError(
            f"{path} cannot be read: it is cut short, damaged or no npz file ({error}). Fetch or copy "
            "it again."
        ) from error


def _member(archive: ZipFile, path: Path, name: str) -> _Member:
    with archive.open(f"{name}.npy") as stream:
        try:
            version = np.lib.format.read_magic(stream)
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, column_order, dtype = read(stream)
        except (ValueError, *_DAMAGE) as error:
            raise ValueError(
                f"{path} is damaged: {name}: {error}; fetch or copy it again."
            ) from error
        offset = stream.tell()
    if dtype.kind != "f" or column_order:
        raise ValueError(
            f"{path}: {name} holds {dtype}{' in column order' if column_order else ''}, but should "
            "hold floating-point numbers in row order; save it so."
        )
    return _Member(path, name, shape, dtype, offset)


def _exactly(stream: Any, size: int, path: Path) -> bytes:
    try:
        content = stream.read(size)
    except _DAMAGE as error:
        raise ValueError(f"{path} is damaged ({error}); fetch or copy it again.") from error
    if len(content) < size:
        raise ValueError(f"{path} is cut short; fetch or copy it again.")
    return content


def _check_shapes(path: Path, members: Sequence[tuple[_Member, _Member]]) -> None:
    if not members:
        raise ValueError(f"{path} has no windows; fetch or make it again.")
    first = members[0]
    for part in members:
        for member, other in zip(part, first, strict=True):
            shape: Any = member.shape
            if len(shape) != 5 or shape[2] != 2 or 0 in shape:
                raise ValueError(
                    f"{path}: {member.name} has the shape {shape}; it should be (windows, frames, 2, "
                    "rows, columns), inflow before outflow."
                )
            if shape[1:] != other.shape[1:] or shape[3:] != first[0].shape[3:]:
                raise ValueError(
                    f"{path}: {member.name} has the shape {shape}, which does not go with "
                    f"{first[0].name} {first[0].shape}; frames and grid must be the same throughout."
                )
        if part[0].shape[0] != part[1].shape[0]:
            raise ValueError(
                f"{path}: {part[0].name} has {part[0].shape[0]} windows, but {part[1].name} has "
                f"{part[1].shape[0]}; each history needs its horizon."
            )


def _check_range(path: Path, low: float, high: float) -> None:
    if not (-1 - _TOLERANCE <= low < 0 and high <= 1 + _TOLERANCE):
        raise ValueError(
            f"{path}: its values lie between {low:g} and {high:g}, but OpenSTL's file has them from "
            "-1 (no vehicle) to 1 (the greatest count); scale yours so."
        )
