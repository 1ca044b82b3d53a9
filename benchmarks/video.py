"""How fast each reader of video is, and how many times faster than a training takes windows.

    python -m benchmarks.video [--frames 120] [--things kth,kitti,…]

Draws clips in the size and container of each dataset, and measures

- files to store: the whole way to the memory-mapped store, statistics and hashes included, once, on all
  cores that dask takes, by the frames that the store has (of Caltech every third, of Human3.6M every
  fifth);
- window from the files: its frames found, decoded and brought to the network's size, one thread, as
  training does that reads clips;
- window from the store: the same window, as ours reads it;
- step: one window through the dataset's small network, forwards and backwards, in a batch of one. The
  published networks take windows far more slowly.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dask.config
import numpy as np
import torch
import xarray as xr
from rich.console import Console

from benchmarks.measuring import Row, Work, alternate, machine, show
from pipelines import find_pipeline
from pipelines.clips import ClipConfig
from pipelines.store import open_store, write_store
from pipelines.video.decoding import write_movie
from pipelines.video.hkl import write_hickle
from pipelines.video.pictures import write_picture
from pipelines.video.scenes import Scene, draw_scene
from pipelines.video.seq import write_seq
from pipelines.windows import WindowDataset, WindowSpec
from stforecast.allocator import keep_memory
from stforecast.experiment import Experiment, load_experiment
from stforecast.networks import network_of
from stforecast.presets import base_experiment

__all__ = ["THINGS", "rows"]

_FRAMES = 120
"""Of each drawn clip: enough for a window of every fifth frame, and of KTH's 30."""
_WINDOWS = 4
"""Read in a turn, at places of their own."""


@dataclass(frozen=True)
class Thing:
    """One reader and what it reads."""

    dataset: str
    size: tuple[int, int]
    """Of the files' frames."""
    brought: tuple[int, int]
    """To which size."""
    write: Callable[[Path, Iterator[np.ndarray]], None]


def write_avi(folder: Path, frames: Iterator[np.ndarray]) -> None:
    """A clip as KTH's are."""
    write_movie(folder / "person01_walking_d1_uncomp.avi", frames)


def write_png(folder: Path, frames: Iterator[np.ndarray]) -> None:
    """A drive as KITTI's are."""
    write_pictures(
        folder / "2011_09_26_drive_0001_sync" / "image_03" / "data", "{:010d}.png", frames
    )


def write_jpg(folder: Path, frames: Iterator[np.ndarray]) -> None:
    """A clip as Human3.6M's are."""
    write_pictures(folder / "images", "S1_Walking.54138969_{:06d}.jpg", frames)


def write_pictures(folder: Path, name: str, frames: Iterator[np.ndarray]) -> None:
    """Numbered pictures."""
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames, start=1):
        write_picture(folder / name.format(number), frame)


def write_caltech(folder: Path, frames: Iterator[np.ndarray]) -> None:
    """A clip as Caltech's are."""
    (folder / "set06").mkdir()
    write_seq(folder / "set06" / "V000.seq", frames)


def write_hkl(folder: Path, frames: Iterator[np.ndarray]) -> None:
    """A drive as PredNet's files have it."""
    values = np.stack(list(frames))
    write_hickle(folder / "X_train.hkl", values)
    write_hickle(folder / "sources_train.hkl", ["city-2011_09_26_drive_0001_sync"] * len(values))


def write_mp4(folder: Path, frames: Iterator[np.ndarray]) -> None:
    """A clip of one's own."""
    write_movie(folder / "clip.mp4", frames)


THINGS = {
    "kth": Thing("kth", (120, 160), (128, 128), write_avi),
    "kitti": Thing("kitticaltech", (375, 1242), (128, 160), write_png),
    "kitti hkl": Thing("kitticaltech", (128, 160), (128, 160), write_hkl),
    "caltech": Thing("kitticaltech", (480, 640), (128, 160), write_caltech),
    "human": Thing("human", (1002, 1000), (256, 256), write_jpg),
    "video": Thing("video", (360, 640), (128, 224), write_mp4),
}
"""What is read, by name."""


def rows(
    console: Console, *, things: list[str] | None = None, n_frames: int = _FRAMES
) -> list[Row]:
    """What was measured of each thing; all of `THINGS` unless named."""
    found = []
    for name in things or list(THINGS):
        with TemporaryDirectory(prefix="stforecast-video-") as folder, console.status(name):
            found += measure(name, Path(folder), n_frames)
    return found


