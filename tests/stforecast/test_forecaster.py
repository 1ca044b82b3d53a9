import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from models import build_network
from pipelines.grid import Grid
from pipelines.normalise import Normaliser
from pipelines.series import Channel, channels_of
from stforecast.experiment import load_experiment
from stforecast.forecaster import Forecaster, load_forecaster, read_facts

OPTIONS = {"spatial_width": 4, "translator_width": 8, "translator_layers": 2}


def forecaster_of(series, *, channels=None):
    channels = channels or channels_of(series)
    experiment = load_experiment(
        base={
            "dataset": "weatherbench",
            "history": 4,
            "horizon": 3,
            "time_step": "6h",
            "network": {"name": "simvp", **OPTIONS},
        }
    )
    torch.manual_seed(0)
    network = build_network(
        "simvp",
        OPTIONS,
        history=4,
        horizon=3,
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
        time_step=np.timedelta64(6, "h"),
        shape=(series.sizes["y"], series.sizes["x"]),
        grid=Grid(series["latitude"].values, series["longitude"].values),
        facts={"parameters": 1, "versions": {"torch": "2"}},
    )


def test_a_forecast_is_labelled(waves):
    forecast = forecaster_of(waves).forecast(
        waves, init_times=["2015-01-10", "2015-01-11T06"], steps=5
    )
    assert forecast.dims == ("init_time", "lead_time", "channel", "y", "x")
    assert forecast["lead_time"].values[-1] == np.timedelta64(30, "h")
    assert forecast["valid_time"].values[1, 0] == np.datetime64("2015-01-11T12", "ns")
    assert forecast.attrs["forecaster"] == "simvp"
    assert channels_of(forecast) == channels_of(waves)
    assert np.array_equal(forecast["latitude"], waves["latitude"])
    assert forecast.dtype == "float32"


def test_a_forecast_sees_nothing_after_its_init_time(waves):
    forecaster = forecaster_of(waves)
    init_time = waves["time"].values[[20]]
    whole = forecaster.forecast(waves, init_times=init_time, steps=6)
    past = forecaster.forecast(waves[:21], init_times=init_time, steps=6)
    poisoned = waves.copy()
    poisoned[21:] = np.nan
    again = forecaster.forecast(poisoned, init_times=init_time, steps=6)
    assert whole.identical(past)
    assert whole.identical(again)


def test_many_init_times_give_what_each_gives_alone(waves):
    forecaster = forecaster_of(waves)
    times = waves["time"].values[10:60]
    together = forecaster.forecast(waves, init_times=times, steps=2)
    alone = forecaster.forecast(waves, init_times=times[37:38], steps=2)
    np.testing.assert_allclose(together.values[37], alone.values[0], rtol=1e-5)


def test_missing_values_in_a_history_do_not_spread(waves):
    holes = waves.copy()
    holes[18, 0, 3, 3] = np.nan
    forecast = forecaster_of(waves).forecast(holes, init_times=waves["time"].values[[20]], steps=2)
    assert np.isfinite(forecast.values).all()


def test_impossible_values_are_clipped(waves):
    limited = tuple(
        Channel(**{**vars(channel), "valid_min": 279.0, "valid_max": 281.0})
        for channel in channels_of(waves)
    )
    forecast = forecaster_of(waves, channels=limited).forecast(
        waves, init_times=waves["time"].values[[20]], steps=4
    )
    assert forecast.values.min() >= 279
    assert forecast.values.max() <= 281


def test_a_forecaster_is_saved_and_loaded_whole(waves, tmp_path):
    forecaster = forecaster_of(waves)
    forecaster.save(tmp_path / "forecaster.safetensors")
    again = load_forecaster(tmp_path)
    assert (again.experiment, again.channels, again.normaliser, again.shape, again.time_step) == (
        forecaster.experiment,
        forecaster.channels,
        forecaster.normaliser,
        forecaster.shape,
        forecaster.time_step,
    )
    assert again.facts == forecaster.facts
    times = waves["time"].values[[20]]
    first, second = (f.forecast(waves, init_times=times, steps=5) for f in (forecaster, again))
    assert first.identical(second)


def test_the_header_is_strict_json(waves, tmp_path):
    forecaster_of(waves).save(tmp_path / "forecaster.safetensors")
    facts = read_facts(tmp_path)
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert facts["schema_version"] == 1


def test_channels_may_come_in_another_order_and_with_others(waves):
    forecaster = forecaster_of(waves)
    times = waves["time"].values[[20]]
    swapped = waves[:, ::-1]
    assert forecaster.forecast(swapped, init_times=times, steps=2).equals(
        forecaster.forecast(waves, init_times=times, steps=2)
    )


def test_data_that_do_not_fit_are_refused(waves):
    forecaster = forecaster_of(waves)
    times = waves["time"].values[[20]]
    celsius = waves.assign_coords(units=("channel", ["degC", "m2 s-2"]))
    shifted = waves.assign_coords(latitude=waves["latitude"] + 1.0)
    for data, message in (
        (waves[:, :1], "The data lack z500; this forecaster needs t2m, z500"),
        (celsius, "t2m is in 'degC', but this forecaster was trained in 'K'"),
        (waves[:, :, :4], r"grid of 4×16, but this forecaster was trained on 8×16"),
        (shifted, "another grid"),
        (waves.drop_vars(["latitude", "longitude"]), "no latitude and longitude"),
    ):
        with pytest.raises(ValueError, match=message):
            forecaster.forecast(data, init_times=times, steps=2)


def test_no_steps_are_refused(waves):
    with pytest.raises(ValueError, match="steps must be at least 1, but it is 0"):
        forecaster_of(waves).forecast(waves, init_times=waves["time"].values[[20]], steps=0)


def test_what_is_no_forecaster_is_refused(waves, tmp_path):
    with pytest.raises(ValueError, match="no forecaster.safetensors; is its training finished"):
        load_forecaster(tmp_path)
    with pytest.raises(ValueError, match="name a run folder"):
        load_forecaster(tmp_path / "absent")
    (tmp_path / "half.safetensors").write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00{")
    with pytest.raises(ValueError, match="no forecaster, or it is damaged"):
        load_forecaster(tmp_path / "half.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(ValueError, match="not written by stforecast"):
        load_forecaster(tmp_path / "foreign.safetensors")
    newer = {"stforecast": json.dumps({"schema_version": 99})}
    save_file({"a": torch.zeros(1)}, tmp_path / "newer.safetensors", metadata=newer)
    with pytest.raises(ValueError, match="has schema 99"):
        load_forecaster(tmp_path / "newer.safetensors")


def test_a_history_without_a_value_gives_no_forecast_and_filled_values_are_counted(waves):
    forecaster = forecaster_of(waves)
    holes = waves.copy()
    holes[10:21, 1] = np.nan
    holes[40, 0, 0, :5] = np.nan
    forecast = forecaster.forecast(holes, init_times=waves["time"].values[[20, 40]], steps=2)
    assert np.isnan(forecast.values[0]).all()
    assert np.isfinite(forecast.values[1]).all()
    # 4 frames of 8×16 values and 5 more
    assert forecast.attrs["filled"] == f"{4 * 8 * 16 + 5} missing values in the histories"
