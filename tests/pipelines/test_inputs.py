import numpy as np
import pytest
import torch

from pipelines.input_names import INPUTS
from pipelines.inputs import Inputs, fit_inputs, resolve_inputs
from pipelines.series import Channel, make_series

HALF_HOUR = np.timedelta64(30, "m").astype("timedelta64[ns]")


def series_of(n_times=96, *, first="2016-01-01", **weather):
    times = np.datetime64(first, "ns") + np.arange(n_times) * HALF_HOUR
    series = make_series(
        np.zeros((n_times, 1, 2, 2), "float32"),
        times=times,
        channels=[Channel("inflow", "inflow")],
        attrs={"dataset": "taxibj", "holidays": "2016-01-01"},
    )
    return series.assign_coords({name: ("time", values) for name, values in weather.items()})


def weather(n_times=8, *, channels=2, **surface):
    """Frames every 6 hours on 4×8 cells of the globe."""
    times = np.datetime64("2016-01-01", "ns") + np.arange(n_times) * 12 * HALF_HOUR
    series = make_series(
        np.zeros((n_times, channels, 4, 8), "float32"),
        times=times,
        channels=[Channel(f"c{index}", "c") for index in range(channels)],
        latitude=67.5 - 45.0 * np.arange(4),
        longitude=45.0 * np.arange(8),
        attrs={"dataset": "weatherbench", "time_zone": "UTC"},
    )
    return series.assign_coords({name: (("y", "x"), values) for name, values in surface.items()})


def fitted(wanted, series, *, ahead=0):
    names = resolve_inputs(wanted, series)
    return fit_inputs(names, series, ahead=ahead * 12 * HALF_HOUR, step=12 * HALF_HOUR)


def planes_of(inputs, series):
    """All planes of the frames, (time, plane, y, x)."""
    numbers = torch.from_numpy(inputs.of_frames(series))[None]
    frames = torch.zeros(1, *series.shape)
    made = inputs.planes().beside(frames, numbers, torch.ones_like(frames, dtype=torch.bool))
    return torch.cat(made, dim=2)[0].numpy()


def inputs_of(*names, ahead=0 * HALF_HOUR, **facts):
    return Inputs(names=names, ahead=ahead, **facts)


def test_without_names_there_are_no_planes():
    assert Inputs().of_frames(series_of()).shape == (96, 0)
    assert Inputs().n_planes == 0


def test_the_day_goes_round_once_and_twice():
    planes = inputs_of("slot_of_day").of_frames(series_of(49))
    # Midnight: angle 0. 06:00 (slot 12): a quarter of the day, half of the half day.
    np.testing.assert_allclose(planes[0], [0, 0, 1, 1], atol=1e-6)
    np.testing.assert_allclose(planes[12], [1, 0, 0, -1], atol=1e-6)
    np.testing.assert_allclose(planes[48], planes[0], atol=1e-6)


def test_the_day_of_the_week_is_one_of_seven_planes():
    planes = inputs_of("day_of_week").of_frames(series_of())
    # 2016-01-01 is a Friday, 2016-01-02 a Saturday; Monday is the first.
    assert planes[0].tolist() == [0, 0, 0, 0, 1, 0, 0]
    assert planes[48].tolist() == [0, 0, 0, 0, 0, 1, 0]


def test_the_calendar_runs_ahead_by_the_horizon():
    ahead = inputs_of("slot_of_day", "holiday", ahead=4 * HALF_HOUR).of_frames(series_of())
    plain = inputs_of("slot_of_day", "holiday").of_frames(series_of())
    np.testing.assert_allclose(ahead[:-4], plain[4:], atol=1e-6)
    # 22:00 on the holiday: what is forecast lies on the day after.
    assert [plain[44, 4], ahead[44, 4]] == [1, 0]


def test_holidays_known_at_training_count_in_data_without_a_list():
    series = series_of()
    del series.attrs["holidays"]
    planes = inputs_of("holiday", holidays=("2016-01-02",)).of_frames(series)
    assert planes[:, 0].tolist() == [0] * 48 + [1] * 48


def test_measured_inputs_are_scaled_by_training_and_unknown_ones_are_usual():
    series = series_of(4, temperature=[10.0, 20.0, np.nan, 30.0])
    # First two: mean 15, deviation 5.
    inputs = fit_inputs(("temperature",), series[:2], ahead=HALF_HOUR, step=HALF_HOUR)
    assert inputs.of_frames(series)[:, 0].tolist() == [-1, 1, 0, 3]


