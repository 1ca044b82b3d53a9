"""Inputs in other units, in units that contradict the values, and without units."""

import numpy as np
import pytest
import xarray as xr

from tests.pipelines.odd_inputs.conftest import (
    Bench,
    Case,
    Cases,
    Read,
    Refused,
    compare_with_document,
)

CASES = Cases()


@CASES.add("good data", Read())
def good_data(bench: Bench) -> None:
    bench.save(bench.weather())


def declared(dataset: xr.Dataset, units: str | None, name: str = "t2m") -> xr.Dataset:
    dataset[name].attrs = {} if units is None else {"units": units}
    return dataset


@CASES.add("temperature in °C, declared `degC`", Read())
def degrees_celsius(bench: Bench) -> None:
    bench.save(declared(bench.weather() - 273.15, "degC"))


@CASES.add(
    "temperature in °C, declared `K`",
    Refused("declared in K, but the values (1.87738 to 11.8221) look like degC"),
    "units-contradict (error, mended)",
)
def celsius_called_kelvin(bench: Bench) -> None:
    bench.save(declared(bench.weather() - 273.15, "K"))


@CASES.add(
    "temperature in K, declared `degC`",
    Refused("declared in degC, but the values (275.027 to 284.972) look like K"),
    "units-contradict (error, mended)",
)
def kelvin_called_celsius(bench: Bench) -> None:
    bench.save(declared(bench.weather(), "degC"))


@CASES.add("temperature in K without units", Read(), "units-missing (warning, mended)")
def kelvin_without_units(bench: Bench) -> None:
    bench.save(declared(bench.weather(), None))


@CASES.add("temperature in °C without units", Read(), "units-missing (warning, mended)")
def celsius_without_units(bench: Bench) -> None:
    bench.save(declared(bench.weather() - 273.15, None))


@CASES.add("temperature in °C and in K, file by file, each declared", Read())
def units_that_differ_from_file_to_file(bench: Bench) -> None:
    bench.save(bench.weather().isel(time=slice(0, 4)), "a.nc")
    bench.save(declared(bench.weather().isel(time=slice(4, 8)) - 273.15, "degC"), "b.nc")


@CASES.add(
    "temperature in °C and in K, file by file, all declared `K`",
    Refused("declared in K, but no such values occur in nature (1.94955 to 284.972)"),
    "units-contradict (error, mended)",
)
def units_that_differ_in_secret(bench: Bench) -> None:
    bench.save(bench.weather().isel(time=slice(0, 4)), "a.nc")
    bench.save(declared(bench.weather().isel(time=slice(4, 8)) - 273.15, "K"), "b.nc")


@CASES.add(
    "one of twelve such files in °C, declared `K`: units are told by three frames of all files",
    Read("the same series, that file as it stands"),
    "units-contradict (error, mended)",
)
def units_that_differ_in_one_file(bench: Bench) -> xr.Dataset:
    good = bench.weather(frames=12)
    good["t2m"].values[4] -= 273.15
    for frame in range(12):
        bench.save(good.isel(time=[frame]), f"{frame:02d}.nc")
    return good


@CASES.add(
    "temperature of 3000 K",
    Refused("declared in K, but no such values occur in nature (2995.03 to 3004.97)"),
    "units-contradict (error)",
)
def values_that_do_not_occur(bench: Bench) -> None:
    bench.save(bench.weather(base=3000))


@CASES.add(
    "temperature declared in `furlong`",
    Refused("the declared units 'furlong' are unknown; known for it: K, degC, degF"),
    "units-unknown (error)",
)
def units_that_nobody_knows(bench: Bench) -> None:
    bench.save(declared(bench.weather(), "furlong"))


@CASES.add(
    "temperature declared in `Pa`",
    Refused("the declared units 'Pa' measure something else; known for it: K, degC, degF"),
    "units-unknown (error)",
)
def units_of_something_else(bench: Bench) -> None:
    bench.save(declared(bench.weather(), "Pa"))


@CASES.add("pressure in hPa, declared `hPa`", Read())
def hectopascals(bench: Bench) -> xr.Dataset:
    good = bench.weather("msl", base=101_300, spread=900, units="Pa")
    bench.save(declared(good / 100, "hPa", "msl"))
    return good


