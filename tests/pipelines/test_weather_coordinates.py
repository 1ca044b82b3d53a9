import numpy as np
import pytest
import xarray as xr

from pipelines.weather_coordinates import find_grid, find_levels, find_time


def grid(latitude: tuple, longitude: tuple, **attrs: dict) -> xr.Dataset:
    names = {"lat": latitude, "lon": longitude}
    return xr.Dataset(coords={k: (k, list(v), attrs.get(k, {})) for k, v in names.items()})


@pytest.mark.parametrize(
    "new",
    [{"lat": "latitude", "lon": "longitude"}, {"lat": "nav_lat", "lon": "nav_lon"}, {"lat": "Lat"}],
)
def test_coordinates_are_found_by_many_names(new):
    y, x, placement = find_grid(grid((10, 0), (0, 90)).rename(new))
    assert (y, x) == (new.get("lat", "lat"), new.get("lon", "lon"))
    assert placement.grid.latitude.tolist() == [10, 0]


def test_attributes_say_more_than_names():
    attrs = {"lat": {"units": "degrees_east"}, "lon": {"units": "degrees_north"}}
    y, x, placement = find_grid(grid((0, 90, 180), (10, 0), **attrs))
    assert (y, x) == ("lon", "lat")
    assert placement.grid.shape == (2, 3)


def test_coordinates_may_have_another_name_than_their_dimensions():
    dataset = xr.Dataset(coords={"lat": ("y", [10.0, 0.0]), "lon": ("x", [0.0, 90.0])})
    assert find_grid(dataset)[:2] == ("y", "x")


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (xr.Dataset(coords={"lon": [0.0, 1.0]}), "there is no latitude; expected .*degrees_north"),
        (xr.Dataset(coords={"rlat": [0.0], "rlon": [0.0]}), "the grid is rotated"),
        (
            xr.Dataset(
                coords={"lat": (("y", "x"), np.ones((2, 2))), "lon": (("y", "x"), np.ones((2, 2)))}
            ),
            "projected or curvilinear",
        ),
        (
            xr.Dataset(coords={"lat": ("cell", [1.0, 2.0]), "lon": ("cell", [1.0, 2.0])}),
            "both lie along 'cell': these are single points",
        ),
        (xr.Dataset(coords={"lat": 1.0, "lon": 1.0}), "latitude has 0 dimensions"),
        (grid((1, 0), (0, 1), lat={"units": "radians"}), "latitude is in radians"),
        (grid((0, 100, 200), (10, 0)), "seem to be swapped"),
    ],
)
def test_other_grids_are_refused_with_the_reason(dataset, message):
    with pytest.raises(ValueError, match=message):
        find_grid(dataset)


def with_levels(values: list, name: str = "level", **attrs: str) -> xr.Dataset:
    array = xr.DataArray(np.zeros((len(values), 2)), dims=(name, "lat"))
    return array.assign_coords({name: (name, values, attrs)}).to_dataset(name="z")


@pytest.mark.parametrize(
    ("dataset", "dim"),
    [
        (with_levels([500, 850], units="millibars"), "level"),
        (with_levels([500, 850]), "level"),
        (with_levels([50_000.0, 85_000.0], "plev", units="Pa"), "plev"),
        (with_levels([50_000.0, 85_000.0], "plev"), "plev"),
        (with_levels([500.0, 850.0], "pressure_level", units="hPa"), "pressure_level"),
        (with_levels([500.0, 850.0], "isobaricInhPa", units="hPa"), "isobaricInhPa"),
    ],
)
def test_levels_are_found_in_hectopascals(dataset, dim):
    found, levels = find_levels(dataset, dataset["z"])
    assert found == dim
    assert levels.tolist() == [500, 850]


def test_a_single_level_has_no_dimension():
    dataset = with_levels([500, 850]).sel(level=500)
    found, levels = find_levels(dataset, dataset["z"])
    assert found is None
    assert levels.tolist() == [500]
    assert find_levels(dataset.drop_vars("level"), dataset["z"].drop_vars("level"))[1].size == 0


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (with_levels([1, 2, 3, 4]), "level holds 1, 2, 3, 4: these are not levels of pressure"),
        (
            with_levels([1, 2], standard_name="atmosphere_hybrid_sigma_pressure_coordinate"),
            "not levels",
        ),
        (with_levels([0, 500]), "not levels of pressure"),
        (with_levels([500, 500]), "not levels of pressure"),
        (with_levels([10, 50], units="m"), "level is in 'm', not in hPa"),
    ],
)
def test_levels_that_are_not_of_pressure_are_refused(dataset, message):
    with pytest.raises(ValueError, match=message):
        find_levels(dataset, dataset["z"])


def test_any_coordinate_that_counts_since_a_date_is_time():
    dataset = xr.Dataset(coords={"t": ("t", [0, 1], {"units": "days since 2000-01-01"})})
    assert find_time(dataset) == "t"


def started(lead: object = 6.0, **attrs: str) -> xr.Dataset:
    units = {"units": "hours since 2000-01-01"}
    times = ("time", np.arange(0, 18, 6), units | attrs)
    return xr.Dataset(coords={"time": times, "step": ((), lead, {"units": "hours"})})


@pytest.mark.parametrize("attrs", [{}, {"standard_name": "time", "long_name": "initial time of …"}])
def test_starts_of_forecasts_are_no_valid_times(attrs):
    told = "time is when forecasts start: they are valid at step = 6.0 hours later"
    with pytest.raises(ValueError, match=told):
        find_time(started(**attrs))


def test_valid_times_with_a_lead_beside_them_are_times():
    assert find_time(started(lead=0.0)) == "time"
    assert find_time(started(standard_name="time")) == "time"
    dataset = started()
    valid = ("time", dataset["time"].values + 6, dataset["time"].attrs)
    assert find_time(dataset.assign_coords(valid_time=valid)) == "valid_time"
