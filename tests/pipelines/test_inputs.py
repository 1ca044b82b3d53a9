import numpy as np
import pytest

from pipelines.inputs import INPUTS, Inputs, fit_inputs, resolve_inputs
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
    inputs = fit_inputs(("temperature",), series[:2], ahead=HALF_HOUR)
    assert inputs.of_frames(series)[:, 0].tolist() == [-1, 1, 0, 3]


def test_a_measurement_that_never_changes_is_always_usual():
    series = series_of(2, snowfall=[0.0, 0.0])
    inputs = fit_inputs(("snowfall",), series, ahead=HALF_HOUR)
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
        fit_inputs(("temperature",), series_of(2, temperature=[np.nan] * 2), ahead=HALF_HOUR)