@CASES.add(
    "pressure in hPa, declared `Pa`",
    Refused("declared in Pa, but the values (1008.03 to 1017.97) look like hPa"),
    "units-contradict (error, mended)",
)
def hectopascals_called_pascals(bench: Bench) -> None:
    bench.save(bench.weather("msl", base=1013, units="Pa"))


@CASES.add("pressure in hPa without units", Read(), "units-missing (warning, mended)")
def hectopascals_without_units(bench: Bench) -> xr.Dataset:
    good = bench.weather("msl", base=101_300, spread=900, units="Pa")
    bench.save(declared(good / 100, None, "msl"))
    return good


@CASES.add("precipitation in mm, declared `mm`", Read())
def millimetres(bench: Bench) -> xr.Dataset:
    good = bench.weather("tp", base=0.006, spread=0.006, units="m")
    bench.save(declared(good * 1000, "mm", "tp"))
    return good


@CASES.add(
    "precipitation below 1 without units: mm or m",
    Refused("no units are declared, and the values (0.00010954 to 0.0398884) may be in m or in mm"),
    "units-missing (error)",
)
def precipitation_in_two_readings(bench: Bench) -> None:
    bench.save(bench.weather("tp", base=0.02, spread=0.02, units=None))


@CASES.add("geopotential height `gh` in m", Read())
def height(bench: Bench) -> xr.Dataset:
    good = bench.weather("z", base=54_000, spread=2000, units="m2 s-2", levels=(500.0,))
    bench.save(declared(good.rename(z="gh") / 9.80665, "m", "gh"))
    return good


@CASES.add(
    "geopotential height in m, declared as geopotential, `m2 s-2`",
    Refused("declared in m2 s-2, but the values (5301.1 to 5698.88) look like m"),
    "units-contradict (error, mended)",
)
def height_called_geopotential(bench: Bench) -> None:
    bench.save(bench.weather("z", base=5500, spread=200, units="m2 s-2", levels=(500.0,)))


@CASES.add(
    "geopotential at 1000 hPa without units: m2 s-2 or m",
    Refused("no units are declared, and the values (280.11 to 319.888) may be in m2 s-2 or in m"),
    "units-missing (error)",
)
def geopotential_in_two_readings(bench: Bench) -> None:
    bench.save(bench.weather("z", base=300, spread=20, units=None, levels=(1000.0,)))


@CASES.add("relative humidity in %, declared `%`", Read())
def per_cent(bench: Bench) -> xr.Dataset:
    good = bench.weather("r", base=60, spread=30, units="%", levels=(500.0,))
    bench.save(good)
    return good


@CASES.add("relative humidity as a share, declared `1`", Read())
def share(bench: Bench) -> xr.Dataset:
    good = bench.weather("r", base=60, spread=30, units="%", levels=(500.0,))
    bench.save(declared(good / 100, "1", "r"))
    return good


@CASES.add(
    "relative humidity as a share, declared `%`",
    Refused("declared in %, but the values (0.301643 to 0.898326) look like 1"),
    "units-contradict (error, mended)",
)
def share_called_per_cent(bench: Bench) -> None:
    bench.save(bench.weather("r", base=0.6, spread=0.3, units="%", levels=(500.0,)))


@CASES.add(
    "relative humidity as a share without units, under WeatherBench 2's name",
    Read(),
    "units-missing (note, mended)",
)
def share_as_weatherbench_2_has_it(bench: Bench) -> xr.Dataset:
    good = bench.weather("r", base=60, spread=30, units="%", levels=(500.0,))
    bench.save(declared(good.rename(r="relative_humidity") / 100, None, "relative_humidity"))
    return good


@CASES.add(
    "no units, and no value in the whole of the data",
    Refused("no units are declared, and the frames looked at hold no value to tell K or degC by"),
    "units-missing (error), missing-values (warning)",
)
def nothing_to_tell_units_by(bench: Bench) -> None:
    bench.save(bench.weather(units=None) * np.nan)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_units_are_read_or_refused_as_the_table_says(judge, case: Case):
    judge(case)


def test_the_table_of_units_is_that_of_the_cases():
    compare_with_document("Units", CASES)
