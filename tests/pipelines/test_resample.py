import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.resample import (
    RULES,
    Rule,
    describe_steps,
    fill_gaps,
    is_irregular,
    is_patchy,
    resample,
)
from pipelines.series import Channel, make_series

HOUR = np.timedelta64(1, "h").astype("timedelta64[ns]")
FIRST = np.datetime64("2020-03-01", "ns")
T2M, TP = Channel("t2m", "t2m", units="K"), Channel("tp", "tp", units="m")


def series_at(hours, values=None, *, chunks=None, channels=(T2M,)):
    """A frame of 2×3 equal cells at each hour; its value is the hour unless given."""
    values = np.asarray(hours if values is None else values, dtype="float32")
    frames = np.broadcast_to(values[:, None, None, None], (len(values), len(channels), 2, 3)).copy()
    data = frames if chunks is None else da.from_array(frames, chunks=(chunks, -1, -1, -1))  # pyright: ignore[reportArgumentType]
    times = FIRST + (np.asarray(hours, dtype="float64") * 60).astype("int64") * (HOUR // 60)
    attrs = {"dataset": "weatherbench", "time_zone": "UTC"}
    return make_series(data, times=times, channels=channels, attrs=attrs)


def hours_of(series):
    return ((series["time"].values - FIRST) / HOUR).tolist()


def values_of(series):
    """The value of each frame, the same in all its cells."""
    frames = series.values
    assert frames.dtype == np.float32
    np.testing.assert_array_equal(frames, np.broadcast_to(frames[..., :1, :1], frames.shape))
    return frames[:, 0, 0, 0].tolist()


@pytest.mark.parametrize("chunks", [None, 1, 2, 100])
def test_missing_frames_become_frames_of_nan(chunks):
    series = fill_gaps(series_at([0, 6, 24, 30, 42], chunks=chunks), 6 * HOUR)
    assert hours_of(series) == [0, 6, 12, 18, 24, 30, 36, 42]
    np.testing.assert_array_equal(values_of(series), [0, 6, np.nan, np.nan, 24, 30, np.nan, 42])
    assert series.attrs["note"] == "frames missing at 6h, kept as missing values: 3"
    assert series.chunks is not None


def test_a_series_without_gaps_stays_as_it_is():
    series = series_at(range(5))
    assert fill_gaps(series, HOUR) is series


def test_the_axis_goes_through_most_of_the_frames():
    # 7 and 20 lie beside the axis of 1, 7, …? No: 6-hourly from 0 holds five of seven frames.
    series = fill_gaps(series_at([0, 6, 7, 12, 20, 24, 30]), 6 * HOUR)
    assert hours_of(series) == [0, 6, 12, 18, 24, 30]
    assert series.attrs["note"] == (
        "frames missing at 6h, kept as missing values: 1; frames beside the axis at 6h, left out: 2"
    )


def test_a_long_gap_stays_a_gap():
    series = series_at([0, 1, 3, 100, 101]).assign_attrs(note="as read")
    series = fill_gaps(series, HOUR, longest=10)
    assert hours_of(series) == [0, 1, 2, 3, 100, 101]
    assert series.attrs["note"] == (
        "as read; frames missing at 1h, kept as missing values: 1; "
        "gaps of more than 10 frames, kept as gaps: 1"
    )


def test_what_lies_beside_the_frames_is_missing_where_a_frame_is():
    series = series_at([0, 1, 3]).assign_coords(
        temperature=("time", [1.0, 2, 3]),
        weather_type=("time", [4, 5, 6]),
        tag=("time", list("abc")),
    )
    series = fill_gaps(series, HOUR)
    np.testing.assert_array_equal(series["temperature"], [1, 2, np.nan, 3])
    np.testing.assert_array_equal(series["weather_type"], [4, 5, np.nan, 6])
    assert series["tag"].values.tolist() == ["a", "b", "", "c"]


def test_labels_of_channels_and_grid_stay():
    series = series_at([0, 2]).assign_coords(latitude=("y", [1.0, 0]), longitude=("x", [0.0, 1, 2]))
    filled = fill_gaps(series, HOUR).drop_attrs()
    expected = series.drop_attrs().drop_vars("time")
    xr.testing.assert_identical(filled.drop_vars("time")[0].compute(), expected[0])


def test_the_nearest_frame_is_taken_once_and_not_from_half_a_step_or_farther():
    # 6 h: 0:30 goes to 0, 7 to 6, 15 (midway) to 18 alone; nothing lies near 12 and 24.
    series = resample(series_at([0.5, 7, 15, 29]), 6 * HOUR, rule="nearest")
    assert hours_of(series) == [0, 6, 18, 30]
    assert values_of(series) == [0.5, 7, 15, 29]
    assert series.attrs["resample"] == "nearest"
    assert series.attrs["note"] == (
        "resampled to 6h by 'nearest': 0 frames kept, 4 moved, 2 absent"
    )


def test_of_two_near_frames_the_nearer_one_is_taken_and_of_equals_the_earlier():
    series = resample(series_at([4, 7, 11, 13]), 6 * HOUR, rule="nearest")
    assert hours_of(series) == [6, 12]
    assert values_of(series) == [7, 11]


def test_a_frame_at_its_place_is_kept():
    series = series_at([0, 6, 12])
    rules: tuple[Rule, ...] = ("none", "nearest", "linear", "mean")
    for rule in rules:
        made = resample(series, 6 * HOUR, rule=rule)
        np.testing.assert_array_equal(made.values[-2:], series.values[-2:])
        assert hours_of(made)[-2:] == [6, 12]
        assert "interpolated frames" not in made.attrs.get("note", "")
    assert resample(series, 6 * HOUR, rule="none") is series


def test_a_line_in_time_is_interpolated_exactly_between_frames_two_steps_apart():
    # 7-hourly from 1: between 1 and 8 lies 6, between 8 and 15 lies 12; 15 and 29 are too far apart.
    series = resample(series_at([1, 8, 15, 29, 36]), 6 * HOUR, rule="linear")
    assert hours_of(series) == [6, 12, 30, 36]
    np.testing.assert_allclose(values_of(series), [6, 12, 30, 36], rtol=1e-6)
    assert series.attrs["note"] == (
        "resampled to 6h by 'linear': 1 frames kept, 3 interpolated, 2 absent; "
        "interpolated frames know the frame after them"
    )


def test_neighbours_exactly_two_steps_apart_are_near_enough():
    series = resample(series_at([0, 12, 25]), 6 * HOUR, rule="linear")
    assert hours_of(series) == [0, 6, 12]
    assert values_of(series) == [0, 6, 12]


def test_a_missing_value_is_not_interpolated_over_but_does_not_touch_the_frame_beside_it():
    series = resample(series_at([0, 4, 8], [1, np.nan, 3]), 2 * HOUR, rule="linear")
    np.testing.assert_array_equal(values_of(series), [1, np.nan, np.nan, np.nan, 3])


@pytest.mark.parametrize("chunks", [None, 1, 5, 7, 100])
def test_the_mean_is_of_the_frames_after_the_last_time_up_to_this_one(chunks):
    # (0, 6] holds 1 … 6, mean 3.5; the mean at 0 would be of 0 alone, that at 24 lacks frames.
    series = resample(series_at(range(23), chunks=chunks), 6 * HOUR, rule="mean")
    assert hours_of(series) == [6, 12, 18]
    assert values_of(series) == [3.5, 9.5, 15.5]
    assert series.attrs["note"] == (
        "resampled to 6h by 'mean': 0 frames kept, 3 averaged, 0 absent"
    )


def test_a_mean_needs_half_of_its_frames_and_half_of_its_values():
    # (6, 12] holds three of six frames, (12, 18] two.
    hours = [*range(1, 7), 7, 9, 12, 13, 18, *range(19, 25)]
    series = resample(series_at(hours), 6 * HOUR, rule="mean")
    assert hours_of(series) == [6, 12, 24]
    assert values_of(series)[1] == pytest.approx((7 + 9 + 12) / 3)
    values = [1.0, 3, np.nan, np.nan, 5, np.nan, np.nan, np.inf]
    series = resample(series_at(range(1, 9), values), 4 * HOUR, rule="mean")
    np.testing.assert_array_equal(values_of(series), [2, np.nan])


def test_sums_are_told_of():
    series = resample(series_at([0, 7], channels=(T2M, TP)), 6 * HOUR, rule="nearest")
    assert series.attrs["note"].endswith(
        "tp: sums over the time before each frame as the files have them, not over the time step"
    )


@pytest.mark.parametrize("rule", ["linear", "mean"])
def test_a_series_of_which_nothing_can_be_had_is_an_error(rule):
    with pytest.raises(
        ValueError, match=rf"'{rule}' at 1d finds no frame among 1 \(a single time\)"
    ):
        resample(series_at([11]), 24 * HOUR, rule=rule)


@settings(max_examples=40, deadline=None)
@given(
    gaps=st.lists(st.integers(1, 20), min_size=2, max_size=40),
    step=st.sampled_from([1, 3, 6, 24]),
    rule=st.sampled_from(RULES[1:]),
    chunks=st.sampled_from([None, 1, 4, 1000]),
)
def test_a_constant_stays_one_on_a_regular_axis_however_it_is_chunked(gaps, step, rule, chunks):
    hours = np.cumsum(gaps)
    try:
        made = resample(series_at(hours, 0 * hours + 7, chunks=chunks), step * HOUR, rule=rule)
    except ValueError:
        return
    assert not np.mod(hours_of(made), step).any()
    assert (np.diff(hours_of(made)) > 0).all()
    assert (made.values == 7).all()


def test_nothing_is_read_before_it_is_asked_for():
    def read():
        raise AssertionError("read")

    frames = da.map_blocks(
        read,
        chunks=((4, 4), (1,), (2,), (3,)),
        dtype="float32",
        meta=np.empty((0, 0, 0, 0), "float32"),
    )
    lazy = series_at([0, 1, 2, 3, 10, 11, 12, 14])
    lazy = lazy.copy(data=frames)
    for made in (fill_gaps(lazy, HOUR), resample(lazy, 2 * HOUR, rule="linear")):
        with pytest.raises(AssertionError, match="read"):
            made.compute(scheduler="synchronous")


@pytest.mark.parametrize(
    ("hours", "irregular", "patchy", "steps"),
    [
        ([0], False, False, "a single time"),
        ([0, 5], False, False, "5h ×1"),
        (range(100), False, False, "1h ×99"),
        ([*range(50), *range(60, 100)], False, False, "1h ×88, 11h ×1"),
        (np.delete(np.arange(30), [4, 9, 15, 16]), False, True, "1h ×22, 2h ×2, 3h ×1"),
        ([0, 7, 14, 22, 28], True, False, "7h ×2, 6h ×1, 8h ×1"),
        ([*range(0, 60, 6), *range(60, 200, 12)], True, True, "12h ×11, 6h ×10"),
        (
            np.cumsum([4, 4, *range(1, 7)]),
            True,
            True,
            "4h ×2, 1h ×1, 2h ×1, 3h ×1, 5h ×1, … (6 in all)",
        ),
    ],
)
def test_steps_are_counted(hours, irregular, patchy, steps):
    times = series_at(hours)["time"].values
    assert (is_irregular(times), is_patchy(times)) == (irregular, patchy)
    assert describe_steps(times) == steps


def test_long_parts_are_made_in_pieces(monkeypatch):
    monkeypatch.setattr("pipelines.frame_plan._BLOCK_BYTES", 3 * 24)  # three frames
    series = fill_gaps(series_at([0, 1, 12, 13], chunks=4), HOUR)
    assert series.chunks is not None
    assert max(series.chunks[0]) == 3
    np.testing.assert_array_equal(values_of(series), [0, 1, *[np.nan] * 10, 12, 13])
