"""Inputs with members, versions, levels, names and layouts of their own."""

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


@CASES.add(
    "`expver` as a dimension: final and preliminary ERA5 side by side",
    Read(note="t2m: final ERA5 where there is any, else preliminary ERA5T (expver 5)"),
    "expver-mixed (warning, mended)",
)
def versions_side_by_side(bench: Bench) -> None:
    data = bench.weather()
    final = data.where(data["time"] < data["time"][5])
    preliminary = data.where(data["time"] >= data["time"][5])
    both = xr.concat([final, preliminary], "expver").assign_coords(expver=[1, 5])
    both["t2m"].attrs["units"] = "K"
    bench.save(both.transpose("time", "expver", ...))


@CASES.add(
    "`expver` along time: some frames are preliminary",
    Read(note="t2m: 3 frames are preliminary (ERA5T, expver 5)"),
    "expver-mixed (note)",
)
def versions_along_time(bench: Bench) -> None:
    bench.save(bench.weather().assign_coords(expver=("time", ["0001"] * 5 + ["0005"] * 3)))


@CASES.add(
    "other values than 1 and 5 along `expver`",
    Refused(
        "t2m has a dimension 'expver' with the values 1, 9; expected 1 for final ERA5 and "
        "5 for preliminary ERA5T"
    ),
    "expver-mixed (error)",
)
def other_versions(bench: Bench) -> None:
    both = xr.concat([bench.weather(), bench.weather()], "expver").assign_coords(expver=[1, 9])
    bench.save(both.transpose("time", "expver", ...))


@CASES.add("one member (`number` of size 1)", Read())
def one_member(bench: Bench) -> None:
    bench.save(bench.weather().expand_dims(number=[0]).transpose("time", ...))


@CASES.add(
    "several members (`number`)",
    Refused("t2m has a dimension 'number' of 2, which a frame has no place for; select one"),
    "ensemble (error)",
)
def members(bench: Bench) -> None:
    both = xr.concat([bench.weather(), bench.weather() + 1], "number")
    bench.save(both.assign_coords(number=[0, 1]).transpose("time", ...))


@CASES.add(
    "several members (GRIB)",
    Refused(
        "2t has 2 members of an ensemble ('number' 0, 1), which a frame has no place for; "
        "select one"
    ),
    "ensemble (error)",
)
def members_in_grib(bench: Bench) -> None:
    keys = {"productDefinitionTemplateNumber": 1, "numberOfForecastsInEnsemble": 2}
    bench.grib([m for n in (0, 1) for m in bench.messages(bench.weather(), **keys, number=n)])


@CASES.add(
    "several steps of forecasts valid at one time (GRIB)",
    Refused(
        "2t stands several times for 2015-01-01T06:00, at the steps 0 and 6 of forecasts: "
        "these are not a series; select one"
    ),
    "init-valid-time (error)",
)
def steps_in_grib(bench: Bench) -> None:
    messages = bench.messages(bench.weather())[:2]
    bench.grib([*messages, messages[0] | {"stepRange": "6"}])


@CASES.add(
    "a dimension that nobody knows",
    Refused("t2m has a dimension 'kind' of 2, which a frame has no place for; select one"),
    "ensemble (error)",
)
def unknown_dimension(bench: Bench) -> None:
    both = xr.concat([bench.weather(), bench.weather()], "kind")
    bench.save(both.transpose("time", ...))


def aloft(bench: Bench, **options: object) -> xr.Dataset:
    return bench.weather("t", base=255, levels=(500.0, 850.0), **options)


@CASES.add("levels of pressure in Pa", Read())
def levels_in_pascals(bench: Bench) -> xr.Dataset:
    data = aloft(bench)
    pascals = ("level", data["level"].values * 100, {"units": "Pa"})
    bench.save(data.assign_coords(level=pascals).rename(level="plev"))
    return data


@CASES.add("levels from the highest pressure", Read())
def levels_turned(bench: Bench) -> xr.Dataset:
    bench.save(aloft(bench).isel(level=[1, 0]))
    return aloft(bench)


@CASES.add("one level in each file", Read())
def levels_in_files(bench: Bench) -> xr.Dataset:
    data = aloft(bench)
    for level in (500, 850):
        bench.save(data.sel(level=[level]), f"t_{level}.nc")
    return data


@CASES.add(
    "levels of the model (1, 2, 3, …)",
    Refused(
        "level holds 1, 2, 3, 4: these are not levels of pressure in hPa, but perhaps "
        "numbers of model levels"
    ),
    "levels (error)",
)
def model_levels(bench: Bench) -> None:
    data = bench.weather("t", base=255, levels=(1.0, 2.0, 3.0, 4.0))
    data["level"].attrs = {}
    bench.save(data)


