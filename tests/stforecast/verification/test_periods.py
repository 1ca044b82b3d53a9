import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.series import Channel, make_series
from stforecast.baselines.persistence import Persistence
from stforecast.verification.evaluate import evaluate, score_sums
from stforecast.verification.periods import PERIODS, masks_of_periods, periods_text

HALF_HOUR = np.timedelta64(30, "m")


@pytest.mark.parametrize(
    ("time", "periods"),
    [
        ("2016-01-04T06:30", "off_peak weekday"),  # a Monday
        ("2016-01-04T07:00", "peak weekday"),
        ("2016-01-04T09:30", "peak weekday"),
        ("2016-01-04T10:00", "off_peak weekday"),
        ("2016-01-04T15:30", "off_peak weekday"),
        ("2016-01-04T16:00", "peak weekday"),
        ("2016-01-04T19:59", "peak weekday"),
        ("2016-01-04T20:00", "off_peak weekday"),
        ("2016-01-08T08:00", "peak weekday"),  # a Friday
        ("2016-01-09T08:00", "off_peak weekend"),  # a Saturday
        ("2016-01-10T08:00", "off_peak weekend"),
        ("2016-01-18T08:00", "off_peak weekend"),  # a holiday on a Monday
        ("2016-01-18T23:30", "off_peak weekend"),
        ("2016-01-19T08:00", "peak weekday"),
    ],
)
def test_each_time_has_its_periods(time, periods):
    masks = masks_of_periods(np.array([[time]], "datetime64[ns]"), holidays="2016-01-18 2016-02-08")
    assert " ".join(name for name in PERIODS if masks[name][0, 0]) == periods


@given(minutes=st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_two_periods_and_two_are_everything(minutes):
    times = np.datetime64("2015-03-01", "ns") + np.array(minutes) * np.timedelta64(1, "m")
    masks = masks_of_periods(times, holidays="2015-05-01")
    assert (masks["peak"] ^ masks["off_peak"]).all()
    assert (masks["weekday"] ^ masks["weekend"]).all()
    assert (masks["peak"] <= masks["weekday"]).all()


def test_the_text_says_what_is_known():
    assert periods_text("2016-01-18 2016-02-08") == (
        "by local valid time; peak: 07–10 and 16–20 h on weekdays, off_peak: the rest; "
        "holidays (2 known) count as weekend"
    )
    assert periods_text("").endswith("off_peak: the rest; no holidays are known")


@pytest.fixture
def week():
    """Sunday to Saturday, half-hourly; the counts rise by 1 a step, on Tuesday by 3."""
    times = np.datetime64("2016-01-03", "ns") + np.arange(7 * 48) * HALF_HOUR
    days = times.astype("datetime64[D]")
    rises = np.where(days == np.datetime64("2016-01-05"), 3.0, 1.0)
    frames = np.cumsum(rises)[:, None, None, None] * np.ones((1, 1, 2, 2))
    return make_series(
        frames.astype("float32"),
        times=times,
        channels=[Channel("inflow", "inflow")],
        attrs={"dataset": "taxibj"},
    )


def scores_of(week, **attrs):
    series = week.assign_attrs(attrs)
    init_times = week["time"].values[:-2]
    return evaluate({"persistence": Persistence()}, series, init_times=init_times, steps=2)


def test_a_frame_is_of_the_period_of_its_valid_time(week):
    # Errors of one step: 3 at valid times on Tuesday, 1 on the other four weekdays:
    # sqrt((9 + 4) / 5). At 5 × 14 valid times of rush hours, 4 cells each.
    scored = scores_of(week)
    first = scored.isel(forecaster=0, lead_time=0, channel=0)
    by_period = first["score_by_period"].sel(metric="rmse")
    assert by_period.sel(period="peak").item() == pytest.approx(np.sqrt(13 / 5))
    assert by_period.sel(period="weekday").item() == pytest.approx(np.sqrt(13 / 5))
    assert by_period.sel(period="weekend").item() == pytest.approx(1)
    assert first["count_by_period"].sel(period="peak").item() == 4 * 5 * 14
    assert first["count_by_period"].sel(period="weekday").item() == 4 * 5 * 48


def test_a_holiday_counts_as_weekend(week):
    # Tuesday is off: (9 × 48 + the rest of the weekend, 47 frames of Sunday and 47 of Saturday).
    scored = scores_of(week, holidays="2016-01-05")
    first = scored.isel(forecaster=0, lead_time=0, channel=0)
    by_period = first["score_by_period"].sel(metric="rmse")
    assert by_period.sel(period="weekday").item() == pytest.approx(1)
    n_weekend = first["count_by_period"].sel(period="weekend").item() / 4
    assert n_weekend == 47 + 48 + 47
    expected = np.sqrt((9 * 48 + 94) / n_weekend)
    assert by_period.sel(period="weekend").item() == pytest.approx(expected)
    assert scored.attrs["periods"].endswith("holidays (1 known) count as weekend")


def test_periods_add_up_to_the_totals(week):
    sums = score_sums(
        {"persistence": Persistence()}, week, init_times=week["time"].values[:300], steps=4
    )
    parts, totals = sums.over_periods(), sums.over_init_times()
    for pair in (["peak", "off_peak"], ["weekday", "weekend"]):
        for name in ("squared_error", "weight", "count", "active_relative_error"):
            added = parts[name].sel(period=pair).sum("period")
            np.testing.assert_allclose(added, totals[name], rtol=1e-12)


def test_a_period_without_a_frame_has_no_score(week):
    series = week[:40]  # a Sunday
    scored = evaluate(
        {"persistence": Persistence()}, series, init_times=series["time"].values[:20], steps=1
    )
    assert scored["score_by_period"].sel(period=["peak", "weekday"]).isnull().all()
    assert (scored["count_by_period"].sel(period="weekday") == 0).all()
    assert scored["pooled_by_period"].sel(period="weekend", metric="rmse").item() == 1


def test_without_timestamps_there_are_no_periods(week):
    scored = scores_of(week, clock="artificial")
    assert "score_by_period" not in scored
    assert scored.attrs["clock"] == "artificial"
