"""How many frames a second each reader of video gives, and what share of a training step a window is.

    python benchmarks/video.py [--frames 300] [--folder /tmp/stforecast-video] [--things kth,kitti,…]

Draws clips in the size and container of each dataset, and measures on all cores that dask takes:

- `decode`: frames as the files have them, in order, one thread;
- `bring`: the same, brought to the size of the published network;
- `store`: the whole way from the files to the memory-mapped store, statistics and hashes included, by
  the frames that the store has (of Caltech every third, of Human3.6M every fifth);
- `window`: one window of the dataset's preset read from that store, as float32;
- `step`: one window through the preset's network, forwards and backwards (a batch of one).

The store is written once for a dataset; a training reads windows alone.
"""

import argparse
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from pipelines import find_pipeline
from pipelines.clips import ClipConfig
from pipelines.store import open_store, write_store
from pipelines.video.containers import find_footage
from pipelines.video.decoding import write_movie
from pipelines.video.driving import find_drives
from pipelines.video.frame_file import FrameFile
from pipelines.video.hkl import write_hickle
from pipelines.video.pictures import write_picture
from pipelines.video.resizing import FrameRule
from pipelines.video.scenes import Scene, draw_scene
from pipelines.video.seq import write_seq
from pipelines.windows import WindowDataset, WindowSpec
from stforecast.experiment import load_experiment
from stforecast.networks import network_of
from stforecast.presets import base_experiment


@dataclass(frozen=True)
class Thing:
    """One reader and what it reads."""

    dataset: str
    size: tuple[int, int]
    """Of the files' frames."""
    rule: FrameRule
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


CROP = FrameRule((128, 160), "rgb", fit="crop")
THINGS = {
    "kth": Thing("kth", (120, 160), FrameRule((128, 128), "grey", resize="bilinear"), write_avi),
    "kitti": Thing("kitticaltech", (375, 1242), CROP, write_png),
    "kitti hkl": Thing("kitticaltech", (128, 160), CROP, write_hkl),
    "caltech": Thing("kitticaltech", (480, 640), CROP, write_caltech),
    "human": Thing(
        "human", (1002, 1000), FrameRule((256, 256), "rgb", resize="bilinear"), write_jpg
    ),
    "video": Thing("video", (360, 640), FrameRule((128, 224), "rgb"), write_mp4),
}


def rate(count: int, work: Callable[[], object]) -> float:
    """How many a second."""
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def measure(thing: Thing, folder: Path, n_frames: int) -> list[str]:
    """The cells of a row."""
    thing.write(folder, draw_scene(Scene(thing.size, n_frames, things=6, pan=1.0), (0,)))
    file: FrameFile
    if (folder / "X_train.hkl").exists():
        file = find_drives(folder)[0][0].file
    else:
        file = find_footage(folder)[0].file
    numbers = np.arange(n_frames)
    decode = rate(n_frames, lambda: [None for _ in file.frames(numbers)])
    bring = rate(n_frames, lambda: [thing.rule.bring(one, "") for one in file.frames(numbers)])
    own: dict[str, Any] = {"clips": ClipConfig(size=thing.rule.size)}
    series = find_pipeline(thing.dataset).open_series(folder, **own)
    store = rate(len(series), lambda: write_store(series, folder / "store"))
    frames = open_store(folder / "store").data
    experiment = load_experiment(base=base_experiment(thing.dataset))
    spec = WindowSpec(experiment.history, experiment.horizon)
    starts = np.arange(max(len(frames) - spec.length, 1))
    windows = WindowDataset(frames, starts, spec)
    drawn = np.random.default_rng(0).choice(starts, 20)
    window = 1 / rate(20, lambda: [windows.__getitems__([int(one)]) for one in drawn])
    network = network_of(experiment, n_channels=frames.shape[1], shape=frames.shape[2:])
    batch = windows.__getitems__([0])
    history, target = batch.history / 255, batch.target / 255

    def step() -> None:
        loss = torch.nn.functional.mse_loss(network(history), target)
        loss.backward()

    step()
    seconds = 1 / rate(1, step)
    return [
        f"{thing.size[0]}×{thing.size[1]}",
        *(f"{value:.0f}" for value in (decode, bring, store)),
        f"{1e3 * window:.2f} ms",
        f"{seconds:.2f} s",
        f"{100 * window / seconds:.2f} %",
    ]


def main() -> None:
    """Draw, measure, print a table, clean up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/stforecast-video"))
    parser.add_argument("--things", default=",".join(THINGS), help="of these, separated by commas")
    options = parser.parse_args()
    console = Console(width=110, soft_wrap=True)
    load = os.getloadavg()[0]
    told = f"{os.cpu_count()} cores, {torch.get_num_threads()} threads of torch, load {load:.1f}"
    table = Table(title=f"frames a second ({told})")
    for heading in ("", "files", "decode", "bring", "store", "window", "step", "share"):
        table.add_column(heading, justify="right")
    for name in options.things.split(","):
        options.folder.mkdir(parents=True, exist_ok=False)
        try:
            table.add_row(name, *measure(THINGS[name], options.folder, options.frames))
        finally:
            shutil.rmtree(options.folder)
    console.print(table)


if __name__ == "__main__":
    main()
