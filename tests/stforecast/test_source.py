import numpy as np
import pytest
import xarray as xr

from pipelines.clips import GREY, Clip, clip_series
from pipelines.store import fingerprint_of, open_store, write_store
from stforecast.experiment import load_experiment
from stforecast.source import (
    _cache_key,
    experiment_series,
    find_data,
    open_series,
    stored_series,
)


@pytest.fixture
def store(waves, tmp_path):
    write_store(waves, tmp_path / "store")
    return tmp_path / "store"


def test_a_store_is_opened_as_it_is(store, waves):
    series = open_series("weatherbench", store)
    assert np.array_equal(series, waves)
    assert stored_series("weatherbench", store).identical(open_store(store))


def test_one_channel_of_a_store_is_a_view_of_it(store, waves):
    for wanted in (["z"], ["geopotential"], ["geopotential_500"], ["z500", "z"]):
        series = stored_series("weatherbench", store, variables=wanted)
        assert list(series["channel"].values) == ["z500"]
        assert series.chunks is None
        assert np.array_equal(series, waves[:, 1:])
    assert np.array_equal(open_series("weatherbench", store, time_step="12h"), waves[::2])


def test_channels_in_another_order_are_copied_to_the_cache_once(store, waves):
    told = []
    for _ in range(2):
        series = stored_series(
            "weatherbench",
            store,
            variables=["z", "t2m"],
            progress=lambda done, total: told.append((done, total)),
        )
    assert np.array_equal(series, waves[:, ::-1])
    assert told == [(200, 200)]


def test_data_are_looked_for_where_the_environment_says(store, monkeypatch, tmp_path):
    monkeypatch.setenv("STFORECAST_DATA", str(tmp_path))
    fetch = (
        r"no data for weatherbench at .*: fetch them with `stforecast fetch .*--data PATH.*--sample"
    )
    with pytest.raises(ValueError, match=fetch):
        find_data("weatherbench")
    with pytest.raises(ValueError, match=r"no data for taxibj at .*: make a synthetic sample"):
        find_data("taxibj")
    # Moving digits are made of what goes by another name.
    for dataset, source in (("mmnist", "mnist"), ("mfmnist", "fashion-mnist")):
        with pytest.raises(ValueError, match=f"`stforecast fetch {source} .*{dataset}`"):
            find_data(dataset)
    store.rename(tmp_path / "weatherbench")
    assert open_series("weatherbench").sizes["time"] == 200


