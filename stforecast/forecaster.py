"""The forecaster: a trained network with all it needs to forecast."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr

from models.network import Network
from pipelines.grid import Grid, difference_of
from pipelines.inputs import Inputs
from pipelines.normalise import Normaliser
from pipelines.series import Channel, channels_of, name_step, names, parse_step, select_channels
from stforecast.engine import Engine, choose_engine, settle_engine
from stforecast.experiment import Experiment, as_tree, load_experiment
from stforecast.forecast import make_forecast
from stforecast.forecaster_file import (
    SCHEMA_VERSION,
    forecaster_file,
    read_facts,
    read_tensors,
    write_tensors,
)
from stforecast.history import history_frames
from stforecast.networks import network_of
from stforecast.onnx_engine import Subject, make_engine
from stforecast.rollout import rollout

__all__ = ["Forecaster", "load_forecaster", "read_facts"]

_BATCH_BYTES = 256 * 2**20
_SURFACE = "surface/"
_EMPTY = "empty_cells"
"""Names of tensors that are no weights; those of a network have no slash and a dot."""
_HEADER = (
    "experiment",
    "channels",
    "normaliser",
    "time_step",
    "shape",
    "grid",
    "inputs",
    "empty_cells",
)
"""What it takes to make a forecaster of a file."""


@dataclass(frozen=True)
class Forecaster:
    """A network with its normaliser, channels and grid: forecasts from a series of physical values."""

    network: Network
    """Takes and gives normalised frames."""
    experiment: Experiment
    """What it was trained by, resolved."""
    channels: tuple[Channel, ...]
    """What it takes and gives, in this order."""
    normaliser: Normaliser
    """Fitted on the training split."""
    time_step: np.timedelta64
    """Between frames."""
    shape: tuple[int, int]
    """Rows and columns of the grid."""
    grid: Grid | None = None
    """Latitudes and longitudes; None without a geography."""
    inputs: Inputs = field(default_factory=Inputs)
    """Extra inputs that the network takes beside the channels."""
    empty: np.ndarray | None = None
    """Cells that held no value in the whole training split, such as the sea in data over land, (channel,
    y, x): nothing is forecast there."""
    engine: Engine | None = None
    """What computes the network, as `optimise` chose it; the network itself if None."""
    file: Path | None = None
    """Where it was read from; its export is kept beside."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """How it came about: split times, parameters, versions, fingerprint of the data, losses."""

    @property
    def name(self) -> str:
        """As it stands in tables, figures and files."""
        return self.experiment.network.name

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        return next(self.network.parameters()).device

    def to(self, device: str | torch.device) -> "Forecaster":
        """The same forecaster on another device."""
        return replace(self, network=self.network.to(device), engine=None)

    def optimise(
        self,
        *,
        engine: str = "auto",
        precision: str = "float32",
        progress: Callable[[str], None] = lambda text: None,
    ) -> "Forecaster":
        """The same forecaster, computed by the fastest engine there is.

        In float32 all engines agree to 1e-5 of a standard deviation (RMS). On a CPU, depthwise
        convolutions of the network are replaced, in place, by quicker ones with the same values.

        Args:
            engine: "auto": ONNX Runtime on a CPU where an export is kept beside the forecaster's file
                and was faster than torch, else torch; "onnx": exported first if it is not yet; "torch".
            precision: "float32", or on a GPU "bfloat16" or "float16", which are faster and further off;
                the engine's `reason` says how far.
            progress: told what takes its time, and what did not work.

        Raises:
            ValueError: a name is unknown, a lower precision overflows, or ONNX Runtime is asked for and
                cannot compute the network.
        """
        chosen = choose_engine(
            self._subject(), engine=engine, precision=precision, progress=progress
        )
        return replace(self, engine=chosen)

    def settle_engine(self, engine: str) -> str:
        """Whether `optimise` would take "onnx" or "torch"; nothing is exported or opened."""
        return settle_engine(self._subject(), engine=engine)[0]

    def export(self, *, progress: Callable[[str], None] = lambda text: None) -> None:
        """Export the network for ONNX Runtime, beside the forecaster's file.

        Raises:
            ValueError: the network cannot be exported.
        """
        make_engine(self._subject(), progress=progress)

    def _subject(self) -> Subject:
        tree = as_tree(self.experiment)
        kind = {key: tree.get(key) for key in ("network", "history", "horizon", "target")}
        return Subject(
            network=self.network.eval(),
            window=(
                self.experiment.history,
                len(self.channels) + self.inputs.n_planes,
                *self.shape,
            ),
            kind=json.dumps(kind, sort_keys=True),
            file=None if self.file is None else self.file.with_suffix(".onnx"),
        )

    def unclipped(self) -> "Forecaster":
        """The same forecaster, whose forecasts keep values that cannot exist."""
        free = {"valid_min": -np.inf, "valid_max": np.inf}
        return replace(self, channels=tuple(replace(one, **free) for one in self.channels))

    def forecast(
        self, series: xr.DataArray, *, init_times: Sequence[Any] | np.ndarray, steps: int
    ) -> xr.DataArray:
        """The forecast (init_time, lead_time, channel, y, x) in physical units.

        Missing values of a history enter as the training mean, as in training. Values that cannot
        exist (cloud cover above 1, rain or traffic below 0) are clipped. Cells that never held a value
        in training are NaN.

        Raises:
            ValueError: the series lacks a channel or a frame, or lies on another grid.
        """
        if steps < 1:
            raise ValueError(f"steps must be at least 1, but it is {steps}.")
        series = self.select(series)
        times = np.asarray(init_times, dtype="datetime64[ns]")
        frame_bytes = 4 * len(self.channels) * self.shape[0] * self.shape[1]
        window_bytes = frame_bytes * (self.experiment.history + self.experiment.horizon)
        batch = int(np.clip(_BATCH_BYTES // (8 * window_bytes), 1, 16))
        offsets = np.arange(1 - self.experiment.history, steps + 1) * self.time_step
        empty = np.zeros((1, 1, 1), dtype=bool) if self.empty is None else self.empty
        filled = 0
        frames = np.empty((len(times), steps, len(self.channels), *self.shape), dtype="float32")
        for start in range(0, len(times), batch):
            chosen = times[start : start + batch]
            history = history_frames(
                series,
                chosen,
                history=self.experiment.history,
                time_step=self.time_step,
            )
            extra = self.inputs.of_windows(series, chosen, offsets=offsets)
            made = self._forecast_frames(history, extra, steps)
            missing = np.isnan(history)
            for index, gone in enumerate(missing):
                if gone.all(axis=(0, 2, 3)).any():
                    made[index] = np.nan
            filled += int((missing & ~empty).sum())
            frames[start : start + batch] = made
        forecast = make_forecast(
            frames, init_times=times, time_step=self.time_step, like=series, forecaster=self.name
        )
        if filled:
            forecast.attrs["filled"] = f"{filled} missing values in the histories"
        return forecast

    def _forecast_frames(self, history: np.ndarray, extra: np.ndarray, steps: int) -> np.ndarray:
        was_training = self.network.training
        self.network.eval()
        try:
            with torch.inference_mode():
                known = torch.from_numpy(history).to(self.device)
                blocks = rollout(
                    self.engine or self.network,
                    self.normaliser.normalise_history(known),
                    steps=steps,
                    inputs=torch.from_numpy(extra).to(self.device),
                    planes=self.inputs.planes().to(self.device),
                    present=~torch.isnan(known),
                    empty=self._empty_on(self.device),
                    clip=self._clip,
                )
                frames = self.normaliser.denormalise(torch.cat(list(blocks), dim=1).float())
        finally:
            self.network.train(was_training)
        # Once more: denormalising may round a hair below 0.
        made = np.clip(frames.cpu().numpy(), *(bounds.numpy() for bounds in self._bounds("cpu")))
        return made if self.empty is None else np.where(self.empty, np.float32("nan"), made)

    def _clip(self, frames: torch.Tensor) -> torch.Tensor:
        """Normalised frames without values that cannot exist, and as usual where none ever does."""
        lowest, highest = map(self.normaliser.normalise, self._bounds(frames.device))
        clipped = torch.clamp(frames, lowest.to(frames.dtype), highest.to(frames.dtype))
        empty = self._empty_on(frames.device)
        if empty is None:
            return clipped
        usual = self.normaliser.normalise_history(torch.full_like(clipped[:1, :1], torch.nan))
        return torch.where(empty, usual, clipped)

    def _empty_on(self, device: str | torch.device) -> torch.Tensor | None:
        return None if self.empty is None else torch.from_numpy(self.empty).to(device)

    def _bounds(self, device: str | torch.device) -> list[torch.Tensor]:
        """Least and greatest value that can exist, (C, 1, 1), in the channels' units."""
        sides = [[getattr(c, side) for c in self.channels] for side in ("valid_min", "valid_max")]
        return [torch.tensor(values, device=device)[:, None, None] for values in sides]

    def select(self, series: xr.DataArray) -> xr.DataArray:
        """The forecaster's own channels of a series, in its order.

        Raises:
            ValueError: a channel is absent or has other units, or the grid is another one.
        """
        have = {channel.name: channel for channel in channels_of(series)}
        missing = [channel.name for channel in self.channels if channel.name not in have]
        if missing:
            raise ValueError(
                f"The data lack {names(missing)}; this forecaster needs "
                f"{names(channel.name for channel in self.channels)}, and the data have "
                f"{names(have)}."
            )
        for channel in self.channels:
            if have[channel.name].units != channel.units:
                raise ValueError(
                    f"{channel.name} is in {have[channel.name].units!r}, but this forecaster was "
                    f"trained in {channel.units!r}; convert the data."
                )
        self._check_grid(series)
        self.inputs.check(series)
        return select_channels(series, [channel.name for channel in self.channels])

    def _check_grid(self, series: xr.DataArray) -> None:
        shape = (series.sizes["y"], series.sizes["x"])
        if shape != self.shape:
            raise ValueError(
                f"The data have a grid of {shape[0]}×{shape[1]}, but this forecaster was trained on "
                f"{self.shape[0]}×{self.shape[1]}; regrid the data to its grid."
            )
        if self.grid is not None:
            if "latitude" not in series.coords:
                raise ValueError("The data have no latitude and longitude; give them the grid's.")
            difference = difference_of(
                Grid(series["latitude"].values, series["longitude"].values), self.grid
            )
            if difference:
                raise ValueError(
                    f"The data lie on another grid than this forecaster's: {difference}."
                )

    def save(self, path: Path) -> None:
        """Write weights and everything else to one file that needs nothing else, never pickled."""
        tensors = dict(self.network.state_dict())
        for name, plane in self.inputs.surface.items():
            tensors[_SURFACE + name] = torch.from_numpy(plane)
        if self.empty is not None:
            tensors[_EMPTY] = torch.from_numpy(self.empty)
        write_tensors(path, tensors, self.header())

    def header(self) -> dict[str, Any]:
        """All but the weights, as JSON holds it."""
        channels = [
            {key: value for key, value in asdict(channel).items() if value not in (None, "")}
            for channel in self.channels
        ]
        for channel in channels:  # JSON has no infinity: an open side is left out
            for side in ("valid_min", "valid_max"):
                if not np.isfinite(channel[side]):
                    del channel[side]
        grid = None
        if self.grid is not None:
            grid = {
                "latitude": self.grid.latitude.tolist(),
                "longitude": self.grid.longitude.tolist(),
            }
        return {
            "schema_version": SCHEMA_VERSION,
            "experiment": as_tree(self.experiment),
            "channels": channels,
            "normaliser": asdict(self.normaliser),
            "time_step": name_step(self.time_step),
            "shape": list(self.shape),
            "grid": grid,
            "inputs": {
                "holidays": list(self.inputs.holidays),
                "mean": dict(self.inputs.mean),
                "deviation": dict(self.inputs.deviation),
                "surface": sorted(self.inputs.surface),
            },
            "empty_cells": 0 if self.empty is None else int(self.empty.sum()),
            **self.facts,
        }


