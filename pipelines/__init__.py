"""Raw files to labelled series: one file a dataset, then the steps that all of them share.

    files → pipelines.<dataset> → series (time, channel, y, x) → split → normaliser → windows

Nothing here knows networks or forecasts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import xarray as xr

__all__ = ["PIPELINES", "MakeFrames", "OpenSeries", "Pipeline", "find_pipeline"]


@runtime_checkable
class OpenSeries(Protocol):
    """Opens raw files as a lazy series."""

    def __call__(
        self,
        path: Path,
        *,
        variables: Sequence[str] | None = None,
        time_step: np.timedelta64 | None = None,
    ) -> xr.DataArray:
        """The series of the wanted variables at the wanted step; frames are read when asked for.

        Where channels come apart, it takes `missing` too: "drop" leaves out a time that one of them
        lacks, "mask" keeps it. Of video it takes `clips`, a `ClipConfig`, and no
        `time_step`.
        """
        ...


@runtime_checkable
class MakeFrames(Protocol):
    """Makes the frames of training windows by number, without end: each number is another window."""

    def __call__(
        self, series: xr.DataArray, *, length: int, seed: int
    ) -> Callable[[int], np.ndarray]:
        """A function that makes the frames (length, channel, y, x) of a window.

        Args:
            series: what the data were opened as; its attributes say where the material lies.
            length: frames of a window.
            seed: of all windows; the same seed and number give the same window.
        """
        ...


@dataclass(frozen=True)
class Pipeline:
    """What a dataset brings along."""

    name: str
    """As in `stforecast train NAME`."""
    summary: str
    """One line: what it reads."""
    opener: str
    """module:function of its `OpenSeries`; imported when used."""
    sampler: str
    """module:function that writes the synthetic sample in the dataset's own raw format."""
    has_sums: bool = False
    """Whether values are counts over a time step: then a longer one cannot be had by leaving out."""
    channels_apart: bool = False
    """Whether a time may lack some of the channels, as where each variable has its own files."""
    is_video: bool = False
    """Whether its series are clips (`pipelines.clips`); its opener then takes `clips: ClipConfig`."""
    maker: str = ""
    """module:function of its `MakeFrames`, where training windows are made on the fly."""

    @property
    def open_series(self) -> OpenSeries:
        """Opens raw files as a lazy series."""
        return _load(self.opener)

    @property
    def make_frames(self) -> MakeFrames | None:
        """Makes training windows on the fly; None where they are cut from the series."""
        return _load(self.maker) if self.maker else None

    @property
    def write_sample(self) -> Callable[..., list[Path]]:
        """Writes the synthetic sample."""
        return _load(self.sampler)


PIPELINES: dict[str, Pipeline] = {
    "weatherbench": Pipeline(
        name="weatherbench",
        summary="ERA5 and other reanalysis: WeatherBench 1 and 2, Zarr, CF NetCDF, GRIB",
        opener="pipelines.weatherbench:open_weatherbench",
        sampler="pipelines.weatherbench_sample:write_weatherbench_sample",
        channels_apart=True,
    ),
    "taxibj": Pipeline(
        name="taxibj",
        summary="city traffic on a grid: TaxiBJ and files in its format, OpenSTL's dataset.npz",
        opener="pipelines.taxibj:open_taxibj",
        sampler="pipelines.taxibj_sample:write_taxibj_sample",
        has_sums=True,
    ),
    **{
        name: Pipeline(
            name=name,
            summary=summary,
            opener=f"pipelines.video.{module}:open_{name}",
            sampler=f"pipelines.video.{module}_sample:write_{name}_sample",
            is_video=True,
            maker="pipelines.video.moving_mnist:make_moving_frames" if made else "",
        )
        for name, module, summary, made in (
            ("mmnist", "moving_mnist", "Moving MNIST, made from the digits' idx files", True),
            ("mfmnist", "moving_mnist", "Moving Fashion-MNIST, made from its idx files", True),
            ("kth", "kth", "KTH Action: .avi clips or folders of frames", False),
            (
                "kitticaltech",
                "kitticaltech",
                "KITTI drives to train, Caltech Pedestrian to test",
                False,
            ),
            ("human", "human", "Human3.6M: folders of frames or clips", False),
            ("video", "own_video", "any folder of clips or of frames", False),
        )
    },
}


def find_pipeline(dataset: str) -> Pipeline:
    """The pipeline of a dataset.

    Raises:
        ValueError: no dataset has that name; the known ones are listed.
    """
    if dataset not in PIPELINES:
        raise ValueError(f"dataset {dataset!r} is unknown; known: {', '.join(PIPELINES)}.")
    return PIPELINES[dataset]


def _load(place: str) -> Callable:
    module, _, function = place.partition(":")
    return getattr(import_module(module), function)
