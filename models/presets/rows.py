"""Rows of the recurrent networks' tables, and the presets that they make."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from models import NETWORKS
from models.presets.preset import Preset

__all__ = ["Row", "presets_of"]


class Row(NamedTuple):
    """A network in the table of a dataset."""

    suffix: str
    """The network's name and, after a hyphen, its variant."""
    options: Mapping[str, Any]
    """The network's options."""
    learning_rate: float
    """Highest learning rate of the schedule."""
    parameters: int | None
    """Trainable values of the reference code, also those that it never uses."""
    macs: float | None
    """Multiply-adds, as published."""
    note: str = ""
    """What is not as published, or not published."""


def presets_of(base: Preset, rows: Iterable[Row]) -> tuple[Preset, ...]:
    """Presets with dataset, window, schedule and epochs of a SimVP preset named after its translator."""
    prefix = base.name.removesuffix(str(base.options["translator"]))
    return tuple(
        replace(
            base,
            name=f"{prefix}{row.suffix}",
            network=_network(row),
            options=row.options,
            learning_rate=row.learning_rate,
            parameters=row.parameters,
            unused=_unused(row, channels=base.channels),
            macs=row.macs,
            note=row.note,
        )
        for row in rows
    )


def _network(row: Row) -> str:
    return row.suffix.partition("-")[0]


def _unused(row: Row, *, channels: int) -> int:
    """Values that OpenSTL's network holds and never uses, on frames of so many channels."""
    network = _network(row)
    config = NETWORKS[network].config(**row.options)
    if network == "convlstm":  # in each layer an output gate of two memories, and their merge
        return config.layers * 2 * config.width**2 * (config.kernel**2 + 1)
    if network == "predrnnpp":  # in each layer another output gate of its memories
        return config.layers * 2 * config.width**2 * config.kernel**2
    if network == "mim":  # a merge of two memories in each MIM-N, which has one
        return (config.layers - 1) * 2 * config.width**2
    if network == "mau":  # the merge of appearance and motion, and a second readout
        return config.width * (2 * config.width + 1) + channels * (2 * channels + 1)
    return 0
