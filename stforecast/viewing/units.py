"""Units of weather reports: temperatures in °C, geopotential as a height in metres."""

import re
from dataclasses import dataclass, replace

import numpy as np

from pipelines.series import Channel
from pipelines.variable_table import STANDARD_GRAVITY
from stforecast.viewing.shown import Shown

__all__ = ["everyday_units", "in_everyday_units"]


@dataclass(frozen=True)
class _Everyday:
    units: str
    factor: float
    offset: float = 0.0
    """Added after the factor; a difference has none."""
    quantity: tuple[str, str] = ("", "")
    """What the quantity is called in its own units, and in these."""


_EVERYDAY = {
    "K": _Everyday("°C", 1.0, -273.15),
    "m2 s-2": _Everyday(
        "m", 1 / STANDARD_GRAVITY, quantity=("geopotential", "geopotential height")
    ),
}
"""By the units of the data."""


def everyday_units(channel: Channel) -> str:
    """The units in which people know a channel; "" where these are its own."""
    known = _EVERYDAY.get(channel.units)
    if known is None or known.quantity[0] not in channel.standard_name:
        return ""
    return known.units


def in_everyday_units(shown: Shown) -> Shown:
    """The same in everyday units.

    Raises:
        ValueError: its channel has none.
    """
    fields = shown.fields
    if not everyday_units(fields.channel):
        raise ValueError(
            f"{fields.channel.name} in {fields.channel.units!r} has no everyday units; show it as it is."
        )
    known = _EVERYDAY[fields.channel.units]
    # Arrays that are one, as the climatology is one of the baselines, stay one.
    made: dict[int, np.ndarray] = {}

    def turned(array: np.ndarray) -> np.ndarray:
        if id(array) not in made:
            made[id(array)] = array * np.float32(known.factor) + np.float32(known.offset)
        return made[id(array)]

    own, new = known.quantity
    channel = fields.channel
    if own:
        title = channel.long_name or channel.standard_name.replace("_", " ")
        channel = replace(channel, long_name=re.sub(own, new, title, flags=re.IGNORECASE))
    return replace(
        shown,
        fields=replace(
            fields,
            forecast=turned(fields.forecast),
            truth=None if fields.truth is None else turned(fields.truth),
            channel=channel,
            factor=fields.factor * known.factor,
            units=known.units,
        ),
        climatology=None if shown.climatology is None else turned(shown.climatology),
        baselines={name: turned(frames) for name, frames in shown.baselines.items()},
        history=turned(shown.history),
    )
