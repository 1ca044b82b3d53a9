"""Inputs on turned, shifted, uneven, foreign and broken grids."""

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


def at(dataset: xr.Dataset, **axes: list | np.ndarray) -> xr.Dataset:
    """A dataset with other rows or columns under their numbers."""
    coordinates = {name: (name, np.asarray(values)) for name, values in axes.items()}
    attrs = {name: dataset[name].attrs for name in axes}
    dataset = dataset.assign_coords(coordinates)
    for name in axes:
        dataset[name].attrs = attrs[name]
    return dataset


@CASES.add("rows from south to north", Read(), "latitude-order (note, mended)")
def south_first(bench: Bench) -> None:
    bench.save(bench.weather().isel(lat=slice(None, None, -1)))


@CASES.add("rows in no order", Read(), "latitude-order (note, mended)")
def rows_in_no_order(bench: Bench) -> None:
    bench.save(bench.weather().isel(lat=[1, 0, 3, 2]))


@CASES.add("columns from −180° to 180°", Read(), "longitude-range (note, mended)")
def columns_from_the_date_line(bench: Bench) -> None:
    east = np.arange(-180, 180, 45.0)
    bench.save(at(bench.weather().sel(lon=east % 360), lon=east))


@CASES.add("columns 0…135, −180…−45°", Read(), "longitude-range (note, mended)")
def columns_with_a_jump(bench: Bench) -> None:
    data = bench.weather()
    bench.save(at(data, lon=(data["lon"].values + 180) % 360 - 180))


@CASES.add("the first column once more at 360°", Read(), "repeated-column (note, mended)")
def repeated_column(bench: Bench) -> None:
    data = bench.weather()
    bench.save(at(data.isel(lon=[*range(8), 0]), lon=np.arange(0, 361, 45.0)))


@CASES.add("rows at the poles", Read())
def rows_at_the_poles(bench: Bench) -> xr.Dataset:
    good = bench.weather(latitude=np.linspace(90, -90, 5))
    bench.save(good)
    return good


def across_greenwich(bench: Bench) -> xr.Dataset:
    return bench.weather(latitude=np.array([60.0, 50, 40]), longitude=np.array([-20.0, -10, 0, 10]))


@CASES.add(
    "a region across Greenwich: 340, 350, 0, 10°",
    Read("the same series from −20 to 10°"),
    "longitude-range (note, mended)",
)
def region_in_two_pieces(bench: Bench) -> xr.Dataset:
    good = across_greenwich(bench)
    bench.save(at(good.isel(lon=[2, 3, 0, 1]), lon=[0.0, 10, 340, 350]))
    return good


@CASES.add("axes stored as (time, longitude, latitude)", Read())
def transposed(bench: Bench) -> None:
    bench.save(bench.weather().transpose("time", "lon", "lat"))


@CASES.add("axes stored as (latitude, longitude, time)", Read())
def time_last(bench: Bench) -> None:
    bench.save(bench.weather().transpose("lat", "lon", "time"), "a.zarr")


@CASES.add("dimensions y and x, with lat and lon along them", Read())
def other_names_of_dimensions(bench: Bench) -> None:
    bench.save(bench.weather().rename_dims(lat="y", lon="x"))


@CASES.add(
    "latitude and longitude under each other's names",
    Refused("latitude reaches 315° and longitude stays within ±90°: the two seem to be swapped"),
    "swapped-axes (error)",
)
def swapped_names(bench: Bench) -> None:
    data = bench.weather().drop_attrs()
    data["t2m"].attrs["units"] = "K"
    bench.save(data.rename(lat="lon", lon="lat"))


@CASES.add(
    "no latitude",
    Refused("there is no latitude; expected a coordinate named latitude or lat"),
    "no-coordinates (error)",
)
def no_latitude(bench: Bench) -> None:
    bench.save(bench.weather().drop_vars("lat"))


@CASES.add(
    "coordinates in radians",
    Refused("latitude is in radians; convert it to degrees"),
    "no-coordinates (error)",
)
def radians(bench: Bench) -> None:
    data = bench.weather()
    data["lat"] = ("lat", np.deg2rad(data["lat"].values), {"units": "radians"})
    bench.save(data)


@CASES.add(
    "a latitude that is missing",
    Refused("latitude holds missing values; write the coordinates of every row and column"),
    "no-coordinates (error)",
)
def missing_latitude(bench: Bench) -> None:
    bench.save(at(bench.weather(), lat=[67.5, np.nan, -22.5, -67.5]))


