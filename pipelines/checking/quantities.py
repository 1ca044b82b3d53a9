"""What each variable of a raw file is: its quantity, its units as found, and its physical range."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.checking.findings import Finding, finding, told_apart
from pipelines.checking.labels import Labelled
from pipelines.checking.opening import kind_of
from pipelines.checking.samples import joined, samples_of, span_of
from pipelines.readings import Reading, decide_units, standard_height
from pipelines.units import UNITS, Conversion, convert, find_units
from pipelines.variables import Variable, channel_name
from pipelines.weather_coordinates import find_levels
from pipelines.weather_fields import Field, fields_of
from pipelines.weather_files import Source

__all__ = ["Quantity", "quantities_of", "range_of"]

_SLACK = 1e-3
"""Of the width of a range: packing makes a dry cell slightly negative."""


@dataclass(frozen=True, eq=False)
class Quantity:
    """One variable of one file."""

    name: str
    """What the file calls it."""
    variable: Variable | None
    """What it is; None where nobody knows."""
    array: xr.DataArray
    """Lazy, in the units of the file, as (time, …, rows, columns)."""
    levels: tuple[float, ...]
    """hPa, along the second axis; empty where there are none."""
    declared: str | None
    conversion: Conversion | None
    """To the units of the table; None where they are not known."""
    low: np.ndarray
    """Values below do not occur; in the table's units, for each level or one for all."""
    high: np.ndarray
    sampled: tuple[float, float] = (np.inf, -np.inf)
    """The bulk of the values of a few frames lies between these, once converted."""
    field: Field | None = None
    """What the reader makes of it; None where it cannot take it."""
    apart: bool = False
    """Whether files hold it at different sets of levels, each of which is looked at by itself."""

    @property
    def key(self) -> str:
        """The quantity, with its level if it has one only; else the file's name."""
        if self.variable is None:
            return self.name
        if self.apart and len(self.levels) > 1:
            return f"{self.variable.short} at {', '.join(f'{at:g}' for at in self.levels)} hPa"
        return channel_name(self.variable, self.levels[0] if len(self.levels) == 1 else None)

    @property
    def units(self) -> str:
        """Of the values once converted; "" where nobody knows."""
        if self.variable is None or self.conversion is None:
            return self.declared or ""
        return self.variable.units


def quantities_of(
    path: Path, labelled: Labelled, name: str, *, has_grid: bool
) -> tuple[list[Quantity], list[Finding]]:
    """The variables of a file that vary in time and space, and what is wrong with their labels."""
    found, findings = [], []
    dataset, time = labelled.dataset, labelled.time_dim
    for key, array in dataset.data_vars.items():
        if time not in array.dims or array.ndim < 3 or "bnds" in array.dims:
            continue
        if not (np.issubdtype(array.dtype, np.number) and array.dtype.kind != "c"):
            text = f"{name}: {key} holds no numbers, but {array.dtype}"
            findings.append(finding("dtype", text, examples=[name]))
            continue
        quantity, told = _quantity_of(path, labelled, str(key), name, has_grid=has_grid)
        findings += [*told, *_precision(array, quantity, name)]
        found.append(quantity)
    return found, findings


def _quantity_of(
    path: Path, labelled: Labelled, key: str, name: str, *, has_grid: bool
) -> tuple[Quantity, list[Finding]]:
    array, time = labelled.dataset[key], labelled.time_dim
    findings, field, unknown = [], None, []
    others = [str(each) for each in labelled.dataset.data_vars if each != key]
    alone = labelled.dataset.drop_vars(others)
    for dim, size in _extra(alone, array, time):
        way_out = f"select one with .isel({dim}=0)"
        text = f"{name}: {key} has a dimension {dim!r} of {size}, of which the first is checked"
        findings.append(finding("ensemble", text, count=size, examples=[name], way_out=way_out))
        alone = alone.isel({dim: 0})
    try:
        source = Source(
            path=path,
            kind=kind_of(path),
            dataset=alone,
            time_dim=time,
            times=labelled.times,
            frames=np.arange(len(labelled.times)),
        )
        known, unknown = fields_of(source) if has_grid else ([], [])
        field = known[0] if known else None
    except ValueError as error:
        text, way_out = told_apart(str(error).removeprefix(f"{path}: "))
        findings.append(finding("levels", f"{name}: {text}", examples=[name], way_out=way_out))
    array = alone[key]
    if field is None:
        if has_grid and not findings:
            findings.append(_unknown(name, key, unknown[0] if unknown else key))
        array = array.transpose(time, ...)
        units = array.attrs.get("units")
        declared = None if units is None else str(units)
        beyond = np.array([np.inf])
        quantity = Quantity(key, None, array, (), declared, None, -beyond, beyond)
        return replace(quantity, sampled=span_of(joined(samples_of(array, ())), None)), findings
    middle = [] if field.level_dim is None else [field.level_dim]
    array = array.transpose(time, *middle, ..., field.y_dim, field.x_dim)
    quantity = Quantity(
        key,
        field.variable,
        array,
        field.levels,
        field.declared_units,
        None,
        np.array([-np.inf]),
        np.array([np.inf]),
        field=field,
    )
    samples = samples_of(array, field.levels)
    sample = joined(samples)
    conversion, told = _decide(quantity, field, sample, name)
    for left_out in range(len(samples) if conversion is None and len(samples) > 2 else 0):
        # One frame of wrong values, such as of a chunk that reads as 0, is no wrong unit.
        fewer = joined([each for at, each in enumerate(samples) if at != left_out])
        other, others = _decide(quantity, field, fewer, name)
        if other is not None:
            sample, conversion, told = fewer, other, others
            break
    quantity = replace(quantity, conversion=conversion, sampled=span_of(sample, conversion))
    if conversion is not None:
        low, high = range_of(field.variable, field.levels)
        quantity = replace(quantity, low=low, high=high)
    return quantity, [*findings, *told]


