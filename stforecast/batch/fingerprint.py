"""Fingerprints: by what a forecast was made, so that finished work is known again."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.store import beside_frames
from stforecast.batch.job import Job

__all__ = [
    "FrameFacts",
    "file_fingerprint",
    "frame_facts",
    "input_fingerprint",
    "join_fingerprints",
    "label_digest",
    "settings_fingerprint",
]

_BLOCK_BYTES = 64 * 2**20


@dataclass(frozen=True, eq=False)
class FrameFacts:
    """What the gate and the fingerprint need to know of a frame; its values are let go."""

    digest: bytes
    """Of its values, and of what stands beside it."""
    missing: int
    """Values that are NaN."""
    infinite: int
    """Values that are infinite."""
    seen: np.ndarray
    """For each channel, whether it has a value at all."""


def frame_facts(
    series: xr.DataArray,
    wanted: np.ndarray,
    *,
    empty: np.ndarray | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[np.datetime64, FrameFacts]:
    """The facts of those wanted frames that a series has; each is read once, a block at a time.

    Args:
        series: (time, channel, y, x), the forecaster's channels alone.
        wanted: times, in order, each once.
        empty: cells (channel, y, x) that never hold a value, which therefore is not missing there.
        progress: called with the frames read, and all.
    """
    times = series["time"].values.astype("datetime64[ns]")
    rows, stamps = np.flatnonzero(np.isin(times, wanted)), times.astype("int64")
    beside = {name: series[name].values for name in beside_frames(series)}
    frame_bytes = 4 * int(np.prod(series.shape[1:]))
    block = max(_BLOCK_BYTES // max(frame_bytes, 1), 1)
    facts: dict[np.datetime64, FrameFacts] = {}
    for start in range(0, len(rows), block):
        chosen = rows[start : start + block]
        frames = np.asarray(series.isel(time=chosen).values, dtype="float32")
        for row, frame in zip(chosen, frames, strict=True):
            extra = [f"{name}={values[row]!r}" for name, values in beside.items()]
            facts[np.datetime64(int(stamps[row]), "ns")] = _facts_of(
                frame, "\n".join(extra), empty=empty
            )
        progress(start + len(chosen), len(rows))
    return facts


def _facts_of(frame: np.ndarray, beside: str, *, empty: np.ndarray | None) -> FrameFacts:
    missing = np.isnan(frame)
    digest = hashlib.blake2b(digest_size=16)
    # One NaN for all: their bits differ from reader to reader.
    digest.update(np.where(missing, np.float32(np.nan), frame).tobytes())
    digest.update(beside.encode())
    return FrameFacts(
        digest=digest.digest(),
        missing=int((missing if empty is None else missing & ~empty).sum()),
        infinite=int(np.isinf(frame).sum()),
        seen=np.asarray(~missing.all(axis=(1, 2))),
    )


def label_digest(series: xr.DataArray) -> bytes:
    """Of what all frames of a series share: channels, units, grid, holidays."""
    digest = hashlib.blake2b(digest_size=16)
    for name in ("channel", "units"):
        digest.update("\0".join(map(str, series[name].values)).encode())
    for name in ("latitude", "longitude"):
        if name in series.coords:
            digest.update(np.asarray(series[name].values, dtype="float64").tobytes())
    for name in ("holidays", "time_zone", "place"):
        digest.update(f"{name}={series.attrs.get(name, '')}".encode())
    return digest.digest()


def input_fingerprint(init_time: str, frames: Sequence[FrameFacts], *, labels: bytes) -> str:
    """Of a whole history: its frames in order of time, and their labels."""
    digest = hashlib.blake2b(init_time.encode(), digest_size=16)
    digest.update(labels)
    for frame in frames:
        digest.update(frame.digest)
    return digest.hexdigest()


def file_fingerprint(run: str | Path) -> str:
    """Of the bytes of a forecaster, weights and header.

    Raises:
        ValueError: there is none.
    """
    file = Path(run)
    file = file / "forecaster.safetensors" if file.is_dir() else file
    if not file.is_file():
        raise ValueError(f"run {run} holds no forecaster.safetensors; name a run folder.")
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def settings_fingerprint(job: Job, *, steps: int, engine: str) -> str:
    """Of everything in a job file that may change what is written, and of our own version.

    The number of workers, and what else is due, change no value. The number of threads does, in the last
    digits, and so does the engine ("onnx" or "torch"): sums are formed in another order.
    """
    settings = {
        "version": version("stforecast"),
        "steps": steps,
        "batch_size": job.batch_size,
        "threads": job.threads,
        "device": job.device,
        "engine": engine,
        "outputs": [[output.spec.path, output.spec.layout] for output in job.output],
    }
    return hashlib.blake2b(json.dumps(settings).encode(), digest_size=16).hexdigest()


def join_fingerprints(*parts: str) -> str:
    """One fingerprint of several."""
    return hashlib.blake2b(" ".join(parts).encode(), digest_size=16).hexdigest()