def test_a_measurement_that_never_changes_is_always_usual():
    series = series_of(2, snowfall=[0.0, 0.0])
    inputs = fit_inputs(("snowfall",), series, ahead=HALF_HOUR, step=HALF_HOUR)
    assert inputs.of_frames(series)[:, 0].tolist() == [0, 0]


def test_an_unknown_weather_type_is_none_of_them():
    planes = inputs_of("weather_type").of_frames(series_of(2, weather_type=[3.0, np.nan]))
    assert planes.shape == (2, INPUTS["weather_type"])
    assert np.flatnonzero(planes[0]).tolist() == [3]
    assert not planes[1].any()


def test_after_the_init_time_the_weather_stays_and_the_calendar_goes_on():
    series = series_of(10, temperature=np.arange(10.0))
    inputs = inputs_of(
        "slot_of_day", "temperature", mean={"temperature": 0.0}, deviation={"temperature": 1.0}
    )
    offsets = np.arange(-1, 4) * HALF_HOUR
    init_times = series["time"].values[[4, 6]]
    planes = inputs.of_windows(series, init_times, offsets=offsets)
    assert planes.shape == (2, 5, 5)
    assert planes[..., 4].tolist() == [[3, 4, 4, 4, 4], [5, 6, 6, 6, 6]]
    np.testing.assert_allclose(planes[0, :, :4], inputs.of_frames(series)[3:8, :4], atol=1e-6)


def test_what_lies_after_the_init_time_is_never_read():
    series = series_of(10, temperature=np.arange(10.0))
    inputs = inputs_of("temperature", mean={"temperature": 0.0}, deviation={"temperature": 1.0})
    offsets = np.arange(-1, 4) * HALF_HOUR
    init_times = series["time"].values[[4]]
    whole = inputs.of_windows(series, init_times, offsets=offsets)
    assert np.array_equal(whole, inputs.of_windows(series[:5], init_times, offsets=offsets))


def test_groups_stand_for_what_the_data_have():
    series = series_of(2, temperature=[1.0, 2.0])
    assert resolve_inputs((), series) == ()
    assert resolve_inputs(("weather", "calendar"), series) == (
        "slot_of_day",
        "day_of_week",
        "holiday",
        "temperature",
    )


def test_inputs_that_the_data_lack_are_refused():
    with pytest.raises(ValueError, match="inputs = 'weather', but the data have none of it"):
        resolve_inputs(("weather",), series_of())
    with pytest.raises(ValueError, match="need time stamps, but these data have none"):
        resolve_inputs(("calendar",), series_of().assign_attrs(clock="artificial"))
    with pytest.raises(ValueError, match="no time stamps, but this network takes the calendar"):
        inputs_of("day_of_week").of_frames(series_of().assign_attrs(clock="artificial"))
    with pytest.raises(ValueError, match="The data have no wind_speed"):
        inputs_of("wind_speed").of_frames(series_of())
    with pytest.raises(ValueError, match="input temperature: no value among the training frames"):
        fit_inputs(
            ("temperature",),
            series_of(2, temperature=[np.nan] * 2),
            ahead=HALF_HOUR,
            step=HALF_HOUR,
        )


def test_where_is_what_the_grid_and_the_surface_tell():
    height = np.arange(32, dtype="float32").reshape(4, 8)
    series = weather(orography=height, land_sea_mask=(height > 15).astype("float32"))
    inputs = fitted(["where"], series)
    assert inputs.names == ("latitude", "longitude", "orography", "land_sea_mask")
    planes = planes_of(inputs, series)
    assert planes.shape == (8, 5, 4, 8)
    assert inputs.n_planes == 5
    assert (planes[0] == planes[7]).all()
    np.testing.assert_allclose(planes[0, 0, :, 3], np.sin(np.radians([67.5, 22.5, -22.5, -67.5])))
    np.testing.assert_allclose(planes[0, 1, 1], np.sin(np.radians(45 * np.arange(8))), atol=1e-6)
    np.testing.assert_allclose(planes[0, 2, 1], np.cos(np.radians(45 * np.arange(8))), atol=1e-6)
    np.testing.assert_allclose(planes[0, 3], (height - 15.5) / height.std(), rtol=1e-5)
    # Half sea, half land: mean 0.5, deviation 0.5.
    assert set(planes[0, 4].ravel()) == {-1.0, 1.0}