def _unknown(name: str, key: str, told: str) -> Finding:
    """An array that is taken for nothing; the reader tells why where it knows the variable."""
    text, way_out = f"{key} is no variable of the table", "rename it if it is one of them"
    if told != key:
        text = f"{told} cannot be taken"
        way_out = "write its rows, columns and level (hPa) as coordinates, or the level in its name"
    return finding("unknown-variable", f"{name}: {text}", examples=[name], way_out=way_out)


def _extra(dataset: xr.Dataset, array: xr.DataArray, time: str) -> list[tuple[str, int]]:
    """The dimensions of a variable that a frame has no place for, with their sizes."""
    try:
        level, _ = find_levels(dataset, array)
    except ValueError:  # told when the field is read
        return []
    inner = [str(dim) for dim in array.dims if dim not in (time, level)]
    axes = {
        str(dataset[name].dims[0])
        for kind in ("latitude", "longitude")
        for name in dataset.cf.coordinates.get(kind, [])
        if dataset[name].ndim == 1
    }
    axes = axes if len(axes) == 2 else set(inner[-2:])
    return [(dim, array.sizes[dim]) for dim in inner if dim not in axes and array.sizes[dim] > 1]


def range_of(variable: Variable, levels: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The values that occur in nature, in the units of the table, for each level or one for all."""
    reading = variable.readings[0]
    if reading.per_metre is not None:
        heights = np.array([standard_height(level) for level in levels])
        # Twice what the median may be off: single cells lie further out.
        apart = 800 + 0.2 * np.abs(heights)
        return (heights - apart) * reading.per_metre, (heights + apart) * reading.per_metre
    slack = _SLACK * (reading.high - reading.low)
    return np.array([reading.low - slack]), np.array([reading.high + slack])


def _decide(
    quantity: Quantity, field: Field, sample: dict[float, np.ndarray], name: str
) -> tuple[Conversion | None, list[Finding]]:
    """How values become those of the table, as the reader decides it, and what is wrong with that."""
    variable = field.variable
    declared = (quantity.declared or "").strip()
    who = f"{name}: {quantity.name}"
    spelled = find_units(declared)
    try:
        conversion = decide_units(
            sample,
            quantity.declared,
            name=who,
            readings=variable.readings,
            convention=field.convention,
        )
    except ValueError as error:
        message = str(error)
        return _undecided(quantity, sample, message, spelled)
    if declared.casefold() in _SAYS_NOTHING:
        severity = "note" if field.convention else "warning"
        text = f"{who} declares no units; its values can only be {conversion.declared}"
        return conversion, [finding("units-missing", text, severity=severity, examples=[name])]
    return conversion, []


_SAYS_NOTHING = ("", "unknown", "none", "-", "~", "n/a")


def _undecided(
    quantity: Quantity, sample: dict[float, np.ndarray], message: str, spelled: str | None
) -> tuple[Conversion | None, list[Finding]]:
    variable = quantity.variable
    assert variable is not None
    name, _, rest = message.partition(": ")
    text, way_out = told_apart(rest)
    nothing = (quantity.declared or "").strip().casefold() in _SAYS_NOTHING
    target = variable.units
    measures = nothing or (spelled is not None and convert(spelled, target) is not None)
    code = "units-missing" if nothing else "units-contradict" if measures else "units-unknown"
    fitting = _fitting(variable.readings, sample)
    if nothing or not measures or len(fitting) != 1:
        way_out = way_out or f"set the units attribute, to {target!r} if the values are in it"
        told = finding(
            code,
            f"{name}: {text}",
            severity="error",
            fixable=False,
            examples=[name],
            way_out=way_out,
        )
        return None, [told]
    told = finding(code, message.rstrip("."), examples=[name])
    return convert(fitting[0].units, target), [told]


def _fitting(readings: tuple[Reading, ...], sample: dict[float, np.ndarray]) -> list[Reading]:
    """The readings that a sample allows, each tried as if it were declared."""
    fitting = []
    for reading in readings:
        assert reading.units in UNITS
        try:
            decide_units(sample, reading.units, name="", readings=readings)
        except ValueError:
            continue
        fitting.append(reading)
    return fitting


def _precision(array: xr.DataArray, quantity: Quantity, name: str) -> list[Finding]:
    """How coarsely values are stored, where they are not stored as they are."""
    stored = np.dtype(array.encoding.get("dtype", array.dtype))
    who = f"{name}: {quantity.name}"
    if stored == np.float16:
        text = f"{who} is stored as float16: three digits, and nothing above 65504"
        return [finding("packing", text, severity="warning", examples=[name])]
    scale = array.encoding.get("scale_factor")
    if stored.kind in "iu" and scale is not None:
        step = abs(float(np.ravel(scale)[0]))
        units = f" {quantity.declared}" if quantity.declared else ""
        return [
            finding("packing", f"{who} is packed in steps of {step:.3g}{units}", examples=[name])
        ]
    return []
