"""Errors in detail, from the pass that makes the scores."""

from dataclasses import dataclass

import numpy as np
import pytest

from pipelines.normalise import Normaliser
from stforecast.baselines.persistence import Persistence
from stforecast.forecast import make_forecast
from stforecast.verification.accumulate import Batch
from stforecast.verification.error_plan import make_error_details
from stforecast.verification.evaluate import evaluate
from stforecast.verification.weights import row_weights

ROWS = np.array([60.0, 20.0, -20.0, -60.0])
STEP = np.timedelta64(6, "h")


@dataclass(frozen=True)
class Off:
    """Forecasts the truth, off by the same everywhere."""

    by: float
    name: str = "off"

    def forecast(self, series, *, init_times, steps):
        frames = np.stack(
            [
                [series.sel(time=time + number * STEP).values for number in range(1, steps + 1)]
                for time in init_times
            ]
        )
        return make_forecast(
            frames + self.by, init_times=init_times, time_step=STEP, like=series, forecaster="off"
        )


@pytest.fixture
def series(series_of):
    return series_of(np.random.default_rng(0).normal(size=(20, 2, 4, 5)), latitude=ROWS)


def details_of(series, forecasters, *, n_leads=2, rule="cell_area", **options):
    return make_error_details(
        series,
        forecasters=list(forecasters),
        lead_times=np.arange(1, n_leads + 1) * STEP,
        weights=row_weights(series, rule=rule),
        normaliser=Normaliser((0.0,) * series.sizes["channel"], (1.0,) * series.sizes["channel"]),
        time_step=STEP,
        **options,
    )


def evaluated(series, forecasters, *, n_leads=2, n_init_times=6, batch_size=None, **options):
    details = details_of(series, forecasters, n_leads=n_leads, **options)
    scores = evaluate(
        forecasters,
        series,
        init_times=series["time"].values[:n_init_times],
        steps=n_leads,
        time_step=STEP,
        batch_size=batch_size,
        observe=details.add,
    )
    return scores, details.summarise()


def test_a_constant_error_of_3_is_3_in_every_cell(series):
    _, errors = evaluated(series, {"off": Off(3.0)})
    # Bias 3, and the mean of its square 9, wherever one looks.
    np.testing.assert_allclose(errors["bias"], 3, rtol=1e-6)
    np.testing.assert_allclose(errors["mean_squared_error"], 9, rtol=1e-6)
    assert (errors["count"] == 6).all()
    # 6 forecasts of 20 cells in the bin that holds 3.
    where = errors["errors"].sel(forecaster="off", channel="a").isel(lead_time=0)
    (number,) = np.flatnonzero(where)
    low, high = errors["error_edge"].sel(channel="a").values[number : number + 2]
    assert low < 3 < high
    assert where[number] == 6 * 20
    # A shift leaves the correlation perfect.
    np.testing.assert_allclose(errors["correlation"], 1)


@pytest.mark.parametrize("rule", ["cell_area", "uniform"])
def test_cells_pooled_with_the_row_weights_make_the_scores(series, rule):
    forecasters = {"off": Off(0.5), "persistence": Persistence(time_step=STEP)}
    frames = series.copy(deep=True)
    frames[3, 0, 1, 2] = np.nan  # one missing cell is masked for all
    dialect = {"cell_area": "wb2", "uniform": "openstl"}[rule]
    details = details_of(frames, forecasters, rule=rule)
    scores = evaluate(
        forecasters,
        frames,
        init_times=frames["time"].values[:6],
        steps=2,
        time_step=STEP,
        dialect=dialect,
        observe=details.add,
    )
    errors = details.summarise()
    weights = errors["count"] * errors["row_weight"]
    pooled = (errors["mean_squared_error"] * weights).sum(("y", "x")) / weights.sum(("y", "x"))
    expected = scores["score"].sel(metric="rmse", drop=True)
    np.testing.assert_allclose(
        np.sqrt(pooled), expected.transpose("forecaster", "channel", "lead_time"), rtol=1e-6
    )
    assert int(errors["count"].sum()) == int(scores["count"].sum())


def test_batches_add_up(series):
    forecasters = {"persistence": Persistence(time_step=STEP)}
    _, whole = evaluated(series, forecasters, batch_size=6)
    _, parts = evaluated(series, forecasters, batch_size=2)
    for name in whole.data_vars:
        np.testing.assert_allclose(parts[name], whole[name], rtol=1e-6, err_msg=str(name))


def test_parts_of_the_channels_add_up(series, monkeypatch):
    forecasters = {"persistence": Persistence(time_step=STEP)}
    _, whole = evaluated(series, forecasters, weekly=True)
    monkeypatch.setattr("stforecast.verification.error_details._PART", 1)
    _, parts = evaluated(series, forecasters, weekly=True)
    for name in whole.data_vars:
        np.testing.assert_allclose(parts[name], whole[name], rtol=1e-9, err_msg=str(name))


