"""A job on data that have values over land alone."""

from dataclasses import replace

import numpy as np

from stforecast.batch.record import Record
from stforecast.batch.run import run_job
from stforecast.forecaster import load_forecaster
from stforecast.layouts import read_forecast

NOW = np.datetime64("2015-01-20T00:00", "ns")


def test_cells_that_never_hold_a_value_are_neither_missing_nor_a_failure(desk):
    sea = np.zeros(desk.series.shape[1:], dtype=bool)
    sea[:, 2:6, 4:9] = True
    file = desk.folder / "run" / "forecaster.safetensors"
    replace(load_forecaster(file), empty=sea).save(file)
    land = desk.series.where(~sea)
    land.loc[{"time": "2015-01-04T00"}][0, 0, 0] = np.nan  # one value that should be there
    desk.deliver(land)
    summary = run_job(desk.job(history={"degraded": 0.1}), now=NOW)
    assert summary.counts == {"done": 4, "degraded": 4}
    rows = Record(desk.folder / "waves.state" / "status.sqlite").states()
    assert [row.missing for row in rows[:4]] == [0, 0, 0, 0]
    # One of 4 frames of the history.
    assert rows[4].missing == 1 / (4 * (~sea).sum())
    forecast = read_forecast(desk.folder / "out" / "20150103T00.nc")
    assert np.array_equal(np.isnan(forecast.values[0, 0]), sea)
