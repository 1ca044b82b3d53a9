"""Variables by name, and the channels that they make: a channel is a variable with its level."""

import re
from difflib import get_close_matches

from pipelines.series import Channel
from pipelines.variable_table import VARIABLES, Variable

__all__ = [
    "VARIABLES",
    "Variable",
    "channel_name",
    "channel_of",
    "display_units",
    "find_variable",
    "match_variable",
    "parse_channel",
]

_BY_NAME = {name.casefold(): variable for variable in VARIABLES.values() for name in variable.names}


def match_variable(name: str) -> Variable | None:
    """The variable that goes by a name in some file, whatever the case; None if there is none."""
    return _BY_NAME.get(name.strip().casefold())


def find_variable(name: str) -> Variable:
    """The variable of any of its names: "t2m", "2m_temperature", "SLP".

    Raises:
        ValueError: no variable has the name; the nearest and all short ones are listed.
    """
    variable = match_variable(name)
    if variable is None:
        near = get_close_matches(name.strip().casefold(), _BY_NAME, n=1, cutoff=0.6)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise ValueError(f"variable {name!r} is unknown; known: {', '.join(VARIABLES)}.{hint}")
    return variable


def parse_channel(name: str) -> tuple[Variable, float | None]:
    """Variable and level (hPa) of a channel's name; no level where the name has none.

    "z500" and "geopotential_500" are the geopotential at 500 hPa. "u10" is the wind at 10 m: write
    "u10hPa" for the level.

    Raises:
        ValueError: the variable is unknown, has no levels, or the level is not positive.
    """
    variable = match_variable(name)
    if variable is not None:
        return variable, None
    match = re.fullmatch(r"(.*?)_?(\d+(?:\.\d+)?)(hpa)?", name.strip(), flags=re.IGNORECASE)
    if match is None:
        return find_variable(name), None
    variable = match_variable(match[1])
    if variable is None:
        return find_variable(name), None
    if not variable.has_level:
        raise ValueError(
            f"{name!r} names a level, but {variable.short} has none; write {variable.short!r}."
        )
    if float(match[2]) <= 0:
        raise ValueError(f"{name!r} names the level {match[2]} hPa; levels are positive.")
    return variable, float(match[2])


def channel_name(variable: Variable, level: float | None) -> str:
    """The channel's name, "z500", which `parse_channel` reads back."""
    if level is None:
        return variable.short
    name = f"{variable.short}{level:g}"
    return f"{name}hPa" if name in VARIABLES else name


def channel_of(variable: Variable, level: float | None = None) -> Channel:
    """The channel of a variable at a level (hPa), as the series labels it."""
    return Channel(
        name=channel_name(variable, level),
        variable=variable.short,
        level=level,
        units=variable.units,
        standard_name=variable.standard_name,
        long_name=variable.long_name if level is None else f"{variable.long_name} at {level:g} hPa",
        valid_min=variable.valid_min,
        valid_max=variable.valid_max,
    )


def display_units(variable: str, units: str) -> tuple[float, str]:
    """Factor and units in which people read a variable: hPa for pressures in Pa.

    A variable that is not in the table, or is in other units than the table's, is shown as it is.
    """
    known = VARIABLES.get(variable)
    if known is None or known.units != units or not known.display_units:
        return 1.0, units
    return known.display_factor, known.display_units
