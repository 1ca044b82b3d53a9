"""Sequences by their error."""

import numpy as np

from stforecast.verification.accumulate import Batch
from stforecast.verification.sequence_errors import SequenceErrors

MINUTE = np.timedelta64(60, "s")


def batch_of(errors, first=0):
    """Forecasts that are off by constants, one an init time, a minute after another."""
    shape = (len(errors), 2, 1, 3, 3)
    truth = np.zeros(shape, dtype="float32")
    forecast = np.broadcast_to(np.reshape(errors, (-1, 1, 1, 1, 1)), shape).astype("float32")
    starts = np.datetime64("2000-01-01", "ns") + (first + np.arange(len(errors))) * MINUTE
    times = starts[:, None] + np.array([1, 2]) * MINUTE
    return Batch(("luminance",), times, truth, {"simvp": forecast}, ~np.isnan(forecast))


def collected(*batches):
    errors = SequenceErrors("simvp", time_step=MINUTE)
    for batch in batches:
        errors.add(batch)
    return {rank: (time, mse) for rank, time, mse in errors.examples()}


def minute(number):
    return np.datetime64("2000-01-01", "ns") + number * MINUTE


def test_best_median_and_worst_are_found_over_all_batches():
    found = collected(batch_of([3.0, 1.0]), batch_of([5.0, 2.0, 4.0], first=2))
    # A constant error of e has an MSE of e².
    assert found == {
        "best": (minute(1), 1.0),
        "median": (minute(0), 9.0),
        "worst": (minute(2), 25.0),
    }


def test_of_two_forecasts_one_is_best_and_one_is_worst():
    assert collected(batch_of([2.0, 1.0])).keys() == {"best", "worst"}


def test_a_single_forecast_is_shown_once():
    assert collected(batch_of([2.0])) == {"best": (minute(0), 4.0)}


def test_masked_cells_do_not_count():
    batch = batch_of([2.0, 3.0])
    batch.valid[0, 0] = False
    batch.forecasts["simvp"][0, 0] = 1e6
    assert collected(batch)["best"] == (minute(0), 4.0)


def test_a_forecast_without_truth_or_that_diverged_is_left_out():
    batch = batch_of([1.0, 2.0, np.inf])
    batch.valid[0] = False
    assert collected(batch) == {"best": (minute(1), 4.0)}
    assert collected(batch_of([np.inf])) == {}


def test_without_a_forecast_there_is_no_example():
    assert collected() == {}
