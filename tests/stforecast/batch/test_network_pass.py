import errno
import os
from dataclasses import replace
from socket import gethostname
from types import SimpleNamespace

import fsspec
import numpy as np
import pytest
import torch
import xarray as xr

from models import build_network
from pipelines.grid import Grid
from pipelines.normalise import Normaliser
from pipelines.series import channels_of
from pipelines.store import write_store
from stforecast.batch import network_pass
from stforecast.batch.network_pass import open_forecaster, open_input
from stforecast.batch.work import OutputSpec, Task, forecast_init_times, iso, passes
from stforecast.experiment import load_experiment
from stforecast.forecaster import Forecaster
from stforecast.layouts import read_forecast
from stforecast.presets import base_experiment

OPTIONS = {"spatial_width": 8, "translator_width": 16, "translator_layers": 2}
HISTORY, HORIZON, STEPS, PLACES = 4, 3, 5, 4
STEP = np.timedelta64(6, "h")
LAYOUTS = {"nc": "cf", "zarr": "wb2", "csv": "tidy", "parquet": "tidy"}


def forecaster_of(series, *, seed=0):
    experiment = load_experiment(
        base={
            "dataset": "weatherbench",
            "history": HISTORY,
            "horizon": HORIZON,
            "time_step": "6h",
            "network": {"name": "simvp", **OPTIONS},
        }
    )
    torch.manual_seed(seed)
    channels = channels_of(series)
    network = build_network(
        "simvp",
        OPTIONS,
        history=HISTORY,
        horizon=HORIZON,
        channels_in=len(channels),
        channels_out=len(channels),
        height=series.sizes["y"],
        width=series.sizes["x"],
    )
    return Forecaster(
        network=network.eval(),
        experiment=experiment,
        channels=channels,
        normaliser=Normaliser((280.0,) * len(channels), (10.0,) * len(channels)),
        time_step=STEP,
        shape=(series.sizes["y"], series.sizes["x"]),
        grid=Grid(series["latitude"].values, series["longitude"].values),
    )


@pytest.fixture
def place(waves, tmp_path):
    """A forecaster, and 40 frames of a store with a hole and missing values."""
    series = waves[:40].copy()
    series[20, 0, :4] = np.nan
    series[30, 1] = np.nan
    store = tmp_path / "store"
    write_store(series.isel(time=np.delete(np.arange(40), 35)), store)
    forecaster_of(series).save(tmp_path / "forecaster.safetensors")
    return tmp_path


def tasks_of(place, rows, *, out="out", layouts=("nc",), batch_size=PLACES, **changes):
    init_times = np.datetime64("2015-01-01", "ns") + np.array(rows) * STEP
    return [
        Task(
            run=str(place / "forecaster.safetensors"),
            source=str(place / "store"),
            init_times=held,
            wanted=wanted,
            steps=STEPS,
            batch_size=batch_size,
            outputs=tuple(
                OutputSpec(f"{place}/{out}/{{init_time:%m%dT%H}}.{ending}", LAYOUTS[ending])
                for ending in layouts
            ),
            work=str(place / "work"),
            **changes,
        )
        for held, wanted in passes(init_times, every=STEP, batch_size=batch_size)
    ]


def run(tasks):
    return [outcome for task in tasks for outcome in forecast_init_times(task)]


def contents(folder):
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def time_of(row):
    return iso(np.datetime64("2015-01-01", "ns") + row * STEP)


def test_a_pass_writes_what_the_forecaster_forecasts(place):
    outcomes = run(tasks_of(place, [8, 9, 10, 11], layouts=("nc", "zarr")))
    assert [outcome.error for outcome in outcomes] == [None] * 4
    assert all(outcome.seconds > 0 and outcome.missing == 0 for outcome in outcomes)
    assert outcomes[1].outputs == (
        f"{place}/out/0103T06.nc",
        f"{place}/out/0103T06.zarr",
    )
    forecaster = open_forecaster(str(place / "forecaster.safetensors"))
    series = open_input(forecaster, str(place / "store"))
    times = np.array([time_of(row) for row in (8, 9, 10, 11)], dtype="datetime64[ns]")
    expected = forecaster.forecast(series, init_times=times, steps=STEPS)
    for number, outcome in enumerate(outcomes):
        for output in outcome.outputs:
            found = read_forecast(output).compute()
            assert np.array_equal(found.values, expected[[number]].values)
    assert list((place / "work").iterdir()) == []


