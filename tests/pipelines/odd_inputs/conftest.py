"""What is made of odd inputs: by reading them, which is what train, prepare and forecast do, and by
check. The tables of docs/odd_inputs.md are those of the cases here:

STFORECAST_WRITE_DOCS=1 pytest tests/pipelines/odd_inputs      writes them anew.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from pipelines.checking import check
from pipelines.preparing.prepare import prepare
from pipelines.weather_opening import open_parts
from pipelines.weatherbench import open_weatherbench

DOCUMENT = Path(__file__).parents[3] / "docs" / "odd_inputs.md"
LATITUDE = np.arange(67.5, -90, -45)
TIME_STEP = np.timedelta64(6, "h")


@dataclass(frozen=True)
class Bench:
    """Where a case puts its input, and what it makes it of."""

    folder: Path
    make_weather: Callable[..., xr.Dataset]
    write_grib: Callable[..., Path]

    def weather(self, name: str = "t2m", **options: Any) -> xr.Dataset:
        """Good data: eight frames six hours apart, four rows from the north, eight columns from 0°."""
        return self.make_weather(name, **{"latitude": LATITUDE, **options})

    def save(self, dataset: xr.Dataset, name: str = "a.nc", **options: Any) -> Path:
        """Write a dataset as NetCDF or Zarr, by its name."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".zarr"):
            dataset.to_zarr(file, consolidated=False, **{"zarr_format": 2, **options})
        else:
            dataset.to_netcdf(file, **options)
        return file

    def grib(self, messages: Sequence[dict], name: str = "a.grib", **options: Any) -> Path:
        """Write messages on the grid of `weather`, unless they say otherwise."""
        grid = {"latitude": LATITUDE.tolist(), "longitude": np.arange(0, 360, 45.0).tolist()}
        return self.write_grib(self.folder / name, messages, **{**grid, **options})

    def messages(self, dataset: xr.Dataset, **keys: Any) -> list[dict]:
        """The frames of t2m as GRIB messages."""
        return [
            {
                "shortName": "2t",
                "dataDate": int(frame["time"].dt.strftime("%Y%m%d")),
                "dataTime": 100 * int(frame["time"].dt.hour),
                "values": frame.values,
                **keys,
            }
            for frame in dataset["t2m"]
        ]


@dataclass(frozen=True)
class Read:
    """An input that is read."""

    words: str = "the same series"
    """How the table says what comes of it."""
    note: str = ""
    """A part of the series' note; without one, there is none."""
    expected: Callable[[xr.DataArray], xr.DataArray] = lambda good: good
    """What comes of it, given the series of the good data."""
    tolerance: float = 2e-6
    """Of the values, relative."""

    def __str__(self) -> str:
        return self.words + (f"; note: “{self.note}”" if self.note else "")


@dataclass(frozen=True)
class Refused:
    """An input that is refused."""

    message: str
    """A part of the message."""

    def __str__(self) -> str:
        return f"refused: “{self.message}”"


@dataclass(frozen=True)
class Case:
    """An odd input, and what is made of it."""

    words: str
    make: Callable[[Bench], xr.Dataset | None]
    """Puts the input into the folder; gives the good data, unless they are `Bench.weather()`."""
    reading: Read | Refused
    check: str
    """Codes with their severity, and whether a mended copy is without them."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of reading."""

    def __str__(self) -> str:
        return self.make.__name__

    @property
    def row(self) -> str:
        """Of the table."""
        found = re.sub(r"(?<!\()\b[a-z]+(-[a-z]+)*(?= \()", r"`\g<0>`", self.check)
        cells = (self.words, str(self.reading), found)
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


class Cases(list[Case]):
    """The cases of one table."""

    def add(
        self, words: str, reading: Read | Refused, check: str = "nothing", **options: Any
    ) -> Callable[[Callable[[Bench], xr.Dataset | None]], Callable]:
        """Makes a case of the function below."""

        def keep(make: Callable[[Bench], xr.Dataset | None]) -> Callable:
            self.append(Case(words, make, reading, check, options))
            return make

        return keep


@pytest.fixture
def bench(
    tmp_path: Path, make_weather: Callable[..., xr.Dataset], write_grib: Callable[..., Path]
) -> Bench:
    (tmp_path / "raw").mkdir()
    return Bench(tmp_path / "raw", make_weather, write_grib)


@pytest.fixture
def judge(bench: Bench, tmp_path: Path) -> Callable[[Case], None]:
    """Holds a case against what reading, preparing and checking make of its input."""

    def judge(case: Case) -> None:
        good = case.make(bench)
        assert checked(bench.folder) == case.check
        if isinstance(case.reading, Refused):
            with pytest.raises(ValueError, match=re.escape(case.reading.message)):
                open_weatherbench(bench.folder, **case.options)
            return
        (bench.weather() if good is None else good).to_netcdf(tmp_path / "good.nc")
        expected = case.reading.expected(open_weatherbench(tmp_path / "good.nc"))
        series = open_weatherbench(bench.folder, **case.options)
        note = str(series.attrs.get("note", ""))
        assert (case.reading.note in note) if case.reading.note else not note
        compare(series, expected, tolerance=case.reading.tolerance)
        opener = partial(open_parts, bench.folder, **case.options)
        prepared = prepare(opener, tmp_path / "store", source=bench.folder, request={})
        compare(prepared, series, tolerance=0)

    return judge


def checked(folder: Path) -> str:
    """The findings of a check, as `Case.check` spells them."""
    found = {
        f"{each.code} ({each.severity}{', mended' if each.fixable else ''})": None
        for each in check(folder).findings
    }
    return ", ".join(found) or "nothing"


def compare(series: xr.DataArray, expected: xr.DataArray, *, tolerance: float) -> None:
    """Two series hold the same numbers at the same times and places."""
    for name in ("time", "channel", "latitude", "longitude", "units"):
        np.testing.assert_array_equal(series[name].values, expected[name].values)
    np.testing.assert_allclose(series.values, expected.values, rtol=tolerance)


def compare_with_document(heading: str, cases: Sequence[Case]) -> None:
    """The table below a heading of docs/odd_inputs.md is that of the cases."""
    head = ("| input | train, prepare, forecast | check |", "|---|---|---|")
    table = "\n".join((*head, *(case.row for case in cases))) + "\n"
    document = DOCUMENT.read_text(encoding="utf-8")
    before, there, after = re.split(rf"(?<=\n## {heading}\n\n)((?:\|.*\n)*)", document, maxsplit=1)
    if os.environ.get("STFORECAST_WRITE_DOCS") == "1":
        DOCUMENT.write_text(before + table + after, encoding="utf-8")
        there = table
    assert there == table, "write it anew with STFORECAST_WRITE_DOCS=1"
