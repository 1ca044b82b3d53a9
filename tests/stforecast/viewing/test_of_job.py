"""Forecasts that a job has written, looked at."""

import shutil

import fsspec
import numpy as np
import pytest

from stforecast.batch.run import run_job
from stforecast.layouts import read_forecast
from stforecast.viewing.forecasts import open_forecasts
from stforecast.viewing.of_job import open_job_forecasts
from tests.stforecast.viewing.conftest import NOW, entry_at

ONE = {"range": "2015-01-03T00:00"}


def open_job_at(desk, **options):
    return open_forecasts(entry_at(desk.folder, "job.toml"), **options)


def test_what_the_job_has_written_is_shown_beside_the_truth(worked):
    forecasts = open_job_at(worked)
    assert len(forecasts.init_times) == 8
    assert forecasts.default_init_time == np.datetime64("2015-01-04T18:00", "ns")
    assert (forecasts.lead_times == np.arange(1, 4) * np.timedelta64(6, "h")).all()
    shown = forecasts.shown(forecasts.init_times[2], "z500")
    made = read_forecast(worked.folder / "out" / "20150103T12.nc")
    np.testing.assert_array_equal(shown.fields.forecast, made.sel(channel="z500").values[0])
    truth = worked.series.sel(time=shown.fields.valid_times, channel="z500")
    np.testing.assert_allclose(shown.fields.truth, truth)
    assert shown.history.shape == (4, 8, 16)
    assert list(shown.baselines) == ["persistence"]
    assert shown.fields.channel == forecasts.channels[1]
    assert forecasts.time_zone == "UTC"


def test_stores_are_shown_and_tables_passed_over(desk):
    table = {"path": "out/{init_time:%Y%m%dT%H}.csv"}
    store = {"path": "stores/{init_time:%Y%m%dT%H}.zarr"}
    run_job(desk.job(output=[table, store], init_times=ONE), now=NOW)
    forecasts = open_job_at(desk)
    time = forecasts.init_times[0]
    assert [len(places) for places in forecasts.places.values()] == [1]
    made = read_forecast(desk.folder / "stores" / "20150103T00.zarr")
    shown = forecasts.shown(time, "t2m")
    np.testing.assert_array_equal(shown.fields.forecast, made.sel(channel="t2m").values[0])


def test_forecasts_that_are_gone_are_not_listed_and_a_late_loss_is_told(worked):
    (worked.folder / "out" / "20150103T00.nc").unlink()
    forecasts = open_job_at(worked)
    assert len(forecasts.init_times) == 7
    (worked.folder / "out" / "20150104T18.nc").unlink()
    with pytest.raises(
        ValueError, match=r"2015-01-04 18:00 is gone: .*20150104T18\.nc is not there"
    ):
        forecasts.shown(forecasts.init_times[-1], "t2m")


def test_a_damaged_forecast_is_told_of_and_the_others_stay(worked):
    file = worked.folder / "out" / "20150104T18.nc"
    file.write_bytes(file.read_bytes()[:500])
    forecasts = open_job_at(worked)
    assert "Left out: " in forecasts.notes[-1]
    with pytest.raises(ValueError, match=r"20150104T18\.nc cannot be shown"):
        forecasts.shown(forecasts.init_times[-1], "t2m")
    assert np.isfinite(forecasts.shown(forecasts.init_times[0], "t2m").fields.forecast).all()


def test_a_job_that_has_never_run_says_how_to_run_it(desk):
    desk.job()
    forecasts = open_job_at(desk)
    assert len(forecasts.init_times) == 0
    assert np.isnat(forecasts.default_init_time)
    assert [channel.name for channel in forecasts.channels] == ["t2m", "z500"]
    assert (forecasts.grid.shape, len(forecasts.lead_times)) == ((8, 16), 3)
    assert f"stforecast batch run {desk.folder / 'job.toml'}" in forecasts.notes[-1]


def test_without_its_run_forecasts_are_shown_without_truth(worked):
    shutil.rmtree(worked.folder / "run")
    forecasts = open_job_at(worked)
    assert "The job's run cannot be read" in forecasts.notes[0]
    shown = forecasts.shown(forecasts.default_init_time, "t2m")
    assert (shown.fields.truth, dict(shown.baselines)) == (None, {})
    assert forecasts.period_of(forecasts.init_times[0]) == ""


def test_without_run_and_forecasts_there_is_nothing_to_show(desk):
    desk.job()
    shutil.rmtree(desk.folder / "run")
    with pytest.raises(ValueError, match="Neither a forecast nor the run of .* can be read"):
        open_job_at(desk)


def test_without_its_data_a_note_says_where_they_were(worked):
    worked.job(run="run/forecaster.safetensors")
    shutil.move(worked.folder / "data", worked.folder / "moved")
    forecasts = open_job_at(worked)
    assert str(worked.folder / "data") in forecasts.notes[0]
    assert forecasts.shown(forecasts.init_times[0], "t2m").fields.truth is None
    found = open_job_at(worked, data=worked.folder / "moved")
    assert np.isfinite(found.shown(found.init_times[0], "t2m").fields.truth).all()


def test_outputs_behind_urls_are_fetched_when_they_are_looked_at(desk):
    files = fsspec.filesystem("memory")
    try:
        out = {"path": "memory://look/{init_time:%Y%m%dT%H}.nc"}
        run_job(desk.job(output=[out], init_times=ONE), now=NOW)
        forecasts = open_job_at(desk)
        shown = forecasts.shown(forecasts.init_times[0], "t2m")
        assert np.isfinite(shown.fields.forecast).all()
        files.rm("/look", recursive=True)
        with pytest.raises(ValueError, match=r"is gone: memory://look/20150103T00\.nc"):
            forecasts.shown(forecasts.init_times[0], "t2m")
    finally:
        if files.exists("/look"):
            files.rm("/look", recursive=True)


def test_a_copy_of_data_behind_a_url_is_looked_at_where_the_job_keeps_it(desk):
    desk.job(input={"data": "memory://somewhere/waves"})
    shutil.copytree(desk.folder / "data", desk.folder / "waves.state" / "input" / "waves")
    forecasts = open_job_forecasts(entry_at(desk.folder, "job.toml"))
    assert forecasts.beside.series is not None


def test_a_forecast_of_a_job_is_told_into_which_split_of_its_run_it_reaches(desk, globe):
    desk.job(run="runs/globe", input={"data": "data/globe"})
    forecasts = open_job_at(desk)
    assert forecasts.period_of(desk.series["time"].values[50]) == "train"
    assert forecasts.period_of(desk.series["time"].values[145]) == "test"
