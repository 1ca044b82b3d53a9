import numpy as np
import pytest
from rich.console import Console

from pipelines.series import Channel, make_series
from stforecast.baselines.persistence import Persistence
from stforecast.forecast import make_forecast
from stforecast.verification.evaluate import evaluate
from stforecast.verification.report import (
    lead_text,
    period_table,
    score_table,
    score_tables,
    scores_to_frame,
    skill_sentences,
)

STEP = np.timedelta64(6, "h")


class Half:
    """Half of the last frame's value: with truth 0 its error is half of persistence's."""

    name = "half"

    def forecast(self, series, *, init_times, steps):
        made = Persistence().forecast(series, init_times=init_times, steps=steps)
        return make_forecast(
            made.values / 2, init_times=init_times, time_step=STEP, like=series, forecaster="half"
        )


@pytest.fixture
def scores():
    return _scores()


def _scores(*, steps=2, dialect="wb2"):
    """Persistence errs by 200 Pa and 4 K, half by 100 Pa and 2 K."""
    frames = np.zeros((steps + 1, 2, 3, 4))
    frames[0, 0], frames[0, 1] = 200, 4
    channels = [Channel("msl", "msl", units="Pa"), Channel("t2m", "t2m", units="K")]
    series = make_series(
        frames.astype("float32"),
        times=np.datetime64("2018-01-01", "ns") + np.arange(steps + 1) * STEP,
        channels=channels,
        attrs={"dataset": "made"},
    )
    return evaluate(
        {"half": Half(), "persistence": Persistence()},
        series,
        init_times=series["time"].values[:1],
        steps=steps,
        dialect=dialect,
    )


def _text(table):
    console = Console(width=100, record=True, color_system=None)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_a_table_shows_display_units_and_the_best_in_bold(scores):
    # 200 Pa are 2 hPa.
    table = score_table(scores, channel="msl", metric="rmse")
    lead, half, persistence = (list(column.cells) for column in table.columns)
    assert lead == ["+6 h", "+12 h", "all"]
    assert half == ["[bold]1.000[/bold]"] * 3
    assert persistence == ["2.000"] * 3
    assert "msl rmse [hPa]" in _text(table)
    assert table.caption == "wb2; init times: 1, 2018-01-01T00:00 to 2018-01-01T00:00"


def test_squares_are_shown_in_squared_display_units(scores):
    # (200 Pa)² are 4 hPa².
    table = score_table(scores, channel="msl", metric="mse")
    assert list(table.columns[2].cells) == ["4.000"] * 3
    assert "[hPa2]" in _text(table)


def test_each_channel_and_shown_metric_has_its_table(scores):
    titles = [str(table.title) for table in score_tables(scores)]
    assert titles == [r"msl rmse \[hPa]", r"t2m rmse \[K]"]
    assert len(score_tables(scores, metrics=["mae", "bias"])) == 4


def test_of_many_lead_times_every_few_are_shown():
    table = score_table(_scores(steps=40), channel="t2m", metric="rmse")
    rows = list(table.columns[0].cells)
    assert rows == ["+6 h", *[f"+{hours} h" for hours in range(24, 241, 24)], "all"]


def test_a_score_that_is_missing_is_a_dash(scores):
    scores["score"] = scores["score"].where(scores["forecaster"] == "half")
    table = score_table(scores, channel="t2m", metric="rmse")
    assert next(iter(table.columns[2].cells)) == "–"
    scores["score"] = scores["score"] * np.nan
    table = score_table(scores, channel="t2m", metric="rmse")
    assert next(iter(table.columns[1].cells)) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [(55312.4, "55312"), (936.04, "936.0"), (0.012345, "0.01235"), (0, "0.000"), (np.inf, "inf")],
)
def test_scores_are_shown_with_four_digits(scores, value, text):
    scores["score"] = scores["score"] * 0 + value
    table = score_table(scores, channel="t2m", metric="rmse")
    assert next(iter(table.columns[2].cells)) == f"[bold]{text}[/bold]"


def test_a_channel_that_is_not_there_is_named(scores):
    with pytest.raises(ValueError, match="no channel 'z500'; they have msl, t2m"):
        score_table(scores, channel="z500", metric="rmse")


def test_rows_hold_each_score_in_its_own_units(scores):
    frame = scores_to_frame(scores)
    assert frame.columns.tolist() == [
        "forecaster",
        "metric",
        "channel",
        "lead_time_hours",
        "score",
        "units",
        "dialect",
    ]
    # 2 forecasters × 4 metrics × 2 channels × (2 lead times and all of them together)
    assert len(frame) == 2 * 4 * 2 * 3
    for row in frame.itertuples():
        labels = {"forecaster": row.forecaster, "metric": row.metric, "channel": row.channel}
        if np.isnan(row.lead_time_hours):
            expected = scores["pooled"].sel(labels)
        else:
            lead_time = np.timedelta64(int(row.lead_time_hours), "h").astype("timedelta64[ns]")
            expected = scores["score"].sel({**labels, "lead_time": lead_time})
        assert row.score == expected.item()
        assert row.units == scores["units"].sel(metric=row.metric, channel=row.channel).item()
    assert set(frame["dialect"]) == {"wb2"}
    assert frame.groupby("lead_time_hours")["score"].count().index.tolist() == [6.0, 12.0]


