"""Published weights become runs; what is no weights is refused before anything is written."""

import hashlib
import re
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import torch

from models.presets import PRESETS
from pipelines.series import select_channels
from stforecast.evaluation import evaluate_run
from stforecast.forecaster import load_forecaster
from stforecast.importing import import_run, imported_experiment, read_weights
from stforecast.training import train

PRESET = "weatherbench-t2m-tiny"
# From our names to those of OpenSTL's ConvLSTM, which has two weights more in each layer.
THEIRS = (
    (r"^core\.cells\.(\d+)\.of_frame\.", r"cell_list.\1.conv_x."),
    (r"^core\.cells\.(\d+)\.of_hidden\.", r"cell_list.\1.conv_h."),
    (r"^core\.readout\.", "conv_last."),
)


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    tiny = replace(
        PRESETS["weatherbench-t2m-convlstm-s"],
        name=PRESET,
        options={"width": 4, "layers": 2, "kernel": 3, "patch": 2},
        history=4,
        horizon=3,
        height=8,
        width=16,
        time_step="6h",
    )
    monkeypatch.setitem(PRESETS, PRESET, tiny)


@pytest.fixture
def temperature(waves):
    return select_channels(waves, ["t2m"])


@pytest.fixture
def network():
    torch.manual_seed(1)
    return PRESETS[PRESET].build().eval()


def published(network):
    weights = {}
    for name, values in network.state_dict().items():
        for pattern, theirs in THEIRS:
            name = re.sub(pattern, theirs, name)
        weights[name] = values
    for layer in range(2):
        weights[f"cell_list.{layer}.conv_o.0.weight"] = torch.ones(4, 8, 3, 3)
        weights[f"cell_list.{layer}.conv_last.weight"] = torch.ones(4, 8, 1, 1)
    return weights


def plain(network):
    return published(network)


def of_lightning(network):
    weights = {f"model.{name}": values for name, values in published(network).items()}
    return {"epoch": 49, "global_step": 1, "state_dict": weights, "hyper_parameters": {"lr": 5e-4}}


def of_wrapped_lightning(network):
    return {"state_dict": {f"method.model.{k}": v for k, v in published(network).items()}}


def importing(file, series, run, preset=PRESET, settings=()):
    experiment = imported_experiment(preset, settings=settings)
    return import_run(file, series, run, preset=preset, experiment=experiment)


@pytest.mark.parametrize("form", [plain, of_lightning, of_wrapped_lightning])
def test_an_imported_run_forecasts_as_the_network_does(form, network, temperature, tmp_path):
    file = tmp_path / "published.pth"
    torch.save(form(network), file)
    run = importing(file, temperature, tmp_path / "run")
    forecaster = load_forecaster(run.folder)
    init_times = temperature["time"].values[[20, 33]]
    forecast = forecaster.forecast(temperature, init_times=init_times, steps=3)
    # The normaliser is that of the training split: 140 of 200 frames, less the gap of 4 + 3.
    frames = torch.from_numpy(temperature.values)
    train_frames = frames[:133].double()
    mean, deviation = train_frames.mean(), train_frames.std(correction=0)
    histories = torch.stack([frames[17:21], frames[30:34]])
    with torch.no_grad():
        expected = network((histories - mean.float()) / deviation.float())
    np.testing.assert_allclose(
        forecast.values, expected * deviation.float() + mean.float(), rtol=1e-5
    )


def test_an_imported_run_is_as_a_training_leaves_it(network, temperature, tmp_path):
    file = tmp_path / "published.pth"
    torch.save(plain(network), file)
    settings = ("split.train=0.6", "split.validation=0.2")
    run = importing(file, temperature, tmp_path / "run", settings=settings)
    facts = load_forecaster(run.folder).facts
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert facts["imported"] == {"file": "published.pth", "sha256": digest, "preset": PRESET}
    # 120 of 200 frames, less the gap of 4 + 3: the last one is number 112.
    assert facts["split"]["train"] == "2015-01-01T00:00/2015-01-29T00:00"
    assert facts["parameters"] == sum(values.numel() for values in network.parameters())
    experiment = run.experiment()
    assert experiment.network.name == "convlstm"
    assert experiment.variables == ("t2m",)
    assert experiment.time_step == "6h"
    assert run.climatology_file.is_file()
    assert not run.history_file.exists()


def test_an_imported_run_is_evaluated_but_not_trained_on(network, waves, temperature, tmp_path):
    from pipelines.store import write_store

    write_store(temperature, tmp_path / "store")
    torch.save(plain(network), tmp_path / "published.pth")
    run = importing(tmp_path / "published.pth", temperature, tmp_path / "run")
    scores = evaluate_run(run, data=tmp_path / "store", device="cpu")
    assert np.isfinite(scores["score"].sel(forecaster="convlstm", metric="rmse")).all()
    with pytest.raises(ValueError, match="holds imported weights: there is no training to go on"):
        train(run.experiment(), temperature, run.folder, resume=True, device="cpu")