@CASES.add(
    "hybrid levels named so",
    Refused(
        "level holds 60, 90: these are not levels of pressure in hPa, but perhaps numbers "
        "of model levels"
    ),
    "levels (error)",
)
def hybrid_levels(bench: Bench) -> None:
    data = bench.weather("t", base=255, levels=(60.0, 90.0))
    data["level"].attrs = {"standard_name": "atmosphere_hybrid_sigma_pressure_coordinate"}
    bench.save(data)


@CASES.add(
    "levels of height in m",
    Refused(
        "level is in 'm', not in hPa: only levels of pressure are read; interpolate the "
        "data to them"
    ),
    "levels (error)",
)
def levels_of_height(bench: Bench) -> None:
    data = bench.weather("t", base=255, levels=(10.0, 100.0))
    data["level"].attrs = {"units": "m"}
    bench.save(data)


@CASES.add(
    "temperature aloft without a level",
    Refused("has no known variable; it has t (whose level is not told)"),
    "unknown-variable (error)",
)
def no_level(bench: Bench) -> None:
    bench.save(bench.weather("t"))


@CASES.add(
    "a variable that nobody knows, alone",
    Refused("has no known variable; it has soil_type"),
    "unknown-variable (error)",
)
def unknown_variable(bench: Bench) -> None:
    bench.save(bench.weather("soil_type", units="1"))


@CASES.add(
    "a variable that nobody knows beside one that is known", Read(), "unknown-variable (note)"
)
def unknown_variable_beside(bench: Bench) -> None:
    bench.save(bench.weather().assign(soil_type=bench.weather()["t2m"]))


@CASES.add("a known variable under a foreign name, with its CF standard name and height", Read())
def foreign_name(bench: Bench) -> None:
    data = bench.weather().rename(t2m="tas").assign_coords(height=2.0)
    data["tas"].attrs["standard_name"] = "air_temperature"
    bench.save(data)


@CASES.add(
    "a variable that is wanted and absent", Refused("has no z500; it has t2m"), variables=["z500"]
)
def wanted_and_absent(bench: Bench) -> None:
    bench.save(bench.weather())


@CASES.add(
    "one variable under two names in one file",
    Refused("under several names, t2m, 2m_temperature; leave one out"),
    "duplicate-time (error)",
)
def two_names(bench: Bench) -> None:
    data = bench.weather()
    bench.save(data.assign({"2m_temperature": data["t2m"] + 1}))


@CASES.add("text beside numbers", Read(), "dtype (note)")
def text_beside(bench: Bench) -> None:
    data = bench.weather()
    bench.save(data.assign(label=(data["t2m"].dims, np.full(data["t2m"].shape, "x", object))))


@CASES.add(
    "new NetCDF of the Climate Data Store: `valid_time`, `pressure_level`, `number`, `expver`",
    Read(),
)
def climate_data_store(bench: Bench) -> xr.Dataset:
    data = aloft(bench)
    new = data.rename(time="valid_time", level="pressure_level", lat="latitude", lon="longitude")
    new["pressure_level"].attrs["units"] = "hPa"
    bench.save(new.assign_coords(number=0, expver=("valid_time", ["0001"] * 8)))
    return data


@CASES.add(
    "WeatherBench 2: (time, longitude, latitude) from the south, without units",
    Read(),
    "units-missing (note, mended), latitude-order (note, mended)",
)
def weatherbench_2(bench: Bench) -> None:
    data = bench.weather().rename(t2m="2m_temperature", lat="latitude", lon="longitude")
    turned = data.isel(latitude=slice(None, None, -1)).drop_attrs()
    bench.save(turned.transpose("time", "longitude", "latitude"), "era5.zarr")


@CASES.add("a folder a month", Read())
def folder_a_month(bench: Bench) -> xr.Dataset:
    data = bench.weather(first="2014-12-31")
    for month in ("2014-12", "2015-01"):
        bench.save(data.sel(time=month), f"{month[:4]}/{month[5:]}/data.nc")
    return data


@CASES.add("GRIB 1", Read(tolerance=1e-6))
def grib_1(bench: Bench) -> None:
    bench.grib(bench.messages(bench.weather()), edition=1)


@CASES.add(
    "a GRIB message that stands twice",
    Refused(
        "2t stands twice for 2015-01-01T18:00; remove one of the messages, or fetch the file again"
    ),
    "duplicate-time (error)",
)
def message_twice(bench: Bench) -> None:
    messages = bench.messages(bench.weather())
    bench.grib([*messages, messages[3]])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_layouts_are_read_or_refused_as_the_table_says(judge, case: Case):
    judge(case)


def test_the_table_of_layouts_is_that_of_the_cases():
    compare_with_document("Layouts", CASES)