def test_the_order_of_latitudes_does_not_matter(series):
    forecasters = {"persistence": Persistence(time_step=STEP)}
    _, errors = evaluated(series, forecasters)
    _, turned = evaluated(series.isel(y=slice(None, None, -1)), forecasters)
    for name in ("bias", "mean_squared_error", "count", "row_weight"):
        np.testing.assert_allclose(turned[name].isel(y=slice(None, None, -1)), errors[name])
    np.testing.assert_allclose(turned["correlation"], errors["correlation"])
    np.testing.assert_array_equal(turned["errors"], errors["errors"])


def test_forecast_and_truth_are_counted_together(series_of):
    frames = np.zeros((2, 1, 2, 2))
    frames[1] = [[[-1.0, 1.0], [1.0, 99.0]]]
    series = series_of(frames)
    _, errors = evaluated(series, {"off": Off(0.0)}, n_leads=1, n_init_times=1)
    # 100 bins from −5 to 5: −1 begins bin 40, 1 begins bin 60; 99 is beyond, in the last one.
    counted = errors["values"].sel(channel="a").isel(lead_time=0)
    assert {(int(row), int(column)) for row, column in np.argwhere(counted.values)} == {
        (40, 40),
        (60, 60),
        (99, 99),
    }
    assert int(counted.sum()) == 4
    assert "outer bins" in errors.attrs["bins"]


def test_the_correlation_is_that_of_numpy(series):
    _, errors = evaluated(
        series, {"persistence": Persistence(time_step=STEP)}, n_leads=1, rule="uniform"
    )
    for number in range(2):
        before, after = (series.values[rows, number].ravel() for rows in (slice(6), slice(1, 7)))
        expected = np.corrcoef(before, after)[0, 1]
        np.testing.assert_allclose(errors["correlation"][0, number, 0], expected, rtol=1e-6)


def test_what_is_the_same_everywhere_has_no_correlation(series_of):
    series = series_of(np.ones((4, 1, 2, 2)))
    _, errors = evaluated(series, {"off": Off(1.0)}, n_leads=1, n_init_times=2)
    assert errors["correlation"].isnull().all()


def test_a_cell_that_is_never_known_has_no_error(series_of):
    frames = np.ones((6, 1, 2, 2))
    frames[:, 0, 0, 0] = np.nan
    _, errors = evaluated(series_of(frames), {"off": Off(1.0)}, n_leads=1, n_init_times=3)
    assert errors["bias"].isel(y=0, x=0).isnull().all()
    assert (errors["count"].isel(y=0, x=0) == 0).all()
    assert int(errors["errors"].sum()) == 3 * 3


def test_one_that_diverged_does_not_stop_the_others(series):
    _, errors = evaluated(series, {"off": Off(np.inf), "persistence": Persistence(time_step=STEP)})
    assert np.isinf(errors["bias"].sel(forecaster="off")).all()
    assert np.isfinite(errors["bias"].sel(forecaster="persistence")).all()
    assert errors["correlation"].sel(forecaster="off").isnull().all()


def test_the_week_has_a_mean_for_each_slot(series_of):
    # Three weeks from a Monday on: each slot of six hours is its own number, off by 2.
    slots = np.arange(3 * 28) % 28
    frames = np.broadcast_to(slots[:, None, None, None], (len(slots), 1, 2, 2))
    series = series_of(frames, start="2018-01-01")
    _, errors = evaluated(series, {"off": Off(2.0)}, n_leads=1, n_init_times=56, weekly=True)
    np.testing.assert_allclose(errors["truth_mean"].values[0, 0], np.arange(28))
    np.testing.assert_allclose(errors["forecast_mean"].values[0, 0], np.arange(28) + 2)
    assert (errors["slot_count"] == 2 * 4).all()  # two weeks of four cells
    assert errors.attrs["time_step"] == "6h"


def test_a_slot_without_a_frame_has_no_mean(series):
    _, errors = evaluated(series, {"off": Off(0.0)}, n_leads=1, n_init_times=4, weekly=True)
    assert int(errors["truth_mean"].isel(channel=0).notnull().sum()) == 4


def test_without_room_for_maps_the_rest_is_there(series):
    _, errors = evaluated(series, {"off": Off(1.0)}, most_bytes=1)
    assert "count" not in errors
    assert "latitude" not in errors.coords
    assert int(errors["errors"].sel(forecaster="off").sum()) == 6 * 20 * 2
    assert errors.attrs["left_out"] == "maps; all but 1 of 2 lead times"


def test_other_channels_are_refused(series):
    details = details_of(series, ["off"])
    empty = np.zeros((1, 2, 1, 4, 5))
    batch = Batch(("b",), np.zeros((1, 2)), empty, {"off": empty}, empty == 0)
    with pytest.raises(
        ValueError, match="of the channels a, b, but the forecasts have b in common"
    ):
        details.add(batch)
