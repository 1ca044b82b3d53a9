import pickle
import sys

import numpy as np
import pytest

from pipelines.weather_grib import open_grib
from pipelines.weatherbench import open_weatherbench

SHAPE = (3, 4)
FIELD = np.linspace(260, 300, 12).reshape(SHAPE)


def surface(hour=0, date=20150101, **keys):
    return {
        "shortName": "2t",
        "dataDate": date,
        "dataTime": 100 * hour,
        "values": FIELD + hour,
        **keys,
    }


def aloft(level, hour=0, name="t", **keys):
    return surface(
        hour,
        shortName=name,
        typeOfLevel="isobaricInhPa",
        level=level,
        values=FIELD - 20 + hour + level / 1000,
        **keys,
    )


def test_frames_come_with_their_times_and_their_place_on_earth(tmp_path, write_grib):
    file = write_grib(tmp_path / "a.grib", [surface(hour) for hour in (6, 0, 12)])
    series = open_weatherbench(file)
    assert series["channel"].values.tolist() == ["t2m"]
    assert series["time"].dt.hour.values.tolist() == [0, 6, 12]
    assert series["latitude"].values.tolist() == [60, 50, 40]
    assert series["longitude"].values.tolist() == [0, 10, 20, 30]
    np.testing.assert_allclose(series[1, 0].values, FIELD + 6, atol=1e-4)
    assert [place.name for place in tmp_path.iterdir()] == ["a.grib"]  # no index is left behind


@pytest.mark.parametrize("edition", [1, 2])
@pytest.mark.parametrize("south_first", [True, False])
def test_both_editions_and_both_orders_of_rows_are_read(tmp_path, write_grib, edition, south_first):
    latitude = (40.0, 50.0, 60.0) if south_first else (60.0, 50.0, 40.0)
    values = FIELD[::-1] if south_first else FIELD
    file = write_grib(
        tmp_path / "a.grb",
        [surface(hour, values=values + hour) for hour in (0, 6)],
        edition=edition,
        latitude=latitude,
    )
    series = open_weatherbench(file)
    assert series["latitude"].values.tolist() == [60, 50, 40]
    np.testing.assert_allclose(series[1, 0].values, FIELD + 6, atol=1e-4)


def test_a_region_across_greenwich_stays_in_one_piece(tmp_path, write_grib):
    for edition in (1, 2):
        file = write_grib(
            tmp_path / f"{edition}.grib",
            [surface(hour) for hour in (0, 6)],
            edition=edition,
            longitude=(-20, -10, 0, 10),
        )
        series = open_weatherbench(file)
        assert series["longitude"].values.tolist() == [-20, -10, 0, 10]
        np.testing.assert_allclose(series[0, 0].values, FIELD, atol=1e-4)


def test_columns_that_are_stored_one_after_the_other_are_put_in_order(tmp_path, write_grib):
    messages = [surface(hour, jPointsAreConsecutive=1, values=FIELD.T) for hour in (0, 6)]
    series = open_weatherbench(write_grib(tmp_path / "a.grib", messages))
    np.testing.assert_allclose(series[0, 0].values, FIELD, atol=1e-4)


def test_columns_from_east_to_west_are_turned_around(tmp_path, write_grib):
    keys = {
        "iScansNegatively": 1,
        "longitudeOfFirstGridPointInDegrees": 30,
        "longitudeOfLastGridPointInDegrees": 0,
    }
    messages = [surface(hour, values=FIELD[:, ::-1]) | keys for hour in (0, 6)]
    series = open_weatherbench(write_grib(tmp_path / "a.grib", messages))
    assert series["longitude"].values.tolist() == [0, 10, 20, 30]
    np.testing.assert_allclose(series[0, 0].values, FIELD, atol=1e-4)


def test_a_grid_around_the_globe_is_circular(tmp_path, write_grib):
    for longitude in ((0, 90, 180, 270), (-180, -90, 0, 90)):
        file = write_grib(tmp_path / "a.grib", [surface(0), surface(6)], longitude=longitude)
        series = open_weatherbench(file)
        np.testing.assert_allclose(series["longitude"].values, [0, 90, 180, 270], atol=1e-9)
        first = 0 if longitude[0] == 0 else 2
        np.testing.assert_allclose(series[0, 0].values, np.roll(FIELD, -first, 1), atol=1e-4)