@CASES.add(
    "latitudes from 0 to 180°",
    Refused("latitude reaches 157.5°, beyond the poles"),
    "no-coordinates (error)",
)
def beyond_the_pole(bench: Bench) -> None:
    bench.save(at(bench.weather(), lat=[157.5, 112.5, 67.5, 22.5]))


@CASES.add(
    "a row that stands twice",
    Refused("latitude holds -67.5° twice; drop the repeated cells"),
    "uneven-grid (error)",
)
def repeated_row(bench: Bench) -> None:
    bench.save(bench.weather().isel(lat=[0, 1, 2, 3, 3]))


@CASES.add(
    "rows at uneven distances",
    Refused("latitude is unevenly spaced, in steps of 42.5° to 60°; regrid the data"),
    "uneven-grid (error)",
)
def uneven(bench: Bench) -> None:
    bench.save(at(bench.weather(), lat=[80.0, 20, -25, -67.5]))


@CASES.add(
    "a Gaussian grid",
    Refused(
        "latitude is unevenly spaced, in steps of 39.56° to 39.76°, as on a Gaussian grid; "
        "regrid the data"
    ),
    "gaussian (error)",
)
def gaussian(bench: Bench) -> None:
    bench.save(at(bench.weather(), lat=[59.44, 19.88, -19.88, -59.44]))


@CASES.add(
    "a reduced Gaussian grid (GRIB)",
    Refused(
        "the grid is a reduced Gaussian one (its rows have fewer cells towards the poles); "
        "regrid the data"
    ),
    "gaussian (error)",
)
def reduced_gaussian(bench: Bench) -> None:
    message = {"sample": "reduced_gg_sfc_grib2", "shortName": "2t"}
    bench.grib([message | {"dataTime": hour} for hour in (0, 600)])


@CASES.add(
    "spherical harmonics (GRIB)",
    Refused("the grid is none: these are coefficients of spherical harmonics; regrid the data"),
    "no-coordinates (error)",
)
def spherical_harmonics(bench: Bench) -> None:
    message = {"sample": "sh_pl_grib2", "shortName": "t", "level": 500}
    bench.grib([message | {"dataTime": hour} for hour in (0, 600)])


@CASES.add(
    "a rotated grid",
    Refused("the grid is rotated (its pole is moved); regrid the data"),
    "rotated (error)",
)
def rotated(bench: Bench) -> None:
    bench.save(bench.weather().rename(lat="rlat", lon="rlon"))


@CASES.add(
    "a projected or curvilinear grid: a latitude for each cell",
    Refused(
        "the grid is projected or curvilinear (each cell has a latitude and longitude of "
        "its own); regrid the data"
    ),
    "rotated (error)",
)
def projected(bench: Bench) -> None:
    data = bench.weather().rename_dims(lat="y", lon="x")
    latitude, longitude = xr.broadcast(data["lat"], data["lon"])
    data = data.drop_vars(["lat", "lon"])
    bench.save(data.assign_coords(lat=latitude.variable, lon=longitude.variable))


@CASES.add(
    "single points along one dimension",
    Refused("has no known variable; it has t2m (which has no rows and columns)"),
    "no-coordinates (error)",
)
def points(bench: Bench) -> None:
    bench.save(bench.weather().stack(cell=("lat", "lon")).reset_index("cell"))


@CASES.add(
    "tiles of one grid in two files",
    Refused("on different grids: longitude 0, 45, … 135 against 180, 225, … 315"),
    "duplicate-time (error), grids-differ (error)",
)
def tiles(bench: Bench) -> None:
    for name, columns in (("west.nc", slice(0, 4)), ("east.nc", slice(4, 8))):
        bench.save(bench.weather().isel(lon=columns), name)


@CASES.add(
    "files on two grids in one folder",
    Refused("4×4 cells, latitude 67.5 to -67.5, longitude 0 to 270 against 4×8 cells"),
    "grids-differ (error)",
)
def two_grids(bench: Bench) -> None:
    bench.save(bench.weather())
    bench.save(bench.weather(first="2015-01-03", longitude=np.arange(0, 360, 90.0)), "b.nc")


@CASES.add(
    "a second variable on another grid",
    Refused("4×4 cells, latitude 67.5 to -67.5, longitude 0 to 270 against 4×8 cells"),
    "grids-differ (error)",
)
def variables_on_two_grids(bench: Bench) -> None:
    bench.save(bench.weather())
    pressure = bench.weather("msl", base=101_300, units="Pa", longitude=np.arange(0, 360, 90.0))
    bench.save(pressure, "b.nc")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_grids_are_read_or_refused_as_the_table_says(judge, case: Case):
    judge(case)


def test_the_table_of_grids_is_that_of_the_cases():
    compare_with_document("Grids", CASES)
