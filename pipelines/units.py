"""Units as files spell them, and conversions between them."""

from dataclasses import dataclass

import numpy as np

__all__ = ["STANDARD_GRAVITY", "UNITS", "Conversion", "convert", "find_units"]

STANDARD_GRAVITY = 9.80665  # m s-2, ISO 80000-3


@dataclass(frozen=True)
class Conversion:
    """How values of a file become values of the series: value × factor + offset."""

    declared: str
    """Units as read or found."""
    units: str
    """Units of the series."""
    factor: float = 1.0
    offset: float = 0.0

    def apply(self, values: np.ndarray) -> np.ndarray:
        """The values in the units of the series."""
        if self.factor == 1 and self.offset == 0:
            return values
        return values * self.factor + self.offset


@dataclass(frozen=True)
class Unit:
    """What units measure, and how they are spelled."""

    kind: str
    """Units of one kind can be converted into each other."""
    factor: float
    """To the first unit of the kind: value × factor + offset."""
    offset: float
    spellings: tuple[str, ...]


UNITS: dict[str, Unit] = {
    "K": Unit("temperature", 1, 0, ("kelvin", "degk", "deg_k", "kelvins")),
    "degC": Unit(
        "temperature",
        1,
        273.15,
        ("c", "°c", "degc", "deg_c", "celsius", "degree_celsius", "degrees_celsius", "degreec"),
    ),
    "degF": Unit(
        "temperature",
        5 / 9,
        459.67 * 5 / 9,
        ("f", "°f", "deg_f", "fahrenheit", "degrees_fahrenheit"),
    ),
    "Pa": Unit("pressure", 1, 0, ("pascal", "pascals")),
    "hPa": Unit(
        "pressure", 100, 0, ("mb", "mbar", "mbars", "millibar", "millibars", "hectopascal")
    ),
    "kPa": Unit("pressure", 1000, 0, ("kilopascal",)),
    "m s-1": Unit("speed", 1, 0, ("m/s", "m/sec", "metres/second", "meterpersecond")),
    "km h-1": Unit("speed", 1 / 3.6, 0, ("km/h", "kmh", "kph", "km/hr")),
    "knot": Unit("speed", 1852 / 3600, 0, ("kt", "kts", "knots")),
    "1": Unit("ratio", 1, 0, ("(0-1)", "0-1", "[0-1]", "fraction", "dimensionless", "proportion")),
    "%": Unit("ratio", 0.01, 0, ("percent", "percentage", "(0-100)")),
    "kg kg-1": Unit("ratio", 1, 0, ("kg/kg",)),
    "g kg-1": Unit("ratio", 1e-3, 0, ("g/kg",)),
    "m": Unit("length", 1, 0, ("metre", "meter", "metres", "meters", "gpm", "mofwaterequivalent")),
    "cm": Unit("length", 1e-2, 0, ("centimetre", "centimeter")),
    # A kilogram of water on a square metre is a millimetre deep.
    "mm": Unit("length", 1e-3, 0, ("kgm-2", "kg/m2", "millimetre", "millimeter")),
    "dam": Unit("length", 10, 0, ("gpdam", "decametre", "decameter")),
    "km": Unit("length", 1000, 0, ("gpkm",)),
    "m2 s-2": Unit("geopotential", 1, 0, ("m2/s2", "j/kg", "jkg-1")),
    "J m-2": Unit("energy", 1, 0, ("j/m2",)),
    "W m-2": Unit("power", 1, 0, ("w/m2",)),
}


def _plain(text: str) -> str:
    text = text.casefold()
    for old, new in (("²", "2"), ("⁻", "-"), ("¹", "1"), ("**", ""), ("^", ""), ("·", "")):
        text = text.replace(old, new)
    return "".join(text.split())


_BY_SPELLING = {
    _plain(spelling): name for name, unit in UNITS.items() for spelling in (name, *unit.spellings)
}


def find_units(text: str) -> str | None:
    """The units that a text spells, as this module writes them; None if it knows no such spelling."""
    return _BY_SPELLING.get(_plain(text))


def convert(source: str, target: str) -> Conversion | None:
    """The conversion between two units of this module; None if they measure different things.

    Metres of height become geopotential with the standard gravity.
    """
    have, want = UNITS[source], UNITS[target]
    factor = have.factor / want.factor
    if (have.kind, want.kind) == ("length", "geopotential"):
        factor *= STANDARD_GRAVITY
    elif have.kind != want.kind:
        return None
    return Conversion(source, target, factor, (have.offset - want.offset) / want.factor)
