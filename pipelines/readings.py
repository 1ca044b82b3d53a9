"""Which units values are in: those declared, checked against the values, or found from them.

A factor of a hundred or 9.8 trains without complaint and forecasts nonsense. So units are decided
where data come in: declared ones are believed if the values allow it, missing ones are taken from
the range if it allows one reading only, and everything else is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.units import UNITS, Conversion, convert, find_units

__all__ = ["Reading", "Sample", "decide_units", "standard_height"]

_UNDECLARED = ("", "unknown", "none", "-", "~", "n/a")


@dataclass(frozen=True)
class Reading:
    """Units that values may be in, and how values look then."""

    units: str
    """As this module spells them."""
    low: float = -np.inf
    """In these units no value of nature lies below."""
    high: float = np.inf
    """In these units no value of nature lies above."""
    least_max: float = -np.inf
    """The largest of many values reaches this, unless all are zero."""
    per_metre: float | None = None
    """For heights of pressure levels: the value for one metre. The range is then that of the
    atmosphere at the level."""

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(
                f"Reading in {self.units!r}: low ({self.low}) must be below high ({self.high})."
            )

    def fits(self, sample: "Sample") -> bool:
        """Whether values look like it."""
        if self.per_metre is not None:
            return all(
                _is_height_of(float(np.median(at_level)) / self.per_metre, level)
                for level, at_level in sample.levels.items()
            )
        reaches = sample.high >= self.least_max or sample.low == sample.high == 0
        return sample.low >= self.low and sample.high <= self.high and reaches


@dataclass(frozen=True, eq=False)
class Sample:
    """Some finite values of a variable, to tell its units by."""

    levels: dict[float, np.ndarray]
    """Values of each level (hPa); NaN is the key where there are no levels."""

    def __post_init__(self) -> None:
        if not self.levels or not all(
            values.size and np.isfinite(values).all() for values in self.levels.values()
        ):
            raise ValueError("A sample needs finite values at each of its levels.")

    @property
    def low(self) -> float:
        """The smallest value."""
        return min(float(values.min()) for values in self.levels.values())

    @property
    def high(self) -> float:
        """The largest value."""
        return max(float(values.max()) for values in self.levels.values())

    def converted(self, conversion: "Conversion") -> "Sample":
        """The values in other units."""
        return Sample({level: conversion.apply(values) for level, values in self.levels.items()})

    def __str__(self) -> str:
        return f"{self.low:.6g} to {self.high:.6g}"


def decide_units(
    values: np.ndarray | Mapping[float, np.ndarray],
    declared: str | None,
    *,
    name: str,
    readings: Sequence[Reading],
    convention: str = "",
    way_out: Callable[[str], str] = "set the units attribute to {!r}".format,
) -> Conversion:
    """The conversion of a variable's values to the units of its first reading.

    Args:
        values: some of them, or some of each level (hPa). NaN is left out.
        declared: the file's own words; None or "" where it says nothing.
        name: how messages call the variable and its place.
        readings: units that the values may be in; the first are those of the series.
        convention: units of a convention that the file follows without saying so; taken where the
            range allows them and others.
        way_out: tells how the attribute is set to the units that it is given.

    Raises:
        ValueError: the declared units are unknown, measure something else or contradict the
            values; or none are declared and the values fit no reading, or several.
    """
    sample = _finite(values if isinstance(values, Mapping) else {np.nan: values})
    if declared is None or declared.strip().casefold() in _UNDECLARED:
        units = _found(sample, name, readings, convention, way_out)
    else:
        units = _declared(sample, declared, name, readings, way_out)
    conversion = convert(units, readings[0].units)
    assert conversion is not None  # both places have checked it
    return conversion


def _declared(
    sample: Sample | None,
    declared: str,
    name: str,
    readings: Sequence[Reading],
    way_out: Callable[[str], str],
) -> str:
    target = readings[0].units
    units = find_units(declared)
    known = [unit for unit in UNITS if convert(unit, target) is not None]
    if units not in known:
        what = "are unknown" if units is None else "measure something else"
        raise ValueError(
            f"{name}: the declared units {declared!r} {what}; known for it: {', '.join(known)}. If "
            f"the values are in other units, convert them; else {way_out(target)}."
        )
    if sample is None:
        return units
    own = [reading for reading in readings if reading.units == units]
    if own:
        fits = own[0].fits(sample)
    else:
        conversion = convert(units, target)
        assert conversion is not None
        fits = readings[0].fits(sample.converted(conversion))
    if fits:
        return units
    others = [reading.units for reading in readings if reading.fits(sample)]
    if others:
        raise ValueError(
            f"{name}: declared in {units}, but the values ({sample}) look like {others[0]}. "
            f"If they are in {others[0]}, {way_out(others[0])}; if they are in {units}, "
            "the values themselves are wrong."
        )
    raise ValueError(
        f"{name}: declared in {units}, but no such values occur in nature ({sample}). Are "
        "missing values marked with _FillValue? Mark them, or convert the values."
    )


def _found(
    sample: Sample | None,
    name: str,
    readings: Sequence[Reading],
    convention: str,
    way_out: Callable[[str], str],
) -> str:
    candidates = " or ".join(reading.units for reading in readings)
    if sample is None:
        raise ValueError(
            f"{name}: no units are declared, and the frames looked at hold no value to tell "
            f"{candidates} by; {way_out(readings[0].units)}."
        )
    fitting = [reading.units for reading in readings if reading.fits(sample)]
    if convention in fitting:
        return convention
    if len(fitting) > 1:
        raise ValueError(
            f"{name}: no units are declared, and the values ({sample}) may be in "
            f"{' or in '.join(fitting)}; {way_out(fitting[0])}, or to "
            f"{' or '.join(map(repr, fitting[1:]))} if they are in that."
        )
    if not fitting:
        raise ValueError(
            f"{name}: no units are declared, and the values ({sample}) are not in "
            f"{candidates}. Are missing values marked with _FillValue? Mark them, or convert the "
            f"values; then {way_out(readings[0].units)}."
        )
    return fitting[0]


def _finite(values: Mapping[float, np.ndarray]) -> Sample | None:
    """The finite values; None where there are none."""
    rows = {level: np.asarray(row, dtype="float64").ravel() for level, row in values.items()}
    finite = {level: row[np.isfinite(row)] for level, row in rows.items()}
    kept = {level: row for level, row in finite.items() if row.size}
    return Sample(kept) if kept else None


def _is_height_of(height: float, level: float) -> bool:
    """Whether a height in metres is one that a pressure level (hPa) takes somewhere on earth."""
    expected = standard_height(level)
    # 400 m at the ground and 2500 m at 50 hPa hold the polar night and the deepest lows.
    return abs(height - expected) <= 400 + 0.1 * abs(expected)


def standard_height(level: float) -> float:
    """Height in metres of a pressure level (hPa); ICAO standard atmosphere, isothermal from 11 km."""
    if level >= 226.32:
        return 288.15 / 0.0065 * (1 - (level / 1013.25) ** 0.190263)
    return 11_000 + 6341.62 * float(np.log(226.32 / level))