def test_wrong_wishes_are_refused(store, waves, tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        open_series("weatherbench", tmp_path / "absent")
    with pytest.raises(ValueError, match="dataset 'weather' is unknown; known: weatherbench"):
        open_series("weather", store)
    with pytest.raises(ValueError, match=r"has no 'u10'; it has t2m, z500"):
        open_series("weatherbench", store, variables=["u10"])
    with pytest.raises(ValueError, match="time_step 8h is no multiple of the data's own step, 6h"):
        open_series("weatherbench", store, time_step="8h")
    with pytest.raises(ValueError, match="variables is empty"):
        open_series("weatherbench", store, variables=[])
    write_store(waves.assign_attrs(dataset="taxibj"), tmp_path / "other")
    with pytest.raises(ValueError, match="is a store of taxibj"):
        open_series("weatherbench", tmp_path / "other")


def half_hours(waves, *, n_days, first="2016-03-12", zone="unknown"):
    """The waves as traffic: half-hourly, local time."""
    step = np.timedelta64(30, "m").astype("timedelta64[ns]")
    series = waves[: 48 * n_days].drop_vars(["latitude", "longitude"])
    times = np.datetime64(first, "ns") + np.arange(series.sizes["time"]) * step
    return series.assign_coords(time=times).assign_attrs(dataset="taxibj", time_zone=zone)


def test_days_that_lack_a_frame_are_left_out_where_asked(waves, tmp_path):
    series = half_hours(waves, n_days=3)
    write_store(series.isel(time=[*range(50), *range(51, 144)]), tmp_path / "store")
    assert open_series("taxibj", tmp_path / "store").sizes["time"] == 143
    complete = stored_series("taxibj", tmp_path / "store", days="complete")
    assert np.array_equal(complete, series.isel(time=[*range(48), *range(96, 144)]))
    assert complete.attrs["note"] == "incomplete days, left out: 1"
    write_store(series[:47], tmp_path / "short")
    with pytest.raises(ValueError, match="no day with all its frames"):
        open_series("taxibj", tmp_path / "short", days="complete")
    write_store(series.assign_attrs(clock="artificial"), tmp_path / "windows")
    with pytest.raises(ValueError, match="has no time stamps and so no days"):
        open_series("taxibj", tmp_path / "windows", days="complete")


def test_hours_that_clocks_skip_are_left_out_where_the_zone_is_named(waves, tmp_path):
    write_store(half_hours(waves, n_days=3), tmp_path / "store")
    series = open_series("taxibj", tmp_path / "store", time_zone="America/New_York")
    # Clocks went forward on 2016-03-13: 02:00 and 02:30 never were.
    assert series.sizes["time"] == 142
    assert series.attrs["time_zone"] == "America/New_York"
    assert series.attrs["note"] == "slots that the clocks skip (America/New_York), left out: 2"
    write_store(half_hours(waves, n_days=3, zone="Asia/Shanghai"), tmp_path / "known")
    known = open_series("taxibj", tmp_path / "known", time_zone="America/New_York")
    assert known.attrs["time_zone"] == "Asia/Shanghai"


def test_a_preset_place_brings_its_time_zone(waves, tmp_path):
    write_store(half_hours(waves, n_days=3), tmp_path / "store")
    experiment = load_experiment(
        base={"dataset": "taxibj"}, settings=["place.preset=nyc_taxi", "variables=t2m"]
    )
    series = experiment_series(experiment, tmp_path / "store")
    assert (series.sizes["time"], series.attrs["time_zone"]) == (142, "America/New_York")
    windows = half_hours(waves, n_days=3).assign_attrs(clock="artificial")
    write_store(windows, tmp_path / "windows")
    # An artificial clock is that of no zone, and skips nothing.
    assert experiment_series(experiment, tmp_path / "windows").attrs["time_zone"] == "unknown"


def test_counts_of_a_store_are_not_thinned(waves, tmp_path):
    write_store(half_hours(waves, n_days=3), tmp_path / "store")
    assert open_series("taxibj", tmp_path / "store", time_step="30min").sizes["time"] == 144
    with pytest.raises(ValueError, match="time_step 1h: the counts in .* are sums over 30min"):
        open_series("taxibj", tmp_path / "store", time_step="1h")


def test_weather_and_holidays_beside_the_frames_make_another_copy(waves, tmp_path):
    series = half_hours(waves, n_days=3)
    write_store(series, tmp_path / "store")
    plain = _cache_key("taxibj", tmp_path / "store", series, "drop")
    warm = series.assign_coords(temperature=("time", np.zeros(144)))
    assert _cache_key("taxibj", tmp_path / "store", warm, "drop") != plain
    festive = series.assign_attrs(holidays="2016-03-13")
    assert _cache_key("taxibj", tmp_path / "store", festive, "drop") != plain
    assert len({fingerprint_of(data) for data in (series, warm, festive)}) == 3


def test_times_that_lack_a_channel_make_another_copy_where_they_are_averaged(tmp_path):
    """Masked, every hour is in the mean; dropped, only the hours that have both."""
    times = np.datetime64("2018-01-01", "ns") + np.arange(48) * np.timedelta64(1, "h")
    axes = {"time": times, "latitude": [45.0, 0, -45], "longitude": [0.0, 90, 180, 270]}
    for name, units, level, step in (("t2m", "K", 280, 1), ("sp", "Pa", 1e5, 2)):
        values = np.broadcast_to(level + np.arange(48.0)[:, None, None], (48, 3, 4))
        data = xr.DataArray(values, axes, dims=tuple(axes), attrs={"units": units})
        data[::step].to_dataset(name=name).to_netcdf(tmp_path / f"{name}.nc")
    means = {
        missing: stored_series(
            "weatherbench",
            tmp_path,
            variables=["t2m", "sp"],
            time_step="6h",
            resample="mean",
            missing=missing,
        )
        for missing in ("drop", "mask")
    }
    dropped, masked = (means[missing].sel(channel="t2m")[:, 0, 0] for missing in ("drop", "mask"))
    assert np.array_equal(dropped["time"], masked["time"])
    assert float(masked[0]) == 283.5  # hours 1 to 6
    assert float(dropped[0]) == 284  # hours 2, 4, 6


@pytest.mark.parametrize(
    ("option", "value"), [("time_step", "6h"), ("missing", "mask"), ("resample", "linear")]
)
def test_what_frames_without_times_do_not_have_is_refused(tmp_path, option, value):
    with pytest.raises(
        ValueError, match=f"{option} = '{value}': the frames of a clip have no times"
    ):
        open_series("video", tmp_path, **{option: value})


def test_a_store_of_video_is_opened_as_it_is(tmp_path):
    frames = np.zeros((9, 1, 8, 8), dtype="uint8")
    clips = [Clip(part, 3, part) for part in ("train", "validation", "test")]
    series = clip_series(
        frames, clips, channels=GREY, attrs={"dataset": "video", "source": "made here"}
    )
    write_store(series, tmp_path / "store")
    opened = stored_series("video", tmp_path / "store", time_step="1min")
    assert opened.identical(series)