def measure(name: str, folder: Path, n_frames: int) -> list[Row]:
    """The rows of one thing, whose clip is drawn into a folder."""
    thing, files, store = THINGS[name], folder / "files", folder / "store"
    files.mkdir()
    thing.write(files, draw_scene(Scene(thing.size, n_frames, things=6, pan=1.0), (0,)))
    series = series_of(thing, files)
    began = time.perf_counter()
    write_store(series, store)
    written = len(series) / (time.perf_counter() - began)
    timings = alternate(
        {
            "window from the files": partial(decoding, thing, files),
            "window from the store": partial(reading, thing, store),
            "step": partial(stepping, thing, store),
        },
        turns=3,
        warm_up=1,
    )
    from_files, from_store, step = (timing.median for timing in timings.values())
    from_files, from_store = from_files / _WINDOWS, from_store / _WINDOWS
    what = f"{name}, {thing.size[0]}×{thing.size[1]} to {thing.brought[0]}×{thing.brought[1]}"
    spec = spec_of(thing)
    return [
        Row(what, "files to store", written, "frames/s"),
        Row(
            what,
            "window from the files",
            1e3 * from_files,
            "ms",
            note=f"{spec.history} + {spec.horizon} frames",
        ),
        Row(
            what,
            "window from the store",
            1e3 * from_store,
            "ms",
            ratio=from_files / from_store,
            against="the files",
            note=f"{step / from_store:.0f}× what the step takes",
        ),
        Row(what, "step of the small network", 1e3 * step, "ms", note="a batch of one"),
    ]


def experiment_of(thing: Thing) -> Experiment:
    """The dataset's small preset."""
    return load_experiment(base=base_experiment(thing.dataset, preset="small"))


def spec_of(thing: Thing) -> WindowSpec:
    """The window of the dataset's preset."""
    experiment = experiment_of(thing)
    return WindowSpec(experiment.history, experiment.horizon)


def series_of(thing: Thing, place: Path) -> xr.DataArray:
    """The lazy series of a clip."""
    own: dict[str, Any] = {"clips": ClipConfig(size=thing.brought)}
    return find_pipeline(thing.dataset).open_series(place, **own)


def starts_of(n_frames: int, spec: WindowSpec) -> np.ndarray:
    """Where the windows of a turn begin."""
    return np.random.default_rng(0).integers(n_frames - spec.length + 1, size=_WINDOWS)


def decoding(thing: Thing, files: Path) -> Work:
    """Reads the windows of a turn from the clip, as float32."""
    series, spec = series_of(thing, files), spec_of(thing)

    def read() -> None:
        with dask.config.set(scheduler="synchronous"):
            for start in starts_of(len(series), spec):
                series[start : start + spec.length].values.astype("float32")

    return read


def reading(thing: Thing, store: Path) -> Work:
    """Reads the windows of a turn from the store, as float32."""
    frames, spec = open_store(store).data, spec_of(thing)
    windows = WindowDataset(frames, starts_of(len(frames), spec), spec)

    def read() -> None:
        for number in range(_WINDOWS):
            windows.__getitems__([number])

    return read


def stepping(thing: Thing, store: Path) -> Work:
    """Takes a window through a small network, forwards and backwards."""
    keep_memory()
    experiment, frames = experiment_of(thing), open_store(store).data
    windows = WindowDataset(frames, np.zeros(1, dtype="int64"), spec_of(thing))
    batch = windows.__getitems__([0])
    history, target = batch.history / 255, batch.target / 255
    height, width = frames.shape[2:]
    network = network_of(experiment, n_channels=frames.shape[1], shape=(height, width))

    def step() -> float:
        loss = torch.nn.functional.mse_loss(network(history), target)
        loss.backward()
        return loss.item()

    return step


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--frames", type=int, default=_FRAMES)
    parser.add_argument("--things", default=",".join(THINGS), help="of these, separated by commas")
    options = parser.parse_args()
    console = Console()
    told = rows(console, things=options.things.split(","), n_frames=options.frames)
    show(f"Video ({machine()})", told, console=console)


if __name__ == "__main__":
    main()
