import numpy as np
import pytest
import xarray as xr

from pipelines.series import (
    Channel,
    channels_of,
    make_series,
    name_step,
    names,
    parse_step,
    select_channels,
    time_step_of,
)

CHANNELS = (
    Channel("t2m", "t2m", None, "K", "air_temperature", "2 metre temperature"),
    Channel("tcc", "tcc", None, "1", "cloud_area_fraction", "total cloud cover", 0.0, 1.0),
    Channel("z500", "z", 500.0, "m2 s-2", "geopotential", "geopotential"),
)
TIMES = np.datetime64("2020-01-01", "ns") + np.arange(4) * np.timedelta64(6, "h")


def series_of(times=TIMES, **changes):
    frames = np.zeros((len(times), 3, 2, 5), dtype="float32")
    return make_series(frames, times=times, channels=CHANNELS, attrs={}, **changes)


def test_channels_travel_with_the_series_and_come_back_unchanged():
    assert channels_of(series_of()) == CHANNELS


def test_a_grid_without_geography_has_no_coordinates():
    assert "latitude" not in series_of().coords


def test_times_that_do_not_increase_are_refused():
    with pytest.raises(ValueError, match="strictly increasing"):
        series_of(times=TIMES[::-1])


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="do not fit 4 times and 1 channels"):
        make_series(np.zeros((4, 3, 2, 5)), times=TIMES, channels=CHANNELS[:1], attrs={})


def test_a_channel_checks_itself():
    with pytest.raises(ValueError, match="needs a name"):
        Channel("", "t2m")
    with pytest.raises(ValueError, match="valid_min .* must be below valid_max"):
        Channel("tcc", "tcc", valid_min=1.0, valid_max=0.0)


def test_the_time_step_is_the_commonest_difference():
    gap = np.concatenate([TIMES, TIMES[-1:] + np.timedelta64(30, "h")])
    assert time_step_of(gap) == np.timedelta64(6, "h")


def test_one_time_has_no_step():
    with pytest.raises(ValueError, match="at least two times, but the series has 1"):
        time_step_of(TIMES[:1])


@pytest.mark.parametrize("text", ["30min", "6h", "1d", "45s", "90min"])
def test_a_step_is_read_and_named_alike(text):
    assert name_step(parse_step(text)) == text


@pytest.mark.parametrize("text", ["6", "h", "0h", "-6h", "6 hours", "1.5h"])
def test_what_is_no_step_is_refused(text):
    with pytest.raises(ValueError, match="write it like 30min, 6h or 1d"):
        parse_step(text)


def test_channels_are_selected_in_the_order_asked_for_and_stay_lazy():
    chosen = select_channels(series_of(), ["z500", "t2m"])
    assert list(chosen["channel"].values) == ["z500", "t2m"]
    assert chosen.chunks is not None
    assert chosen.equals(series_of().sel(channel=["z500", "t2m"]))
    neighbours = select_channels(series_of(), ["tcc", "z500"])
    assert neighbours.chunks is None
    assert neighbours.equals(series_of()[:, 1:])


def test_all_channels_in_order_are_the_series_itself():
    series = series_of()
    assert select_channels(series, ["t2m", "tcc", "z500"]) is series


def test_a_long_list_is_cut_for_a_message():
    assert names(range(3)) == "0, 1, 2"
    assert names(range(40), most=2) == "0, 1, … (40 in all)"


def test_a_series_can_be_written_and_read_by_xarray(tmp_path):
    series_of().to_netcdf(tmp_path / "series.nc", engine="netcdf4")
    with xr.open_dataarray(tmp_path / "series.nc", engine="netcdf4") as again:
        assert channels_of(again.load()) == CHANNELS