def test_options_bring_back_what_the_reference_code_does():
    experiment = imported_experiment("weatherbench-t2m-phydnet")
    assert experiment.network.options()["sigmoid_output"] is True
    assert experiment.time_step == "1h"
    assert imported_experiment("weatherbench-uv10-gsta").variables == ("u10", "v10")
    assert imported_experiment("taxibj-gsta").variables is None
    settings = ("variables=t2m", "time_step=6h")
    chosen = imported_experiment("weatherbench-uv10-gsta", settings=settings)
    assert (chosen.variables, chosen.time_step) == (("t2m",), "6h")


def test_weights_that_would_forecast_otherwise_are_refused():
    with pytest.raises(ValueError, match="e3dlstm fit, but they would not forecast as they did"):
        imported_experiment("weatherbench-t2m-e3dlstm")


def test_a_preset_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="preset 'gsta' is unknown; `stforecast networks` lists"):
        imported_experiment("gsta")


def test_another_presets_weights_are_named_with_their_sizes(network, temperature, tmp_path):
    file = tmp_path / "published.pth"
    torch.save(plain(network), file)
    with pytest.raises(ValueError, match="does not fit preset") as wider:
        importing(file, temperature, tmp_path / "run", settings=("network.width=8",))
    message = str(wider.value)
    assert f"published.pth does not fit preset {PRESET}: sizes differ: " in message
    first = "core.cells.0.of_frame.0.weight (16×4×3×3 in the file, 32×4×3×3 by the preset)"
    assert first in message
    assert "and 2 more" in message  # of 5
    with pytest.raises(ValueError, match=r"it lacks core\.cells\.2\.of_frame\.0\.weight, core"):
        importing(file, temperature, tmp_path / "run", settings=("network.layers=3",))
    short = ("time_step=6h", "history=4", "horizon=4")
    with pytest.raises(
        ValueError, match=r"it has besides cell_list\.0\.conv_x\.0\.weight, .* more"
    ):
        importing(
            file, temperature, tmp_path / "run", preset="weatherbench-t2m-gsta", settings=short
        )
    assert not (tmp_path / "run").exists()


def test_data_of_other_channels_are_refused(network, waves, tmp_path):
    file = tmp_path / "published.pth"
    torch.save(plain(network), file)
    with pytest.raises(ValueError, match="has 1 channels, but the data have 2: t2m, z500; choose"):
        importing(file, waves, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_folder_that_is_taken_is_refused(network, temperature, tmp_path):
    file = tmp_path / "published.pth"
    torch.save(plain(network), file)
    importing(file, temperature, tmp_path / "run")
    with pytest.raises(ValueError, match="holds a run already"):
        importing(file, temperature, tmp_path / "run")


def write_page(file, network):
    file.write_text("\n<!DOCTYPE html><html>Not found</html>")


def write_text(file, network):
    file.write_text("weights")


def write_nothing(file, network):
    file.write_bytes(b"")


def write_cut(file, network):
    torch.save(plain(network), file)
    file.write_bytes(file.read_bytes()[:2000])


def write_cut_of_old(file, network):
    torch.save(plain(network), file, _use_new_zipfile_serialization=False)
    file.write_bytes(file.read_bytes()[:-200])


def write_object(file, network):
    torch.save({"state_dict": plain(network), "trained": date(2023, 1, 1)}, file)


def write_whole_network(file, network):
    torch.save(torch.nn.Linear(2, 2), file)


def write_numbers(file, network):
    torch.save({"state_dict": {"loss": 0.5}}, file)


def write_list(file, network):
    torch.save([torch.zeros(1)], file)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (write_page, "is a web page, no checkpoint; download what its link leads to"),
        (write_text, r"is no checkpoint: torch\.save did not write it"),
        (write_nothing, r"is no checkpoint: torch\.save did not write it"),
        (write_cut, "is damaged or cut off; download it again"),
        (write_cut_of_old, "is damaged or cut off; download it again"),
        (
            write_object,
            r"more than weights \(datetime\.date\), .*torch\.load\('file\.pth', weights_only=False\)",
        ),
        (write_whole_network, r"holds more than weights \(torch\.nn\.modules\.linear\.Linear\)"),
        (write_numbers, "holds no weights by name, neither at its top nor under 'state_dict'"),
        (write_list, "holds no weights by name"),
    ],
)
def test_what_is_no_checkpoint_is_refused(write, message, network, tmp_path):
    write(tmp_path / "file.pth", network)
    with pytest.raises(ValueError, match=message):
        read_weights(tmp_path / "file.pth")


def test_a_file_of_old_is_read(network, tmp_path):
    file = tmp_path / "old.pth"
    torch.save(plain(network), file, _use_new_zipfile_serialization=False)
    assert set(read_weights(file)) == set(published(network))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"absent\.pth does not exist; name a file"):
        read_weights(tmp_path / "absent.pth")
