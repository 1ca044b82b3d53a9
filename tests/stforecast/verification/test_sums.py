from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.series import Channel, make_series
from stforecast.baselines.climatology import fit_climatology
from stforecast.baselines.persistence import Persistence
from stforecast.verification.evaluate import evaluate, score_sums, summarise
from stforecast.verification.sums import ScoreSums, load_sums


def _series(*, n_times=40, seed=0, flipped=False, known=1.0):
    rng = np.random.default_rng(seed)
    frames = rng.normal(280, 5, size=(n_times, 2, 4, 3)).astype("float32")
    frames[rng.random(frames.shape) > known] = np.nan
    latitude = np.array([70.0, 50.0, 35.0, 20.0])
    return make_series(
        frames[:, :, ::-1] if flipped else frames,
        times=np.datetime64("2018-01-27", "ns") + np.arange(n_times) * np.timedelta64(6, "h"),
        channels=[Channel("t2m", "t2m", units="K"), Channel("z500", "z", 500.0, "m2 s-2")],
        latitude=latitude[::-1] if flipped else latitude,
        longitude=np.array([0.0, 10.0, 20.0]),
        attrs={"dataset": "made"},
    )


def _sums(series, init_times, *, dialect="wb2", climatology=None, steps=3):
    return score_sums(
        {"persistence": Persistence()},
        series,
        init_times=init_times,
        steps=steps,
        dialect=dialect,
        climatology=climatology,
    )


@settings(max_examples=15, deadline=None)
@given(
    cuts=st.sets(st.integers(1, 29), max_size=5),
    seed=st.integers(0, 99),
    known=st.sampled_from([1.0, 0.7]),
    dialect=st.sampled_from(["wb2", "openstl"]),
)
def test_parts_add_up_to_the_whole(cuts, seed, known, dialect):
    series = _series(seed=seed, known=known)
    climatology = fit_climatology(_series(seed=seed + 100), window_days=31)
    init_times = series["time"].values[:30]
    whole = _sums(series, init_times, dialect=dialect, climatology=climatology)
    edges = [0, *sorted(cuts), 30]
    parts = [
        _sums(series, init_times[start:stop], dialect=dialect, climatology=climatology)
        for start, stop in pairwise(edges)
    ]
    np.random.default_rng(seed).shuffle(parts)
    total = sum(parts[1:], start=parts[0])
    xr.testing.assert_identical(summarise(total), summarise(whole))


@settings(max_examples=5, deadline=None)
@given(batch_size=st.integers(1, 40), seed=st.integers(0, 99))
def test_scores_do_not_depend_on_the_batch_size(batch_size, seed):
    series = _series(seed=seed, known=0.9)
    init_times = series["time"].values[:30]
    for dialect in ("wb2", "wb1"):
        whole, batched = (
            evaluate(
                {"persistence": Persistence()},
                series,
                init_times=init_times,
                steps=3,
                dialect=dialect,
                climatology=fit_climatology(series[:20]),
                batch_size=size,
            )
            for size in (30, batch_size)
        )
        xr.testing.assert_allclose(whole, batched, rtol=1e-13)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 99), dialect=st.sampled_from(["wb2", "wb1", "openstl"]))
def test_scores_ignore_the_order_of_latitude(seed, dialect):
    results = []
    for flipped in (False, True):
        series = _series(seed=seed, flipped=flipped, known=0.9)
        climatology = fit_climatology(series[:20])
        sums = _sums(series, series["time"].values[:30], dialect=dialect, climatology=climatology)
        results.append(sums.scores())
    xr.testing.assert_allclose(*results, rtol=1e-12)


def test_scores_of_each_month_are_those_of_its_own_forecasts():
    series = _series()
    init_times = series["time"].values[:30]
    months = _sums(series, init_times).scores(by="init_time.month")
    assert months["month"].values.tolist() == [1, 2]
    january = init_times[init_times < np.datetime64("2018-02-01")]
    xr.testing.assert_allclose(
        months.sel(month=1, drop=True), _sums(series, january).scores(), rtol=1e-13
    )
    pooled = _sums(series, init_times).pooled_scores(by="init_time.month")
    assert pooled.dims == ("month", "forecaster", "metric", "channel")


def test_stored_sums_give_the_same_scores(tmp_path):
    series = _series(known=0.9)
    sums = _sums(series, series["time"].values[:30], climatology=fit_climatology(series[:20]))
    sums.save(tmp_path / "sums.nc")
    loaded = load_sums(tmp_path / "sums.nc")
    xr.testing.assert_identical(summarise(loaded), summarise(sums))
    with xr.open_dataset(tmp_path / "sums.nc", decode_timedelta=True) as plain:
        assert plain["squared_error"].dims == ("forecaster", "init_time", "lead_time", "channel")


def test_sums_of_other_lead_times_add_up_too():
    series = _series()
    init_times = series["time"].values[:30]
    whole = _sums(series, init_times, steps=3)
    parts = [ScoreSums(whole.data.isel(lead_time=rows)) for rows in ([0], [1, 2])]
    xr.testing.assert_identical((parts[1] + parts[0]).data, whole.data)


def test_sums_by_other_rules_do_not_add_up():
    series = _series()
    times = series["time"].values
    first = _sums(series, times[:10])
    with pytest.raises(ValueError, match="dialect 'wb2' and 'openstl' do not add up"):
        first + _sums(series, times[10:20], dialect="openstl")
    with pytest.raises(ValueError, match="climatology 'none' and 'mean per day"):
        first + _sums(series, times[10:20], climatology=fit_climatology(series))
    with pytest.raises(ValueError, match=r"channel .* do not add up"):
        first + _sums(series.isel(channel=[0]), times[10:20])


def test_sums_of_the_same_forecast_do_not_count_twice():
    series = _series()
    times = series["time"].values
    with pytest.raises(ValueError, match="init_time 2018-01-29T06:00 is in both score sums"):
        _sums(series, times[:10]) + _sums(series, times[9:20])


def test_sums_without_a_known_dialect_are_refused():
    with pytest.raises(ValueError, match="dialect 'None' is unknown; known: wb2, wb1, openstl"):
        ScoreSums(xr.Dataset())