def test_alone_and_in_company_are_the_same_bytes(place):
    rows = [4, 5, 6, 7, 8, 9]
    layouts = tuple(LAYOUTS)
    run(tasks_of(place, rows, out="together", layouts=layouts))
    for row in (9, 6, 4):
        run(tasks_of(place, [row], out="apart", layouts=layouts))
    run(tasks_of(place, [5, 7, 8], out="apart", layouts=layouts))
    together = contents(place / "together")
    # A NetCDF file, a CSV and a Parquet file each, and a store with more than one file.
    assert len(together) > 4 * len(rows)
    assert contents(place / "apart") == together


def test_the_number_of_threads_is_set_and_set_back(place, monkeypatch):
    seen = []
    forecast = Forecaster.forecast

    def looking(self, series, **options):
        seen.append(torch.get_num_threads())
        return forecast(self, series, **options)

    monkeypatch.setattr(Forecaster, "forecast", looking)
    before = torch.get_num_threads()
    run(tasks_of(place, [8], threads=2))
    assert seen == [2]
    assert torch.get_num_threads() == before


def test_what_one_init_time_lacks_is_its_own_error(place):
    # Frame 35 is not there: 35 to 38 have no whole history. Frame 30 has a channel without values.
    # 32 and 33 see it among four, which is filled.
    outcomes = run(tasks_of(place, [32, 33, 34, 36], out="a"))
    errors = {outcome.init_time: outcome.error for outcome in outcomes}
    assert errors == {
        time_of(32): None,
        time_of(33): None,
        time_of(34): None,
        time_of(36): "a frame of its history is not in the input",
    }
    missing = {outcome.init_time: outcome.missing for outcome in outcomes}
    # One of two channels in one of four frames.
    assert missing[time_of(33)] == pytest.approx(1 / 8)
    assert missing[time_of(34)] == 0
    assert outcomes[1].warnings == (
        "12.50% of the history is missing; the training mean stands for it",
    )


def test_a_channel_without_a_value_is_no_forecast(waves, place):
    series = waves[:40].copy()
    series[10:14, 1] = np.nan
    write_store(series, place / "gappy")
    (task,) = tasks_of(place, [12, 13, 14])
    outcomes = forecast_init_times(replace(task, source=str(place / "gappy")))
    assert [outcome.error for outcome in outcomes] == [
        None,
        "a channel of the history has no value at all",
        None,
    ]
    assert not outcomes[1].outputs
    assert not (place / "out" / "0104T06.nc").exists()


def test_a_forecast_that_is_not_finite_is_none(waves, place, monkeypatch):
    forecast = Forecaster.forecast

    def exploding(self, series, **options):
        made = forecast(self, series, **options)
        made[0, -1, 0, 2, 3] = np.inf
        return made

    monkeypatch.setattr(Forecaster, "forecast", exploding)
    outcomes = run(tasks_of(place, [8, 9]))
    # Five lead times of two channels on 8×16.
    assert outcomes[0].error == "1 of 1280 values of the forecast are not finite"
    assert outcomes[1].error is None


def test_a_pass_that_fails_is_tried_for_each_alone(place, monkeypatch):
    run(tasks_of(place, [8, 9], out="whole"))
    forecast = Forecaster.forecast

    def failing(self, series, *, init_times, steps):
        if np.datetime64(time_of(10), "ns") in init_times:
            raise OSError(errno.EIO, "Input/output error")
        return forecast(self, series, init_times=init_times, steps=steps)

    monkeypatch.setattr(Forecaster, "forecast", failing)
    outcomes = run(tasks_of(place, [8, 9, 10]))
    errors = [outcome.error for outcome in outcomes]
    assert errors == [None, None, "[Errno 5] Input/output error"]
    assert contents(place / "out") == contents(place / "whole")