def test_a_group_takes_what_there_is_and_a_name_is_asked_for():
    series = weather()
    assert resolve_inputs(["where"], series) == ("latitude", "longitude")
    assert resolve_inputs(["when"], series) == ("slot_of_day", "time_of_year", "solar")
    bare = series.drop_vars(["latitude", "longitude"])
    assert resolve_inputs(["when"], bare) == ("slot_of_day", "time_of_year")
    for wanted, data, message in (
        ("orography", series, "they have .*latitude.* Put a file with the height of the surface"),
        ("land_sea_mask", series, "Put a file with the land-sea mask beside the data"),
        ("solar", bare, "computed from latitudes, longitudes and times in UTC"),
        ("solar", series.assign_attrs(time_zone="Asia/Shanghai"), "times in UTC: give the data"),
        ("where", bare, "Give the data latitudes and longitudes"),
        ("weather", series, "Put the file that holds it beside the data"),
    ):
        with pytest.raises(
            ValueError, match=f"inputs = '{wanted}', but the data have none.*{message}"
        ):
            resolve_inputs([wanted], data)


def test_a_clock_without_meaning_leaves_the_place():
    series = weather().assign_attrs(clock="artificial")
    assert resolve_inputs(["where", "present"], series) == ("latitude", "longitude", "present")
    for wanted in ("when", "solar", "time_of_year"):
        with pytest.raises(ValueError, match="need time stamps, but these data have none"):
            resolve_inputs([wanted], series)
        with pytest.raises(ValueError, match="no time stamps, but this network takes the calendar"):
            fitted([wanted], weather()).check(series)


def test_sun_and_year_run_ahead_by_the_horizon():
    series = weather(12)
    ahead = planes_of(fitted(["solar", "time_of_year"], series, ahead=4), series)
    plain = planes_of(fitted(["solar", "time_of_year"], series), series)
    np.testing.assert_allclose(ahead[:-4], plain[4:], atol=1e-6)
    assert plain[:, 2].min() == 0
    # 06:00 to 12:00 UTC: it is bright at 45° E, dark on the other side.
    assert plain[2, 2, 2, 1] > 0.6
    assert plain[2, 2, 2, 5] == 0


def test_windows_and_frames_have_the_same_sun():
    series = weather(12)
    inputs = fitted(["when", "present"], series, ahead=4)
    offsets = np.arange(-2, 3) * 12 * HALF_HOUR
    windows = inputs.of_windows(series, series["time"].values[[5]], offsets=offsets)
    np.testing.assert_allclose(windows[0], inputs.of_frames(series)[3:8], atol=1e-6)
    # 4 + 2 numbers spread, 6 moments of 3 numbers each; 6 + 1 + 2 planes.
    assert windows.shape == (1, 5, 24)
    assert inputs.n_planes == 9


def test_local_times_have_no_sun():
    inputs = fitted(["solar"], weather())
    with pytest.raises(
        ValueError, match="times are of Asia/Shanghai, but this network takes solar"
    ):
        inputs.check(weather().assign_attrs(time_zone="Asia/Shanghai"))


def test_a_surface_is_not_needed_again():
    inputs = fitted(["where"], weather(orography=np.ones((4, 8), "float32")))
    inputs.check(weather())
    assert planes_of(inputs, weather()).shape == (8, 4, 4, 8)


def test_a_surface_without_a_value_is_refused():
    series = weather(orography=np.full((4, 8), np.nan, "float32"))
    with pytest.raises(
        ValueError, match="input orography: not one cell holds a value; leave it out"
    ):
        fitted(["orography"], series)


def test_each_input_has_the_planes_that_are_counted():
    series = weather(orography=np.ones((4, 8), "float32"), land_sea_mask=np.eye(4, 8))
    for name in resolve_inputs(["when", "where", "present", "calendar"], series):
        inputs = fitted([name], series)
        expected = 2 if name == "present" else INPUTS[name]
        assert (name, planes_of(inputs, series).shape[1]) == (name, expected)
        assert inputs.n_planes == expected