def load_forecaster(path: str | Path, *, device: str = "cpu") -> Forecaster:
    """The forecaster of a run folder or a `forecaster.safetensors`.

    Raises:
        ValueError: there is none, it is damaged, or a newer version wrote it.
    """
    header = read_facts(path)
    lacking = [key for key in _HEADER if key not in header]
    if lacking:
        raise ValueError(
            f"{path} was written by another version of stforecast: its header lacks "
            f"{names(lacking)}. Train it again with this one."
        )
    tensors = read_tensors(path)
    experiment = load_experiment(base=header.pop("experiment"))
    channels = tuple(Channel(**channel) for channel in header.pop("channels"))
    shape = header.pop("shape")
    time_step = parse_step(header.pop("time_step"))
    stored = header.pop("grid")
    grid = None
    if stored is not None:
        grid = Grid(np.array(stored["latitude"]), np.array(stored["longitude"]))
    extra = header.pop("inputs")
    inputs = Inputs(
        names=experiment.inputs,
        ahead=experiment.horizon * time_step,
        step=time_step,
        n_channels=len(channels),
        grid=grid,
        surface={name: tensors.pop(_SURFACE + name).numpy() for name in extra["surface"]},
        holidays=tuple(extra["holidays"]),
        mean=extra["mean"],
        deviation=extra["deviation"],
    )
    empty = tensors.pop(_EMPTY).numpy() if header.pop("empty_cells") else None
    network = network_of(
        experiment,
        n_channels=len(channels),
        shape=(shape[0], shape[1]),
        n_inputs=inputs.n_planes,
    )
    network.load_state_dict(tensors)
    normaliser = header.pop("normaliser")
    return Forecaster(
        network=network.eval().to(device),
        experiment=experiment,
        channels=channels,
        normaliser=Normaliser(
            tuple(normaliser["offset"]),
            tuple(normaliser["scale"]),
            normaliser["method"],
            tuple(normaliser.get("mean", ())),
        ),
        time_step=time_step,
        shape=(shape[0], shape[1]),
        grid=grid,
        inputs=inputs,
        empty=empty,
        file=forecaster_file(path),
        facts={key: value for key, value in header.items() if key != "schema_version"},
    )