def test_a_full_disk_fails_the_init_time_and_leaves_nothing_half_there(place, monkeypatch):
    run(tasks_of(place, [8]))
    before = contents(place / "out")

    def full(forecasts, path, *, layout):
        path.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    with monkeypatch.context() as patch:
        patch.setattr(network_pass, "write_forecasts", full)
        (outcome, other) = run(tasks_of(place, [8, 9]))
    assert "No space left on device" in outcome.error
    assert outcome.outputs == other.outputs == ()
    assert contents(place / "out") == before
    assert list((place / "work").iterdir()) == []
    assert [outcome.error for outcome in run(tasks_of(place, [8, 9]))] == [None, None]


def test_a_target_that_cannot_be_written_is_named_and_the_others_are_told(place):
    (place / "out").mkdir()
    (task,) = tasks_of(place, [8])
    (place / "file").write_text("no folder")
    blocked = OutputSpec(f"{place}/file/{{init_time:%m%dT%H}}.nc", "cf")
    (outcome,) = forecast_init_times(replace(task, outputs=(*task.outputs[:1], blocked)))
    assert "file/0103T00.nc could not be written" in outcome.error
    assert outcome.outputs == (f"{place}/out/0103T00.nc",)


def test_outputs_go_to_an_object_store(place):
    store = fsspec.filesystem("memory")
    store.store.clear()
    (task,) = tasks_of(place, [8])
    spec = OutputSpec("memory://bucket/{init_time:%Y/%m%dT%H}.zarr", "wb2")
    (outcome,) = forecast_init_times(replace(task, outputs=(spec,)))
    assert outcome.error is None
    opened = xr.open_zarr("memory://bucket/2015/0103T00.zarr", consolidated=True)
    assert opened.sizes["prediction_timedelta"] == STEPS
    store.store.clear()


def test_the_forecaster_and_the_input_are_read_once(place, monkeypatch):
    network_pass._cached_forecaster.cache_clear()
    network_pass._cached_series.cache_clear()
    run(tasks_of(place, [7, 8]))
    assert network_pass._cached_forecaster.cache_info().misses == 1
    assert network_pass._cached_series.cache_info().misses == 1
    file = place / "forecaster.safetensors"
    before = (place / "out" / "0103T00.nc").read_bytes()
    forecaster_of(open_input(open_forecaster(str(file)), str(place / "store")), seed=1).save(file)
    run(tasks_of(place, [8]))
    assert network_pass._cached_forecaster.cache_info().misses == 2
    assert (place / "out" / "0103T00.nc").read_bytes() != before


def test_new_frames_are_seen(waves, place):
    (task,) = tasks_of(place, [38])
    assert forecast_init_times(task)[0].error == "a frame of its history is not in the input"
    write_store(waves[:40], place / "store")
    assert forecast_init_times(task)[0].error is None


def test_what_a_killed_process_left_is_swept(place):
    # No process has a number above 2**22.
    left = place / "work" / f".partial-{gethostname()}-{2**22 + 1}-0123456789ab"
    left.mkdir(parents=True)
    run(tasks_of(place, [8]))
    assert not left.exists()


def test_a_run_or_an_input_that_is_not_there_is_the_jobs_mistake(place):
    (task,) = tasks_of(place, [8])
    with pytest.raises(ValueError, match=r"nowhere holds no forecaster\.safetensors"):
        forecast_init_times(replace(task, run=str(place / "nowhere")))
    with pytest.raises(ValueError, match="nowhere does not exist; name the file"):
        forecast_init_times(replace(task, source=str(place / "nowhere")))


def test_an_error_without_words_has_its_kind():
    assert network_pass._reason(MemoryError()) == "MemoryError"


def test_files_say_nothing_of_when_they_were_written(place):
    run(tasks_of(place, [8]))
    with xr.open_dataset(place / "out" / "0103T00.nc", engine="netcdf4") as dataset:
        assert dataset.attrs["history"].startswith("batch job of stforecast ")


def test_frames_without_times_are_no_matter_for_jobs(tmp_path, monkeypatch):
    experiment = load_experiment(base=base_experiment("kth"))
    of_video = SimpleNamespace(experiment=experiment)
    monkeypatch.setattr(network_pass, "_cached_forecaster", lambda *told: of_video)
    with pytest.raises(
        ValueError, match="forecasts kth, whose frames have no times, and jobs go by"
    ):
        network_pass.open_forecaster(str(tmp_path))