def test_variables_and_levels_of_one_file_become_channels(tmp_path, write_grib):
    messages = [
        message
        for hour in (0, 6)
        for message in (surface(hour), aloft(850, hour), aloft(500, hour), aloft(500, hour, "u"))
    ]
    messages[3]["values"] = messages[7]["values"] = np.zeros(SHAPE)
    series = open_weatherbench(write_grib(tmp_path / "all", messages))  # without an ending
    assert series["channel"].values.tolist() == ["t2m", "t500", "t850", "u500"]
    np.testing.assert_allclose(series.sel(channel="t850")[1].values, FIELD - 20 + 6.85, atol=1e-4)
    assert open_weatherbench(tmp_path, variables=["t850"]).sizes["channel"] == 1


def test_a_time_that_a_level_lacks_is_absent_from_it(tmp_path, write_grib):
    messages = [aloft(level, hour) for level in (500, 850) for hour in (0, 6, 12)]
    file = write_grib(tmp_path / "a.grib", messages[:-1])
    cubes = open_grib(file)
    assert [dict(cube["t"].sizes)["time"] for cube in cubes] == [3, 2]
    series = open_weatherbench(file)
    assert series.sizes["time"] == 2
    assert "1 frames are left out" in series.attrs["note"]
    masked = open_weatherbench(file, missing="mask")
    assert np.isnan(masked.sel(channel="t850").values[2]).all()


def test_sums_since_the_start_of_forecasts_lie_on_one_axis_of_times(tmp_path, write_grib):
    def rain(start, step):
        return {
            "shortName": "tp",
            "dataDate": 20150101,
            "dataTime": 100 * start,
            "stepType": "accum",
            "stepRange": f"0-{step}",
            "values": np.full(SHAPE, 1e-3 * (start + step)),
        }

    messages = [rain(start, step) for start in (6, 18) for step in (3, 6, 9, 12)]
    file = write_grib(tmp_path / "a.grib", messages, edition=1)
    series = open_weatherbench(file)
    hours = (series["time"].values - np.datetime64("2015-01-01")) / np.timedelta64(1, "h")
    assert hours.tolist() == [9, 12, 15, 18, 21, 24, 27, 30]
    np.testing.assert_allclose(series[:, 0, 0, 0].values, hours / 1000, rtol=1e-4)
    write_grib(file, [*messages, rain(12, 3)], edition=1)  # valid at 15 h once more
    with pytest.raises(ValueError, match="at the steps 0-9 and 0-3 of forecasts: these are not a"):
        open_weatherbench(file)


def test_missing_values_are_missing_and_9999_is_a_value(tmp_path, write_grib):
    values = FIELD.copy()
    values[1, 2] = np.nan
    height = np.where(np.arange(12).reshape(SHAPE) == 5, 9999.0, 9500.0)
    messages = [
        message
        for hour in (0, 6)
        for message in (
            surface(hour, values=values),
            aloft(250, hour, "gh") | {"values": height},
        )
    ]
    series = open_weatherbench(write_grib(tmp_path / "a.grib", messages))
    assert np.argwhere(np.isnan(series[0, 0].values)).tolist() == [[1, 2]]
    z = series.sel(channel="z250")[0].values
    np.testing.assert_allclose(z.ravel()[5], 9999 * 9.80665, rtol=1e-6)


def test_ground_and_land_come_from_grib_too(tmp_path, write_grib):
    ground = {
        "shortName": "z",
        "typeOfLevel": "surface",
        "values": 9.80665 * np.arange(12.0).reshape(SHAPE),
    }
    land = {"shortName": "lsm", "values": np.linspace(0, 1, 12).reshape(SHAPE)}
    messages = [
        *[{"dataDate": 20150101, "dataTime": 0} | message for message in (ground, land)],
        *[aloft(500, hour, "z") | {"values": 54_000 + FIELD} for hour in (0, 6)],
    ]
    series = open_weatherbench(write_grib(tmp_path / "a.grib", messages, edition=1))
    assert series["channel"].values.tolist() == ["z500"]
    np.testing.assert_allclose(series["orography"].values.ravel(), np.arange(12), atol=1e-4)
    np.testing.assert_allclose(
        series["land_sea_mask"].values.ravel(), np.linspace(0, 1, 12), atol=1e-6
    )


def test_values_are_read_where_they_are_asked_for(tmp_path, write_grib):
    messages = [aloft(level, hour) for hour in (0, 6, 12) for level in (850, 500)]
    array = open_grib(write_grib(tmp_path / "a.grib", messages))[0]["t"]
    whole = array.values
    for chosen in (
        {"time": [2, 0], "latitude": slice(None, None, -1)},
        {"time": 1, "isobaricInhPa": 0, "longitude": [3, 1], "latitude": 2},
        {"longitude": slice(1, 3), "latitude": [0, 2]},
    ):
        expected = array.copy(data=whole).isel(chosen).values
        np.testing.assert_array_equal(array.isel(chosen).values, expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(array)).values, whole)  # noqa: S301


