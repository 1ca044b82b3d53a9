from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pipelines.weather_fields import as_slice, fields_of
from pipelines.weather_files import open_source
from pipelines.weatherbench import open_weatherbench

SIX_HOURS = np.timedelta64(6, "h")


def field_in(place: Path):
    (field,), _ = fields_of(open_source(place))
    return field


def save(dataset: xr.Dataset, place: Path, **encoding) -> Path:
    name = next(iter(dataset.data_vars))
    if place.suffix == ".nc":
        place.parent.mkdir(exist_ok=True)
        dataset.to_netcdf(place, encoding={name: encoding} if encoding else None)
    else:
        dataset.to_zarr(place, zarr_format=3, consolidated=False, encoding={name: encoding})
    return place


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
@pytest.mark.parametrize(
    "dims",
    [
        ("time", "level", "lat", "lon"),
        ("time", "level", "lon", "lat"),
        ("level", "lon", "time", "lat"),
    ],
)
def test_values_come_as_time_level_row_column_whatever_the_order(
    tmp_path, make_weather, suffix, dims
):
    dataset = make_weather("t", levels=(850.0, 500.0, 250.0), base=260)
    field = field_in(save(dataset.transpose(*dims), tmp_path / f"a{suffix}"))
    whole = dataset["t"].values
    np.testing.assert_array_equal(field.read(slice(None), field.levels), whole)
    for frames in (slice(1, 7, 2), np.array([5, 0, 3]), np.array([4]), np.array([6, 4, 2])):
        found = field.read(frames, [250.0, 850.0], rows=slice(1, 3), columns=slice(0, 8, 3))
        np.testing.assert_array_equal(found, whole[frames][:, [2, 0], 1:3, 0:8:3])


def test_without_levels_there_is_one(tmp_path, make_weather):
    dataset = make_weather()
    field = field_in(save(dataset, tmp_path / "a.nc"))
    assert field.read(slice(2, 4)).shape == (2, 1, 4, 8)
    single = make_weather("t", levels=(850.0,), base=260).isel(level=0)
    field = field_in(save(single, tmp_path / "b.nc"))
    assert field.levels == (850.0,)
    assert field.read(slice(2, 4), [850.0]).shape == (2, 1, 4, 8)


def test_half_precision_is_widened_before_anything_is_computed(tmp_path, make_weather):
    dataset = make_weather().astype("float16")
    dataset["t2m"].attrs["units"] = "K"
    field = field_in(save(dataset, tmp_path / "a.zarr"))
    assert field.array.dtype == "float16"
    assert field.read(slice(None)).dtype == "float32"
    packed = {"dtype": "int16", "scale_factor": 0.001, "add_offset": 280.0}
    field = field_in(save(make_weather(), tmp_path / "b.nc", _FillValue=-32_768, **packed))
    assert field.read(slice(None)).dtype == "float64"


def test_whole_numbers_are_read_as_they_are(tmp_path, make_weather):
    dataset = make_weather().round().astype("int16")
    dataset["t2m"].attrs["units"] = "K"
    values = field_in(save(dataset, tmp_path / "a.nc")).read(slice(None))
    assert values.dtype == "float32"
    np.testing.assert_array_equal(values[:, 0], dataset["t2m"].values)


@pytest.mark.parametrize(
    ("suffix", "encoding", "expected"),
    [
        (".nc", {}, {"time": 1, "level": 1, "y": 4, "x": 8}),
        (".nc", {"chunksizes": (2, 2, 4, 8)}, {"time": 2, "level": 2, "y": 4, "x": 8}),
        (".nc", {"chunksizes": (4, 1, 2, 4)}, {"time": 4, "level": 1, "y": 2, "x": 4}),
        (".zarr", {"chunks": (4, 1, 2, 8)}, {"time": 4, "level": 1, "y": 2, "x": 8}),
        (
            ".zarr",
            {"chunks": (2, 1, 2, 8), "shards": (8, 1, 4, 8)},
            {"time": 2, "level": 1, "y": 2, "x": 8},
        ),
    ],
)
def test_what_is_stored_together_is_known(tmp_path, make_weather, suffix, encoding, expected):
    dataset = make_weather("t", levels=(500.0, 850.0), base=260)
    assert field_in(save(dataset, tmp_path / f"a{suffix}", **encoding)).stored_chunks == expected


def test_frames_are_named_as_the_file_has_them(tmp_path, make_weather):
    dataset = make_weather().isel(time=[3, 0, 2, 1])
    field = field_in(save(dataset, tmp_path / "a.nc"))
    assert field.order.tolist() == [1, 3, 2, 0]
    assert (np.diff(field.times) > np.timedelta64(0)).all()
    first = field.read(field.order[:1])
    np.testing.assert_array_equal(first[:, 0], make_weather()["t2m"].values[:1])


@pytest.mark.parametrize(
    ("indices", "expected"),
    [
        ([3], slice(3, 4)),
        ([1, 2, 3], slice(1, 4, 1)),
        ([0, 4, 8], slice(0, 9, 4)),
        ([2, 1, 0], slice(2, None, -1)),
        ([0, 1, 3], None),
        ([2, 2], None),
    ],
)
def test_even_selections_are_slices(indices, expected):
    found = as_slice(np.array(indices))
    if expected is None:
        assert found.tolist() == indices
    else:
        assert found == expected


