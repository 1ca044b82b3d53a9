from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pipelines.weather_frames import held_by, time_chunks
from pipelines.weather_opening import open_parts
from pipelines.weatherbench import open_weatherbench

SIX_HOURS = np.timedelta64(6, "h")


def save(dataset: xr.Dataset, file: Path) -> Path:
    dataset.to_netcdf(file)
    return file


def test_each_time_is_held_by_one_field_or_none(tmp_path, make_weather):
    make_weather(frames=4).to_netcdf(tmp_path / "a.nc")
    make_weather(frames=4, first="2015-01-03").isel(time=[2, 0, 1]).to_netcdf(tmp_path / "b.nc")
    fields = open_parts(tmp_path).parts[0].fields
    times = np.datetime64("2015-01-01", "ns") + np.arange(12) * np.timedelta64(6, "h")
    holders, frames = held_by(fields, times)
    assert holders.tolist() == [0] * 4 + [-1] * 4 + [1] * 3 + [-1]
    assert frames.tolist() == [0, 1, 2, 3, -1, -1, -1, -1, 1, 2, 0, -1]


def test_only_what_is_asked_for_is_read(tmp_path, make_weather, monkeypatch):
    dataset = make_weather("t", levels=(250.0, 500.0, 850.0), base=260, frames=40)
    dataset.to_netcdf(tmp_path / "a.nc")
    series = open_weatherbench(tmp_path)
    read = []
    from xarray.backends.netCDF4_ import NetCDF4ArrayWrapper

    original = NetCDF4ArrayWrapper._getitem

    def counting(self, key):
        values = original(self, key)
        read.append(values.size // 32)
        return values

    monkeypatch.setattr(NetCDF4ArrayWrapper, "_getitem", counting)
    whole = dataset["t"].values[:, :, ::-1]
    for index in (
        (7, 1),
        (slice(3, 9, 2), slice(1, 3)),
        (slice(2, 4), slice(None), 3, slice(0, 8, 3)),
    ):
        np.testing.assert_array_equal(series[index].values, whole[index])
    assert read == [1, 6, 6]
    chosen = series.isel(time=[9, 2], channel=[2, 0], y=[3, 1], x=-1)
    np.testing.assert_array_equal(chosen.values, whole[[9, 2]][:, [2, 0]][:, :, [3, 1], -1])


def test_variables_that_are_stored_in_the_longest_chunks_decide(
    tmp_path, make_weather, monkeypatch
):
    monkeypatch.setattr(
        "pipelines.weather_frames.CHUNK_BYTES", 2 * 10 * 32 * 4
    )  # ten frames of two
    make_weather(frames=36).to_netcdf(tmp_path / "a.nc")
    make_weather("msl", base=1013, units="hPa", frames=36).to_netcdf(
        tmp_path / "b.nc", encoding={"msl": {"chunksizes": (6, 4, 8)}}
    )
    assert open_weatherbench(tmp_path).chunks[0] == (6,) * 6
    opened = open_parts(tmp_path, variables=["msl"])
    groups = [opened.parts[0].fields]
    options = {"channels": 2, "shape": opened.grid.shape}
    assert time_chunks(groups, opened.times[4:], **options) == (2, 6, 6, 6, 6, 6)
    assert time_chunks(groups, opened.times[::3], **options) == (10, 2)


def test_chunks_end_where_files_do_unless_they_take_turns(tmp_path, make_weather, monkeypatch):
    monkeypatch.setattr("pipelines.weather_frames.CHUNK_BYTES", 10 * 32 * 4)
    dataset = make_weather(frames=40)
    for name, rows in (("a", slice(0, 15)), ("b", slice(15, 40))):
        dataset.isel(time=rows).to_netcdf(tmp_path / f"{name}.nc")
    series = open_weatherbench(tmp_path)
    assert series.chunks[0] == (10, 5, 10, 10, 5)
    np.testing.assert_array_equal(series[:, 0].values[:, ::-1], dataset["t2m"].values)
    for name in "ab":
        (tmp_path / f"{name}.nc").unlink()
    for hour in range(4):
        dataset.isel(time=slice(hour, None, 4)).to_netcdf(tmp_path / f"{hour}.nc")
    series = open_weatherbench(tmp_path)
    assert series.chunks[0] == (10, 10, 10, 10)
    np.testing.assert_array_equal(series[:, 0].values[:, ::-1], dataset["t2m"].values)


@pytest.mark.parametrize("missing", ["drop", "mask"])
def test_a_channel_that_lacks_frames_is_left_out_or_masked(tmp_path, make_weather, missing):
    temperature = make_weather(frames=12)
    pressure = make_weather("msl", base=101_300, units="Pa", frames=8, first="2015-01-02")
    pressure = pressure.isel(time=[0, 1, 2, 5, 6, 7])
    temperature.to_netcdf(tmp_path / "a.nc")
    pressure.to_netcdf(tmp_path / "b.nc")
    series = open_weatherbench(tmp_path, missing=missing)
    joined = xr.align(
        temperature["t2m"], pressure["msl"], join="inner" if missing == "drop" else "outer"
    )
    assert series.sizes["time"] == {"drop": 6, "mask": 12}[missing]
    for channel, expected in enumerate(joined):
        np.testing.assert_array_equal(series[:, channel].values[:, ::-1], expected.values)
    told = {"drop": "6 frames are left out", "mask": "6 frames lack a channel, which is missing"}
    assert series.attrs["note"].startswith(told[missing])
    assert "t2m: 12 frames, 2015-01-01T00:00 to 2015-01-03T18:00" in series.attrs["note"]
    single = open_weatherbench(tmp_path, variables=["t2m"], missing=missing)
    assert "note" not in single.attrs


def test_channels_that_never_meet_can_be_masked(tmp_path, make_weather):
    make_weather(frames=4).to_netcdf(tmp_path / "a.nc")
    make_weather("msl", base=1013, units="hPa", frames=4, first="2015-02-01").to_netcdf(
        tmp_path / "b.nc"
    )
    with pytest.raises(ValueError, match="no frame has all channels.*missing = 'mask'"):
        open_weatherbench(tmp_path)
    series = open_weatherbench(tmp_path, missing="mask")
    assert np.isnan(series.values).reshape(8, 2, 32).all(-1).tolist() == [
        *[[False, True]] * 4,
        *[[True, False]] * 4,
    ]


def test_opening_reads_labels_and_a_few_frames_only(tmp_path, make_weather, monkeypatch):
    save(make_weather(frames=400), tmp_path / "a.nc")
    read = []
    from xarray.backends.netCDF4_ import NetCDF4ArrayWrapper

    original = NetCDF4ArrayWrapper._getitem

    def counting(self, key):
        values = original(self, key)
        if self.variable_name == "t2m":
            read.append(values.size // 32)
        return values

    monkeypatch.setattr(NetCDF4ArrayWrapper, "_getitem", counting)
    series = open_weatherbench(tmp_path, time_step=2 * SIX_HOURS)
    assert series.chunks is not None
    assert sum(read) == 3
    series[5].values  # noqa: B018
    assert sum(read) == 3 + 1


def test_chunks_have_some_tens_of_megabytes(tmp_path, make_weather, monkeypatch):
    monkeypatch.setattr("pipelines.weather_frames.CHUNK_BYTES", 10 * 32 * 4)  # ten frames
    file = save(make_weather(frames=36), tmp_path / "a.nc")
    assert open_weatherbench(file).chunks[0] == (10, 10, 10, 6)
    packed = tmp_path / "b.nc"
    make_weather(frames=36).to_netcdf(
        packed, encoding={"t2m": {"chunksizes": (4, 4, 8), "zlib": True}}
    )
    assert open_weatherbench(packed).chunks[0] == (8, 8, 8, 8, 4)  # whole stored chunks
    assert open_weatherbench(packed, time_step=2 * SIX_HOURS).chunks[0] == (10, 8)  # of 2 frames
    packed = tmp_path / "c.nc"
    make_weather(frames=36).to_netcdf(
        packed, encoding={"t2m": {"chunksizes": (20, 4, 8), "zlib": True}}
    )
    assert open_weatherbench(packed).chunks[0] == (20, 16)


def test_unsorted_frames_are_sorted(tmp_path, make_weather):
    dataset = make_weather(frames=12)
    shuffled = dataset.isel(time=[3, 0, 7, 1, 2, 11, 4, 5, 6, 9, 8, 10])
    series = open_weatherbench(save(shuffled, tmp_path / "a.nc"))
    np.testing.assert_array_equal(series["time"].values, dataset["time"].values)
    np.testing.assert_array_equal(series[:, 0].values[:, ::-1], dataset["t2m"].values)


def test_files_that_take_turns_in_time_are_interleaved(tmp_path, make_weather):
    dataset = make_weather(frames=40)
    for hour in range(4):
        save(dataset.isel(time=slice(hour, None, 4)), tmp_path / f"hour_{hour}.nc")
    series = open_weatherbench(tmp_path)
    np.testing.assert_array_equal(series[:, 0].values[:, ::-1], dataset["t2m"].values)


def test_a_gap_stays_a_gap_and_a_step_is_true(tmp_path, make_weather):
    hourly = make_weather(frames=60, step_hours=1).isel(time=[*range(20), *range(27, 60)])
    file = save(hourly, tmp_path / "a.nc")
    assert open_weatherbench(file).sizes["time"] == 53
    series = open_weatherbench(file, time_step=SIX_HOURS)
    kept = hourly.sel(time=hourly["time"].dt.hour % 6 == 0)
    np.testing.assert_array_equal(series["time"].values, kept["time"].values)
    np.testing.assert_array_equal(series[:, 0].values[:, ::-1], kept["t2m"].values)
    with pytest.raises(
        ValueError, match="time_step 90min is no multiple of the data's own step, 1h"
    ):
        open_weatherbench(file, time_step=np.timedelta64(90, "m"))