def test_sentences_say_how_far_a_forecaster_is_better(scores):
    assert skill_sentences(scores) == [
        "msl: half beats persistence up to +12 h in rmse, the last lead time",
        "t2m: half beats persistence up to +12 h in rmse, the last lead time",
    ]
    won = scores.copy(deep=True)
    won["score"].loc[{"forecaster": "half", "channel": "t2m"}] = [1.0, 9.0]
    won["score"].loc[{"forecaster": "half", "channel": "msl"}] = [900.0, 1.0]
    assert skill_sentences(won) == [
        "msl: half does not beat persistence at +6 h in rmse",
        "t2m: half beats persistence up to +6 h in rmse",
    ]


def test_sentences_pass_over_lead_times_without_truth(scores):
    gaps = scores.copy(deep=True)
    gaps["score"].loc[{"channel": "t2m", "lead_time": STEP}] = np.nan
    gaps["score"].loc[{"channel": "msl"}] = np.nan
    assert skill_sentences(gaps) == [
        "msl: half cannot be compared with persistence in rmse: there is no truth",
        "t2m: half beats persistence up to +12 h in rmse, the last lead time",
    ]
    gaps["score"].loc[{"forecaster": "half", "channel": "t2m"}] = np.nan  # it blew up
    assert "t2m: half does not beat persistence at +12 h in rmse" in skill_sentences(gaps)


def test_lead_times_are_said_in_hours_or_minutes():
    assert lead_text(np.timedelta64(72, "h")) == "+72 h"
    assert lead_text(np.timedelta64(30, "m")) == "+30 min"
    assert lead_text(np.timedelta64(90, "m")) == "+1 h 30 min"


@pytest.fixture
def traffic_scores():
    """A Monday up to 09:30: counts of 30, and 20 in the last frame."""
    frames = np.full((20, 2, 3, 4), 20.0, dtype="float32")
    frames[:-1] = 30
    return _traffic(frames)


def _traffic(frames, *, dialect="traffic", **attrs):
    step = np.timedelta64(30, "m")
    series = make_series(
        frames,
        times=np.datetime64("2016-01-04", "ns") + np.arange(len(frames)) * step,
        channels=[Channel(name, name) for name in ("inflow", "outflow")],
        attrs={"dataset": "taxibj", "holidays": "2016-01-01", **attrs},
    )
    return evaluate(
        {"mine": Persistence(), "daily_naive": Persistence()},
        series,
        init_times=series["time"].values[:-1],
        steps=1,
        dialect=dialect,
        value_range=(0, 100) if dialect == "openstl" else None,
    )


def test_traffic_is_shown_in_vehicles(traffic_scores):
    table = score_table(traffic_scores, channel="inflow", metric="rmse")
    assert table.title == r"inflow rmse \[vehicles]"
    assert next(iter(table.columns[0].cells)) == "+30 min"
    assert table.caption.startswith("traffic; init times: 19")
    assert [str(column.header) for column in table.columns] == ["lead time", "mine", "daily\nnaive"]
    table = score_table(traffic_scores, channel="inflow", metric="mape")
    assert table.title == r"inflow mape \[%]"
    assert table.caption.endswith("; cells with a truth of 10 or more")


def test_the_periods_have_a_table_of_their_own(traffic_scores):
    # The only error, 10, is at 09:30, the last of 6 valid times of the rush hour:
    # sqrt(100 / 6) = 4.082; of all 19 sqrt(100 / 19) = 2.294.
    table = period_table(traffic_scores)
    assert table.title == r"rmse by period, all lead times \[vehicles]"
    channel, period, mine, naive = (list(column.cells) for column in table.columns)
    assert channel == ["inflow"] * 4 + ["outflow"] * 4
    assert period == ["peak", "off_peak", "weekday", "weekend"] * 2
    assert mine == naive
    assert [text.removeprefix("[bold]").removesuffix("[/bold]") for text in mine[:4]] == [
        "4.082",
        "0.000",
        "2.294",
        "–",
    ]
    assert "holidays (1 known) count as weekend" in table.caption
    assert "[vehicles]" in _text(table)


def test_without_periods_there_is_no_table(scores):
    assert period_table(scores) is None
    with pytest.raises(ValueError, match="no metric 'mape'; they have"):
        period_table(scores, metric="mape")


def test_rows_of_periods_stand_below_the_totals(traffic_scores):
    frame = scores_to_frame(traffic_scores)
    assert frame.columns.tolist() == [
        "forecaster",
        "metric",
        "channel",
        "lead_time_hours",
        "period",
        "score",
        "units",
        "dialect",
    ]
    # 2 forecasters × 6 metrics × 2 channels × (1 lead time and all), for the totals and 4 periods
    assert frame["period"].value_counts().to_dict() == dict.fromkeys(
        ["all", "peak", "off_peak", "weekday", "weekend"], 2 * 6 * 2 * 2
    )
    row = frame[(frame["period"] == "peak") & (frame["metric"] == "rmse")].iloc[0]
    assert (row["lead_time_hours"], row["units"]) == (0.5, "1")
    chosen = {"period": "peak", "metric": "rmse", "channel": "inflow", "forecaster": "mine"}
    assert row["score"] == traffic_scores["score_by_period"].sel(chosen).item()


def test_of_errors_that_are_added_up_the_sum_is_shown():
    scores = _traffic(np.ones((9, 2, 3, 4), dtype="float32"), dialect="openstl")
    titles = [str(table.title) for table in score_tables(scores)]
    assert titles == ["all mse", "all mae", r"all rmse \[vehicles]"]
    assert set(scores_to_frame(scores)["channel"]) == {"inflow", "outflow", "all"}


def test_every_baseline_has_its_sentence(traffic_scores):
    assert skill_sentences(traffic_scores) == [
        "inflow: mine does not beat daily_naive at +30 min in rmse",
        "outflow: mine does not beat daily_naive at +30 min in rmse",
    ]
