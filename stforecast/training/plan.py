"""The plan of a training: an experiment with everything about its data resolved."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr

from pipelines import find_pipeline
from pipelines.clips import window_stride_of
from pipelines.grid import Grid
from pipelines.inputs import Inputs, fit_inputs, resolve_inputs
from pipelines.places import PlaceConfig
from pipelines.presence import values_present
from pipelines.series import name_step, parse_step, time_step_of
from pipelines.split import SPLITS, SplitConfig, resolve_split
from pipelines.store import fingerprint_of
from pipelines.windows import FreshWindows, WindowDataset, WindowSpec, window_starts
from stforecast.experiment import Experiment
from stforecast.verification.weights import cell_area_weights

__all__ = ["Plan", "first_and_last", "make_plan"]


@dataclass(frozen=True)
class Plan:
    """An experiment with everything about its data resolved."""

    experiment: Experiment
    frames: np.ndarray
    times: np.ndarray
    time_step: np.timedelta64
    split: dict[str, range]
    spec: WindowSpec
    starts: dict[str, np.ndarray]
    fingerprint: str
    row_weights: torch.Tensor | None
    extra: Inputs
    inputs: np.ndarray
    """Numbers of each frame that the extra inputs are made of, (time, number)."""
    n_channels: int
    make_frames: Callable[[int], np.ndarray] | None = None
    """Makes the frames of a training window by its number, where none is cut from the series."""

    def windows(self, split: str) -> WindowDataset | FreshWindows:
        """The windows of a split; those of training may be made on the fly."""
        if split == "train" and self.make_frames is not None:
            n_windows = self.experiment.training.windows_per_epoch
            return FreshWindows(self.make_frames, self.spec, n_windows=n_windows)
        return WindowDataset(self.frames, self.starts[split], self.spec, inputs=self.inputs)


def make_plan(experiment: Experiment, series: xr.DataArray) -> Plan:
    """What will be trained on what: splits, windows and the resolved experiment."""
    times = series["time"].values.astype("datetime64[ns]")
    step = time_step_of(times) if experiment.time_step is None else parse_step(experiment.time_step)
    config = experiment.training
    if experiment.split.protocol == "stresnet" and series.attrs.get("clock") == "artificial":
        raise ValueError(
            "split.protocol = 'stresnet' needs time stamps, but these data have none; leave it out, or "
            "train on the original files."
        )
    spec = WindowSpec(experiment.history, experiment.horizon)
    split = resolve_split(
        times,
        experiment.split,
        window_steps=spec.length,
        time_step=step,
        parts=series["part"].values if "part" in series.coords else None,
    )
    present = values_present(series) if experiment.missing == "mask" else None
    stride = window_stride_of(series)
    starts = {
        name: window_starts(
            times, spec, time_step=step, within=split[name], present=present, stride=stride
        )
        for name in SPLITS
    }
    starts["train"] = starts["train"][:: config.window_stride]
    # Fractions would name other frames when the data grow: the run keeps the times themselves.
    named = {name: first_and_last(times, split[name]) for name in SPLITS}
    resolved = experiment.model_copy(
        update={
            "variables": tuple(map(str, series["channel"].values)),
            "time_step": name_step(step),
            "split": SplitConfig(**named, gap=experiment.split.gap),
            "inputs": resolve_inputs(experiment.inputs, series),
            "place": _resolve_place(experiment.place, series),
        }
    )
    trained = series[split["train"].start : split["train"].stop]
    extra = fit_inputs(resolved.inputs, trained, ahead=experiment.horizon * step, step=step)
    if experiment.network.options().get("circular_longitude") and not _is_circular(series):
        raise ValueError(
            "network.circular_longitude wraps the last column around to the first, but the data "
            "do not go around the globe; leave it out."
        )
    row_weights = None
    if config.area_weights:
        if "latitude" not in series.coords:
            raise ValueError(
                "training.area_weights needs latitudes, but the data have none; leave it out."
            )
        row_weights = torch.tensor(
            cell_area_weights(series["latitude"].values), dtype=torch.float32
        )
    return Plan(
        experiment=resolved,
        frames=series.data if series.chunks is None else series.values,
        times=times,
        time_step=step,
        split=split,
        spec=spec,
        starts=starts,
        fingerprint=fingerprint_of(series),
        row_weights=row_weights,
        extra=extra,
        inputs=extra.of_frames(series),
        n_channels=series.sizes["channel"],
        make_frames=_maker_of(experiment, series, spec),
    )


def _maker_of(
    experiment: Experiment, series: xr.DataArray, spec: WindowSpec
) -> Callable[[int], np.ndarray] | None:
    make = find_pipeline(experiment.dataset).make_frames
    if make is None:
        return None
    return make(series, length=spec.length, seed=experiment.seed)


def _is_circular(series: xr.DataArray) -> bool:
    if "latitude" not in series.coords:
        return False
    return Grid(series["latitude"].values, series["longitude"].values).circular


def _resolve_place(config: PlaceConfig, series: xr.DataArray) -> PlaceConfig:
    """The place with the name that the data files tell: files of later days may be named otherwise.

    Raises:
        ValueError: the data cannot lie there, or have another time zone than is named.
    """
    told, zone = series.attrs.get("place"), series.attrs.get("time_zone", "unknown")
    if series.attrs.get("clock") == "artificial":
        zone = "none"
    if config.time_zone is not None and zone not in ("unknown", config.time_zone):
        raise ValueError(
            f"place.time_zone = {config.time_zone!r}, but the time zone of these data is {zone}; leave "
            "it out."
        )
    place = config.find(told)
    if place is not None:
        place.check(series)
    if told is None or config.preset is not None or config.extent is not None:
        return config
    return config.model_copy(update={"preset": told})


def first_and_last(times: np.ndarray, frames: range) -> str:
    """The times of a range of frames, as the experiment writes them: "first/last"."""
    first, last = np.datetime_as_string(times[[frames.start, frames.stop - 1]], unit="m")
    return f"{first}/{last}"
