from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from models.network import Network
from stforecast import onnx_engine
from stforecast.batch.network_pass import open_forecaster
from stforecast.cli import app
from stforecast.engine import TorchEngine, choose_engine
from stforecast.exporting import export_network, leave_export
from stforecast.forecaster import load_forecaster
from stforecast.onnx_engine import TOLERANCE, OnnxEngine, kept_engine, make_engine
from tests.conftest import make_waves
from tests.stforecast.test_forecaster import forecaster_of

WAVES = make_waves(60)
INIT_TIMES = WAVES["time"].values[5:11]


class Odd(Network):
    """A network that computes what a test wants."""

    def __init__(self, compute):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.compute = compute

    def forward(self, history):
        return self.compute(history * self.scale)

    def training_loss(self, history, target, *, error, progress):
        raise NotImplementedError


def odd_engine(compute, *, engine="onnx", file=None):
    return choose_engine(
        Odd(compute).eval(), window=(2, 1, 4, 4), kind="odd", file=file, engine=engine
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder with an export."""
    folder = tmp_path_factory.mktemp("run")
    forecaster_of(WAVES).save(folder / "forecaster.safetensors")
    export_network(folder)
    return folder


def copy(run, folder):
    for name in ("forecaster.safetensors", "forecaster.onnx"):
        (folder / name).write_bytes((run / name).read_bytes())
    return folder


def claim_speed(file, speed_up):
    model = onnx.load(file)
    facts = {one.key: one.value for one in model.metadata_props}
    facts["stforecast.speed_up"] = str(speed_up)
    onnx.helper.set_model_props(model, facts)
    onnx.save(model, file)


def test_onnx_runtime_gives_torchs_forecast(run):
    plain = load_forecaster(run)
    wanted = plain.forecast(WAVES, init_times=INIT_TIMES, steps=5)
    exported = plain.optimise(engine="onnx")
    assert isinstance(exported.engine, OnnxEngine)
    made = exported.forecast(WAVES, init_times=INIT_TIMES, steps=5)
    deviation = wanted.std(["init_time", "lead_time", "y", "x"])
    assert float((abs(made - wanted) / deviation).max()) <= TOLERANCE
    assert not made.identical(wanted)  # it was another library that computed them


def test_a_forecast_alone_is_that_in_company(run):
    exported = load_forecaster(run).optimise(engine="onnx")
    together = exported.forecast(WAVES, init_times=INIT_TIMES, steps=3)
    for number, init_time in enumerate(INIT_TIMES):
        alone = exported.forecast(WAVES, init_times=[init_time], steps=3)
        np.testing.assert_allclose(alone[0], together[number], rtol=0, atol=1e-4)


def test_an_export_that_was_faster_is_taken_and_a_slower_one_is_not(run, tmp_path):
    file = copy(run, tmp_path) / "forecaster.onnx"
    claim_speed(file, 1.5)
    chosen = load_forecaster(tmp_path).optimise().engine
    assert chosen.name == "ONNX Runtime"
    assert chosen.reason.startswith("1.50 times as fast as torch, with a difference of ")
    claim_speed(file, 0.5)
    chosen = load_forecaster(tmp_path).optimise().engine
    assert (chosen.name, chosen.reason) == ("torch", "ONNX Runtime had 0.50 times its speed")


def test_torch_computes_where_no_export_is_kept_and_says_what_would_make_one(run, tmp_path):
    (copy(run, tmp_path) / "forecaster.onnx").unlink()
    chosen = load_forecaster(tmp_path).optimise().engine
    assert chosen.name == "torch"
    assert chosen.reason == "no export of the network is kept; stforecast optimise makes one"
    assert "no export" in forecaster_of(WAVES).optimise().engine.reason  # it lies nowhere
    assert not (tmp_path / "forecaster.onnx").exists()


def test_an_export_of_other_weights_is_not_taken_and_is_replaced(run, tmp_path):
    copy(run, tmp_path)
    other = load_forecaster(tmp_path)
    with torch.no_grad():
        next(other.network.parameters()).mul_(2)
    other.save(tmp_path / "forecaster.safetensors")
    before = (tmp_path / "forecaster.onnx").read_bytes()
    chosen = load_forecaster(tmp_path).optimise().engine
    assert "is of other weights or another version; stforecast optimise" in chosen.reason
    told = []
    export_network(tmp_path, progress=told.append)
    assert "is of other weights" in told[0]
    assert (tmp_path / "forecaster.onnx").read_bytes() != before
    assert isinstance(load_forecaster(tmp_path).optimise(engine="onnx").engine, OnnxEngine)


def test_other_options_with_the_same_weights_are_another_network(run):
    forecaster = load_forecaster(run)
    with pytest.raises(ValueError, match="is of other weights or another version"):
        kept_engine(
            forecaster.network,
            window=(4, 2, 8, 16),
            kind="another",
            file=run / "forecaster.onnx",
        )


def test_a_damaged_export_is_not_taken(run, tmp_path):
    file = copy(run, tmp_path) / "forecaster.onnx"
    file.write_bytes(file.read_bytes()[:1000])
    chosen = load_forecaster(tmp_path).optimise().engine
    assert chosen.name == "torch"
    assert "is damaged; stforecast optimise replaces it" in chosen.reason


def test_a_kept_export_is_not_made_again(run):
    told = []
    export_network(run, progress=told.append)
    assert told == []


def test_a_forecaster_on_another_device_or_with_other_weights_has_no_engine(run):
    exported = load_forecaster(run).optimise(engine="onnx")
    assert exported.to("cpu").engine is None
    assert exported.unclipped().engine is exported.engine


def test_torch_is_taken_when_asked_for(run):
    chosen = load_forecaster(run).optimise(engine="torch").engine
    assert (chosen.name, chosen.reason) == ("torch", "asked for")


def test_a_lower_precision_says_how_far_off_it_is(run):
    plain = load_forecaster(run)
    lower = plain.optimise(precision="bfloat16")
    assert lower.engine.name == "torch in bfloat16"
    off = float(lower.engine.reason.split(" off by ")[1].split()[0])
    assert 1e-5 < off < 0.1
    wanted = plain.forecast(WAVES, init_times=INIT_TIMES, steps=3)
    made = lower.forecast(WAVES, init_times=INIT_TIMES, steps=3)
    assert made.dtype == np.float32
    away = float(np.sqrt(((made - wanted) ** 2).mean()) / wanted.std())
    assert 0 < away < 0.1


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"engine": "openvino"}, "engine 'openvino' is unknown; known: auto, onnx, torch"),
        ({"precision": "int8"}, "precision 'int8' is unknown; known: float32, bfloat16, float16"),
        ({"engine": "onnx", "precision": "bfloat16"}, "'onnx' computes in float32 on a CPU"),
    ],
)
def test_what_there_is_not_is_refused(run, options, match):
    with pytest.raises(ValueError, match=match):
        load_forecaster(run).optimise(**options)


def test_a_network_that_cannot_be_exported_is_told(tmp_path):
    def compute(history):
        return history if history.sum() > 0 else -history

    with pytest.raises(ValueError, match="cannot be exported to ONNX .*; choose engine torch"):
        odd_engine(compute, file=tmp_path / "odd.onnx")
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_computes_something_else_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_engine, "TOLERANCE", -1.0)
    with pytest.raises(ValueError, match="standard deviations away from torch's, more than"):
        odd_engine(lambda history: history * 2, file=tmp_path / "odd.onnx")
    assert list(tmp_path.iterdir()) == []


def test_an_export_for_one_size_of_batch_is_refused(tmp_path):
    def compute(history):
        return history + torch.zeros(int(history.shape[0]), 1, 1, 1, 1)

    with pytest.raises(ValueError, match="takes 2 windows at once and no other number"):
        odd_engine(compute, file=tmp_path / "odd.onnx")
    assert list(tmp_path.iterdir()) == []


def test_weights_beyond_one_file_are_refused(monkeypatch):
    monkeypatch.setattr(onnx_engine, "_PROTOBUF_BYTES", 3)
    with pytest.raises(ValueError, match="one ONNX file holds 2 at most; choose engine torch"):
        odd_engine(lambda history: history)


def test_a_network_without_a_file_is_exported_into_memory():
    made = make_engine(Odd(lambda one: one * 2).eval(), window=(2, 1, 4, 4), kind="", file=None)
    history = torch.randn(9, 2, 1, 4, 4)  # more than a piece
    torch.testing.assert_close(made(history), history * 2)


def test_the_network_goes_to_torch_on_a_gpu():
    network = Odd(lambda history: history).eval().to("meta")
    chosen = choose_engine(network, window=(2, 1, 4, 4), kind="", file=None)
    assert isinstance(chosen, TorchEngine)
    assert chosen.reason == "on a GPU"
    with pytest.raises(ValueError, match="on a CPU; leave out precision, and choose device cpu"):
        choose_engine(network, window=(2, 1, 4, 4), kind="", file=None, engine="onnx")


def test_the_command_says_what_was_made(run, tmp_path):
    done = CliRunner().invoke(app, ["optimise", str(run)])
    assert done.exit_code == 0
    assert "by ONNX Runtime: " in done.output
    with pytest.raises(ValueError, match="holds no forecaster"):
        export_network(tmp_path)


def test_a_training_goes_on_without_an_export(run, tmp_path, monkeypatch):
    monkeypatch.setenv("STFORECAST_EXPORT", "1")
    assert "by ONNX Runtime" in leave_export(run)
    assert leave_export(tmp_path).startswith("no export: ")
    monkeypatch.setenv("STFORECAST_EXPORT", "0")
    assert "STFORECAST_EXPORT=0" in leave_export(run)


def test_jobs_compute_with_the_engine_that_is_asked_for(run):
    assert open_forecaster(str(run), engine="onnx").engine.name == "ONNX Runtime"
    assert open_forecaster(str(run), engine="torch").engine.name == "torch"
    assert replace(load_forecaster(run)).engine is None


def test_the_export_of_a_recurrent_network_waits_until_it_is_asked_for(run, tmp_path, monkeypatch):
    monkeypatch.setenv("STFORECAST_EXPORT", "1")
    facts = {"experiment": {"network": {"name": "convlstm"}}}
    monkeypatch.setattr("stforecast.exporting.read_facts", lambda path: facts)
    assert "takes minutes; stforecast optimise" in leave_export(run)