@pytest.mark.parametrize("versions", [[1, 5], [5, 1], ["0001", "0005"], [b"0005", b"0001"]])
def test_final_values_are_taken_where_there_are_any_else_preliminary(
    tmp_path, make_weather, versions
):
    dataset = make_weather()
    halves = [dataset.copy(deep=True), dataset.copy(deep=True) + 0.25]
    halves[0]["t2m"][5:] = np.nan  # final until the fifth frame, preliminary after it
    halves[1]["t2m"][:5] = np.nan
    halves[1]["t2m"][6, 2, 3] = np.nan  # missing in both
    if int(versions[0]) == 5:
        halves.reverse()
    both = xr.concat(halves, xr.DataArray(versions, dims="expver", name="expver"))
    both["t2m"].attrs["units"] = "K"
    series = open_weatherbench(save(both.transpose("time", ...), tmp_path / "a.nc"))
    expected = dataset["t2m"].values.copy()
    expected[5:] += 0.25
    expected[6, 2, 3] = np.nan
    np.testing.assert_array_equal(series[:, 0].values[:, ::-1], expected)
    assert series.attrs["note"] == (
        "t2m: final ERA5 where there is any, else preliminary ERA5T (expver 5)"
    )


def test_preliminary_frames_are_counted(tmp_path, make_weather):
    for name, dtype in (("a", object), ("b", "S4")):
        versions = np.array(["0001"] * 6 + ["0005"] * 2, dtype=dtype)
        dataset = make_weather().rename(time="valid_time")
        dataset = dataset.assign_coords(expver=("valid_time", versions), number=0)
        series = open_weatherbench(save(dataset, tmp_path / f"{name}.nc"))
        assert series.attrs["note"] == "t2m: 2 frames are preliminary (ERA5T, expver 5)"
        twelve = open_weatherbench(tmp_path / f"{name}.nc", time_step=2 * SIX_HOURS)
        assert twelve.attrs["note"] == "t2m: 1 frames are preliminary (ERA5T, expver 5)"


@pytest.mark.parametrize(
    ("dim", "values", "message"),
    [
        ("expver", [1, 2], "a.nc: t2m has a dimension 'expver' with the values 1, 2; expected 1"),
        ("number", [1, 5], "a.nc: t2m has a dimension 'number' of 2, which a frame has no place"),
    ],
)
def test_other_dimensions_are_refused(tmp_path, make_weather, dim, values, message):
    label = xr.DataArray(values, dims=dim, name=dim)
    dataset = xr.concat([make_weather(), make_weather()], label)
    with pytest.raises(ValueError, match=message):
        open_weatherbench(save(dataset, tmp_path / "a.nc"))


def test_a_level_may_stand_in_the_name(tmp_path, make_weather):
    dataset = make_weather("z500", base=54_000, units="m2 s-2")
    assert list(open_weatherbench(save(dataset, tmp_path / "a.nc"))["channel"].values) == ["z500"]


def test_a_level_may_stand_in_the_folder(tmp_path, make_weather):
    dataset = make_weather("z", base=54_000, units="m2 s-2")
    save(dataset, tmp_path / "geopotential_500" / "a.nc")
    assert list(open_weatherbench(tmp_path)["channel"].values) == ["z500"]


def test_what_is_no_field_is_passed_over(tmp_path, make_weather):
    dataset = make_weather()
    dataset["lsm"] = (("lat", "lon"), np.zeros((4, 8)))
    dataset["msl"] = ("time", np.full(8, 101_300.0))
    dataset["v10"] = (("time", "lat", "station"), np.zeros((8, 4, 2)))
    assert list(open_weatherbench(save(dataset, tmp_path / "a.nc"))["channel"].values) == ["t2m"]


def test_a_variable_is_known_by_its_standard_name(tmp_path, make_weather):
    named = make_weather("temp").assign_coords(height=2.0)
    named["temp"].attrs["standard_name"] = "air_temperature"
    pressure = make_weather("PRESS", base=1013, units="hPa")
    pressure["PRESS"].attrs["standard_name"] = "air_pressure_at_mean_sea_level"
    wind = make_weather("W", base=0, units="m s-1", levels=(500.0,))
    wind["W"].attrs["standard_name"] = "eastward_wind"
    dataset = named.merge(pressure).merge(wind)
    series = open_weatherbench(save(dataset, tmp_path / "a.nc"))
    assert list(series["channel"].values) == ["t2m", "msl", "u500"]
    assert series.sel(channel="msl").values.mean() == pytest.approx(101_300, abs=200)


def test_infinite_values_are_missing(tmp_path, make_weather):
    dataset = make_weather()
    dataset["t2m"].values[1, 0, :2] = np.inf, -np.inf
    series = open_weatherbench(save(dataset, tmp_path / "a.nc"))
    assert np.isnan(series[1, 0, -1, :2].values).all()
    assert int(series.isnull().sum()) == 2


def test_damaged_bytes_are_told_with_file_variable_and_times(tmp_path, make_weather):
    encoding = {"t2m": {"chunks": (4, 4, 8)}}
    make_weather(frames=40).to_zarr(tmp_path / "a.zarr", zarr_format=2, encoding=encoding)
    series = open_weatherbench(tmp_path / "a.zarr")
    chunk = tmp_path / "a.zarr" / "t2m" / "2.0.0"
    chunk.write_bytes(chunk.read_bytes()[:50])
    told = r"a\.zarr: t2m cannot be read between 2015-01-03T00:00 and 2015-01-03T18:00: what is"
    with pytest.raises(ValueError, match=told):
        series[8:12].compute()


def test_too_little_memory_is_no_damage(tmp_path, make_weather, monkeypatch):
    field = field_in(save(make_weather(), tmp_path / "a.nc"))

    def fail(*_args: object, **_options: object) -> None:
        raise MemoryError

    monkeypatch.setattr(xr.Variable, "transpose", fail)
    with pytest.raises(MemoryError):
        field.read(slice(0, 1))
