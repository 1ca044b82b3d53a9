import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from models import build_network
from pipelines.grid import Grid
from pipelines.normalise import Normaliser
from pipelines.series import Channel, channels_of
from stforecast.experiment import load_experiment
from stforecast.forecaster import Forecaster, load_forecaster, read_facts
from stforecast.forecaster_file import write_tensors

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


def test_impossible_values_are_kept_where_the_network_itself_is_scored(waves):
    limited = tuple(replace(channel, valid_max=281.0) for channel in channels_of(waves))
    bounded = forecaster_of(waves, channels=limited)
    times = waves["time"].values[[20]]
    assert bounded.forecast(waves, init_times=times, steps=4).values.max() <= 281
    assert bounded.unclipped().forecast(waves, init_times=times, steps=4).values.max() > 281


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


def over_land(waves, *, shore=3):
    """The same waves, but no value of the first channel in the first columns."""
    land = waves.copy()
    land[:, 0, :, :shore] = np.nan
    return land


def test_where_no_value_ever_was_none_is_forecast(waves, tmp_path):
    land = over_land(waves)
    empty = np.isnan(land.values).all(axis=0)
    forecaster = replace(forecaster_of(waves), empty=empty)
    forecast = forecaster.forecast(land, init_times=waves["time"].values[[20]], steps=7)
    assert (np.isnan(forecast.values) == empty).all()
    # What is never there is not missing.
    assert "filled" not in forecast.attrs
    forecaster.save(tmp_path / "forecaster.safetensors")
    again = load_forecaster(tmp_path)
    assert read_facts(tmp_path)["empty_cells"] == 8 * 3
    assert np.array_equal(again.empty, empty)
    assert again.facts == forecaster.facts
    assert again.forecast(land, init_times=waves["time"].values[[20]], steps=7).identical(forecast)


def test_empty_cells_are_fed_back_as_usual_ones(waves):
    land = over_land(waves)
    empty = np.isnan(land.values).all(axis=0)
    forecaster = forecaster_of(waves)
    known = forecaster.normaliser.normalise_history(torch.from_numpy(land.values[None, 17:21]))
    blocks = []
    network = forecaster.network

    def watch(module, given, made):
        blocks.append(given[0].clone())

    handle = network.register_forward_hook(watch)
    replace(forecaster, empty=empty).forecast(land, init_times=waves["time"].values[[20]], steps=7)
    handle.remove()
    assert len(blocks) == 3
    assert torch.equal(blocks[0], known)
    # Normalised by the mean, 280: a cell that never holds a value looks the same in each pass.
    for block in blocks:
        assert (block[0, :, 0, :, :3] == 0).all()


def test_cells_that_are_not_empty_are_forecast_alike(waves):
    forecaster = forecaster_of(waves)
    plain = forecaster.forecast(waves, init_times=waves["time"].values[[20]], steps=3)
    none = replace(forecaster, empty=np.zeros(waves.shape[1:], dtype=bool))
    assert none.forecast(waves, init_times=waves["time"].values[[20]], steps=3).identical(plain)


def test_a_forecaster_of_another_version_is_refused_with_what_it_lacks(waves, tmp_path):
    forecaster = forecaster_of(waves)
    header = {key: value for key, value in forecaster.header().items() if key != "inputs"}
    write_tensors(tmp_path / "forecaster.safetensors", forecaster.network.state_dict(), header)
    with pytest.raises(ValueError, match=r"another version of stforecast: .* lacks inputs\. Train"):
        load_forecaster(tmp_path)
