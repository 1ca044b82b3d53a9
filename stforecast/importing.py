"""A published checkpoint of OpenSTL as a run that forecasts.

    file → weights → network of the preset, with the data's channels and grid → run

OpenSTL's checkpoints hold weights alone. Channels, grid, time step and statistics come from data: the
normaliser is fitted on the training split, as it was there.
"""

import hashlib
import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import xarray as xr
from torch import Tensor

from models.network import Network
from models.openstl import reference_options, rename_openstl_keys
from models.presets import PRESETS, Preset
from pipelines.series import names
from stforecast.experiment import Experiment, load_experiment
from stforecast.presets import base_experiment
from stforecast.run import Run
from stforecast.training.plan import make_plan
from stforecast.training.train import (
    build_planned,
    check_place,
    claim,
    describe,
    leave_baselines,
)

__all__ = ["import_run", "imported_experiment", "read_weights"]

_WAYS_TO_BEGIN = (b"PK", b"\x80")
"""First bytes of what `torch.save` writes: a zip file or, long ago, a pickle."""
_SHOWN = 3
"""Weights named in a message."""


def imported_experiment(preset: str, *, settings: Sequence[str] = ()) -> Experiment:
    """The experiment of a preset's weights: its options as in OpenSTL, its variables and time step.

    Args:
        preset: a name that `stforecast networks` lists.
        settings: "split.train=2010/2015", as `load_experiment` takes them; they come last.

    Raises:
        ValueError: the preset is unknown, or its weights would forecast otherwise here.
    """
    entry = _find(preset)
    base: dict[str, Any] = base_experiment(entry.dataset, preset=preset)
    base["network"] = {**base["network"], **reference_options(entry.network)}
    if entry.variables is not None:
        base["variables"] = list(entry.variables)
    if entry.time_step is not None:
        base["time_step"] = entry.time_step
    return load_experiment(base=base, settings=settings)


def import_run(
    file: str | Path,
    series: xr.DataArray,
    run: str | Path,
    *,
    preset: str,
    experiment: Experiment,
) -> Run:
    """Make a run of a checkpoint: what a training leaves, but for its history.

    Args:
        file: weights, plain or as Lightning saves them.
        series: what the forecaster's channels, grid and statistics are taken from.
        run: the run's folder; it must be new.
        preset: what the weights were trained by.
        experiment: as `imported_experiment` makes it.

    Raises:
        ValueError: the file holds no weights, or others than the preset's, or the data do not fit.
    """
    entry = _find(preset)
    weights = rename_openstl_keys(entry.network, read_weights(file))
    plan = make_plan(experiment, series)
    if plan.n_channels != entry.channels:
        raise ValueError(
            f"preset {preset} has {entry.channels} channels, but the data have {plan.n_channels}: "
            f"{names(series['channel'].values)}; choose with --set variables=…"
        )
    place = Run(Path(run))
    check_place(place, plan, resume=False)
    network = build_planned(plan)
    _load(network, weights, file=Path(file), preset=preset)
    forecaster = describe(plan, network, series)
    origin = {"file": Path(file).name, "sha256": _digest(Path(file)), "preset": preset}
    claim(place, plan)
    replace(forecaster, facts={**forecaster.facts, "imported": origin}).save(place.forecaster_file)
    leave_baselines(place, plan, series)
    return place


def read_weights(file: str | Path) -> dict[str, Tensor]:
    """The weights of a checkpoint by their names; nothing else in it is ever loaded.

    Raises:
        ValueError: the file is no checkpoint, is damaged, or holds more than weights and plain values.
    """
    file = Path(file)
    if not file.is_file():
        raise ValueError(f"checkpoint {file} does not exist; name a file.")
    with file.open("rb") as stream:
        beginning = stream.read(64).lstrip()
    if beginning.startswith(b"<"):
        raise ValueError(
            f"{file} is a web page, no checkpoint; download what its link leads to, not the page."
        )
    if not beginning.startswith(_WAYS_TO_BEGIN):
        raise ValueError(f"{file} is no checkpoint: torch.save did not write it.")
    content = _load_safely(file)
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    weights = content if isinstance(content, Mapping) else {}
    if not weights or not all(isinstance(values, Tensor) for values in weights.values()):
        raise ValueError(
            f"{file} holds no weights by name, neither at its top nor under 'state_dict'."
        )
    return dict(weights)


def _load_safely(file: Path) -> Any:
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        foreign = re.search(r"(?:GLOBAL|class) ([\w.]+)", str(error))
        if foreign is None or not isinstance(error, pickle.UnpicklingError):
            raise ValueError(f"{file} is damaged or cut off; download it again.") from error
        raise ValueError(
            f"{file} holds more than weights ({foreign[1]}), and what is in it could run when it is "
            "loaded. If you trust it, write its weights to a file of their own, where OpenSTL is "
            f"installed: torch.save(torch.load({file.name!r}, weights_only=False)['state_dict'], "
            "'weights.pth')"
        ) from error


def _find(preset: str) -> Preset:
    if preset not in PRESETS:
        raise ValueError(f"preset {preset!r} is unknown; `stforecast networks` lists them.")
    return PRESETS[preset]


def _load(network: Network, weights: Mapping[str, Tensor], *, file: Path, preset: str) -> None:
    """Put weights into the network, or say where they differ."""
    wanted = network.state_dict()
    differences = [
        *_listed("it lacks", [name for name in wanted if name not in weights]),
        *_listed("it has besides", [name for name in weights if name not in wanted]),
        *_listed(
            "sizes differ:",
            [
                f"{name} ({_size(weights[name])} in the file, {_size(values)} by the preset)"
                for name, values in wanted.items()
                if name in weights and weights[name].shape != values.shape
            ],
        ),
    ]
    if differences:
        raise ValueError(
            f"{file} does not fit preset {preset}: {'; '.join(differences)}. Name the preset that it "
            "was trained by, and set what differed from it, such as --set network.translator_width=512."
        )
    network.load_state_dict(dict(weights))


def _listed(what: str, found: Sequence[str]) -> list[str]:
    if not found:
        return []
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return [f"{what} {', '.join(found[:_SHOWN])}{more}"]


def _size(values: Tensor) -> str:
    return "×".join(map(str, values.shape)) or "one value"


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