@pytest.mark.parametrize("where", [-60, 40, 250])
def test_a_file_that_is_cut_short_is_refused(tmp_path, write_grib, where):
    file = write_grib(tmp_path / "a.grib", [surface(hour) for hour in range(3)])
    file.write_bytes(file.read_bytes()[:where])
    with pytest.raises(ValueError, match="a.grib cannot be read: the GRIB file is cut short"):
        open_weatherbench(file)


def test_members_of_an_ensemble_are_refused(tmp_path, write_grib):
    members = [
        surface(productDefinitionTemplateNumber=1, number=number, numberOfForecastsInEnsemble=2)
        for number in (1, 2)
    ]
    with pytest.raises(
        ValueError, match="2t has 2 members of an ensemble .'number' 1, 2.*grib_copy"
    ):
        open_weatherbench(write_grib(tmp_path / "a.grib", members))


def test_a_message_that_stands_twice_is_refused(tmp_path, write_grib):
    file = write_grib(tmp_path / "a.grib", [surface(), surface(6), surface(6)])
    with pytest.raises(ValueError, match="2t stands twice for 2015-01-01T06:00; remove one"):
        open_weatherbench(file)


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        ("reduced_gg_sfc_grib2", "a.grib: the grid is a reduced Gaussian one.*; regrid the data"),
        ("regular_gg_sfc_grib2", "as on a Gaussian grid; regrid the data"),
        ("rotated_ll_sfc_grib2", "the grid is rotated .its pole is moved.; regrid the data"),
        ("polar_stereographic_sfc_grib2", "the grid is projected .polar stereographic.; regrid"),
        ("sh_pl_grib2", "the grid is none: these are coefficients of spherical harmonics"),
    ],
)
def test_other_grids_are_refused_with_the_reason(tmp_path, write_grib, sample, message):
    keys = {"shortName": "2t", "sample": sample}
    if sample == "sh_pl_grib2":
        keys |= {"shortName": "t", "typeOfLevel": "isobaricInhPa", "level": 500}
    with pytest.raises(ValueError, match=message):
        open_weatherbench(write_grib(tmp_path / "a.grib", [keys]))


def test_units_that_contradict_the_values_are_refused(tmp_path, write_grib):
    file = write_grib(tmp_path / "a.grib", [surface(values=FIELD - 273.15)])
    with pytest.raises(ValueError, match="look like degC.*write it as NetCDF with the units"):
        open_weatherbench(file)


def test_a_netcdf_beside_the_grib_that_it_was_made_from_is_enough(
    tmp_path, write_grib, make_weather
):
    file = write_grib(tmp_path / "a.grib", [surface(hour) for hour in (0, 6)])
    opened = open_weatherbench(file)
    copy = make_weather(
        frames=2,
        latitude=opened["latitude"].values,
        longitude=opened["longitude"].values,
    )
    copy.to_netcdf(tmp_path / "b.nc")
    series = open_weatherbench(tmp_path)
    np.testing.assert_array_equal(series[:, 0].values, copy["t2m"].values)
    (tmp_path / "b.nc").unlink()
    copy.isel(time=[0]).to_netcdf(tmp_path / "c.nc")
    with pytest.raises(ValueError, match="stand twice, in .*c.nc and .*a.grib"):
        open_weatherbench(tmp_path)


def test_without_cfgrib_the_way_to_install_it_is_told(tmp_path, write_grib, monkeypatch):
    file = write_grib(tmp_path / "a.grib", [surface()])
    monkeypatch.setitem(sys.modules, "cfgrib.messages", None)
    with pytest.raises(ValueError, match=r"needs cfgrib: pip install 'stforecast\[grib\]'"):
        open_weatherbench(file)


def test_preliminary_frames_are_counted(tmp_path, write_grib):
    messages = [surface(hour) for hour in (0, 6, 12)]
    for message, version in zip(messages, ("0001", "0005", "0005"), strict=True):
        values = message.pop("values")
        message |= {"setLocalDefinition": 1, "localDefinitionNumber": 1, "expver": version}
        message["values"] = values
    series = open_weatherbench(write_grib(tmp_path / "a.grib", messages, edition=1))
    assert series.attrs["note"] == "t2m: 2 frames are preliminary (ERA5T, expver 5)"
