"""Drift: the last window against the run's own test scores."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from stforecast.batch.drift import judge_drift, open_test_scores
from stforecast.batch.job import VerifyConfig
from stforecast.batch.rows import Row
from stforecast.batch.scoring import score_made
from stforecast.forecast import make_forecast
from stforecast.verification.evaluate import evaluate

NOW = np.datetime64("2015-01-20T00:00", "ns")


def made(series, init_times, *, error):
    """Forecasts of two lead times whose every value is wrong by `error`."""
    times = np.asarray(init_times, dtype="datetime64[ns]")
    leads = np.arange(1, 3) * np.timedelta64(6, "h")
    frames = series.sel(time=(times[:, None] + leads).ravel()).values + error
    return make_forecast(
        frames.reshape(len(times), 2, *series.shape[1:]),
        init_times=times,
        time_step=np.timedelta64(6, "h"),
        like=series,
        forecaster="simvp",
    )


class Wrong:
    """A forecaster that is wrong by 2."""

    name = "simvp"

    def forecast(self, series, *, init_times, steps):
        return made(series, init_times, error=2)


def scored(series, first, count, *, error, state="done", made_by="own"):
    init_times = np.datetime64(first, "ns") + np.arange(count) * np.timedelta64(6, "h")
    rows = [
        Row(str(time), state, fingerprint="f", forecaster_fingerprint=made_by)
        for time in np.datetime_as_string(init_times, unit="s")
    ]
    done = {row.init_time: np.array([], dtype="timedelta64[ns]") for row in rows}
    forecast = made(series, init_times, error=error)
    return score_made(forecast, rows, series, done=done, boxes={})


@pytest.fixture
def tested(waves):
    times = waves["time"].values[100:120]
    from stforecast.baselines.persistence import Persistence

    return evaluate(
        {"simvp": Wrong(), "persistence": Persistence()}, waves, init_times=times, steps=2
    )


def judge(months, tested, **options):
    config = VerifyConfig(drift=options.pop("drift", 0.2), window="5d")
    return judge_drift(
        months, tested, forecaster="simvp", made_by="own", config=config, now=NOW, **options
    )


def test_an_error_above_the_test_is_drift(waves, tested):
    # Wrong by 2 in the test and by 2.5 now: an excess of 25 %.
    lines = judge([scored(waves, "2015-01-16", 10, error=2.5)], tested)
    assert [(line.channel, line.lead_hours) for line in lines] == [
        ("t2m", 6),
        ("t2m", 12),
        ("z500", 6),
        ("z500", 12),
    ]
    for line in lines:
        assert line.forecasts == 10
        assert line.rmse == pytest.approx(2.5, rel=1e-5)
        assert line.test_rmse == pytest.approx(2, rel=1e-5)
        assert line.excess == pytest.approx(0.25, rel=1e-4)
        # The same wave all the time: persistence is as good as it was.
        assert line.persistence_excess == pytest.approx(0, abs=1e-6)
        assert line.drifts
    assert lines[0].units == "K"


def test_within_the_limit_or_by_too_few_forecasts_there_is_no_drift(waves, tested):
    enough, few = (scored(waves, "2015-01-16", count, error=2.5) for count in (10, 9))
    assert not any(line.drifts for line in judge([enough], tested, drift=0.3))
    assert not any(line.drifts for line in judge([few], tested))
    assert [line.forecasts for line in judge([few], tested)] == [9] * 4


def test_what_is_old_degraded_or_of_another_forecaster_does_not_count(waves, tested):
    good = scored(waves, "2015-01-18", 8, error=2)
    others = [
        scored(waves, "2015-01-10", 8, error=9),
        scored(waves, "2015-01-16", 4, error=9, state="degraded"),
        scored(waves, "2015-01-17", 4, error=9, made_by="another"),
    ]
    lines = judge([*others, good], tested)
    assert {line.forecasts for line in lines} == {8}
    assert all(line.rmse == pytest.approx(2, rel=1e-5) for line in lines)
    assert judge(others, tested) == []


def test_lead_times_without_a_test_score_or_a_truth_are_not_judged(waves, tested):
    lines = judge([scored(waves, "2015-01-16", 10, error=2.5)], tested.isel(lead_time=[0]))
    assert {line.lead_hours for line in lines} == {6}
    alone = tested.sel(forecaster=["simvp"])
    assert judge([scored(waves, "2015-01-16", 10, error=2.5)], alone)[0].persistence_excess is None
    holes = waves.where(waves["channel"] != "t2m")
    (gone, *_) = judge([scored(holes, "2015-01-16", 10, error=2.5)], tested)
    assert (gone.channel, gone.rmse, gone.excess, gone.drifts) == ("t2m", None, None, False)


def test_another_dialect_is_refused(waves, tested):
    month = scored(waves, "2015-01-16", 10, error=2.5)
    with pytest.raises(
        ValueError, match="of dialect 'wb1', but past forecasts are scored in 'wb2'"
    ):
        judge([month], tested.assign_attrs(dialect="wb1"))
    whole = scored(waves, "2015-01-18", 4, error=2.5)
    data = whole.sums.data.assign_attrs(grid="4x4")
    other = replace(whole, sums=replace(whole.sums, data=data))
    with pytest.raises(ValueError, match="do not add up"):
        judge([month, other], tested)


def test_the_test_scores_are_those_of_the_run(tmp_path, tested):
    with pytest.raises(ValueError, match=r"there is no .*scores.nc; run `stforecast evaluate"):
        open_test_scores(str(tmp_path), forecaster="simvp")
    tested.to_netcdf(tmp_path / "scores.nc", engine="netcdf4")
    weights = tmp_path / "forecaster.safetensors"
    weights.write_bytes(b"")
    for run in (tmp_path, weights):
        scores = open_test_scores(str(run), forecaster="simvp")
        xr.testing.assert_allclose(scores["score"], tested["score"])
    with pytest.raises(ValueError, match="has scores of simvp, persistence, but the forecaster is"):
        open_test_scores(str(tmp_path), forecaster="convlstm")
    (tmp_path / "scores.nc").write_bytes(b"no NetCDF")
    with pytest.raises(ValueError, match=r"scores.nc holds no scores \("):
        open_test_scores(str(tmp_path), forecaster="simvp")
