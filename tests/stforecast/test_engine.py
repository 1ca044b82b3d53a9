import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from models.network import Network
from stforecast import onnx_engine
from stforecast.batch.network_pass import ready_forecaster
from stforecast.cli import app
from stforecast.engine import TorchEngine, choose_engine
from stforecast.exporting import export_network, leave_export
from stforecast.forecaster import load_forecaster
from stforecast.onnx_engine import TOLERANCE, OnnxEngine, Subject, find_export, make_engine
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


def odd(compute, *, file=None, device="cpu"):
    return Subject(Odd(compute).eval().to(device), window=(2, 1, 4, 4), kind="odd", file=file)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder with an export."""
    folder = tmp_path_factory.mktemp("run")
    forecaster_of(WAVES).save(folder / "forecaster.safetensors")
    export_network(folder)
    return folder


def copy(run, folder):
    for name in ("forecaster.safetensors", "forecaster.onnx", "forecaster.onnx.json"):
        (folder / name).write_bytes((run / name).read_bytes())
    return folder


def claim_speed(run, speed_up):
    file = run / "forecaster.onnx.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "speed_up": speed_up}))


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
    claim_speed(copy(run, tmp_path), 1.5)
    forecaster = load_forecaster(tmp_path)
    chosen = forecaster.optimise().engine
    assert chosen.name == "ONNX Runtime"
    assert chosen.reason.startswith("1.50 times as fast as torch when it was exported (threads: 1)")
    assert forecaster.settle_engine("auto") == "onnx"
    claim_speed(tmp_path, 0.5)
    chosen = load_forecaster(tmp_path).optimise().engine
    assert chosen.name == "torch"
    assert chosen.reason == (
        "ONNX Runtime had 0.50 times its speed when it was exported; stforecast optimise measures again"
    )
    assert forecaster.settle_engine("auto") == "torch"


def test_torch_computes_where_no_export_is_kept_and_says_what_would_make_one(run, tmp_path):
    (copy(run, tmp_path) / "forecaster.onnx").unlink()
    chosen = load_forecaster(tmp_path).optimise().engine
    assert chosen.name == "torch"
    assert chosen.reason == "no export of the network is kept; stforecast optimise makes one"
    assert "lies in no file" in forecaster_of(WAVES).optimise().engine.reason
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
    made = load_forecaster(tmp_path).optimise(engine="onnx", progress=told.append)
    assert isinstance(made.engine, OnnxEngine)
    assert "is of other weights" in told[0]
    assert told[1:] == ["exporting the network for ONNX Runtime"]
    assert (tmp_path / "forecaster.onnx").read_bytes() != before
    told.clear()
    assert load_forecaster(tmp_path).optimise(engine="onnx", progress=told.append).engine
    assert told == []


def test_another_kind_with_the_same_weights_and_other_code_are_another_network(run, monkeypatch):
    forecaster = load_forecaster(run)
    subject = forecaster._subject()
    assert find_export(subject).difference <= TOLERANCE
    with pytest.raises(ValueError, match="is of other weights or another version"):
        find_export(replace(subject, kind="another"))
    monkeypatch.setattr(onnx_engine, "_code", lambda: "mended")
    with pytest.raises(ValueError, match="is of other weights or another version"):
        find_export(load_forecaster(run)._subject())


def test_a_damaged_export_is_not_taken(run, tmp_path):
    file = copy(run, tmp_path) / "forecaster.onnx"
    claim_speed(tmp_path, 1.5)
    file.write_bytes(file.read_bytes()[:1000])
    chosen = load_forecaster(tmp_path).optimise().engine
    assert chosen.name == "torch"
    assert "forecaster.onnx cannot be read; stforecast optimise makes a new one" in chosen.reason
    (tmp_path / "forecaster.onnx.json").write_text("{}")
    assert "json is damaged" in load_forecaster(tmp_path).optimise().engine.reason


def test_an_export_that_cannot_be_kept_computes_all_the_same(tmp_path):
    told = []
    (tmp_path / "taken").write_text("a file, and no folder")
    made = make_engine(
        odd(lambda one: one * 2, file=tmp_path / "taken" / "odd.onnx"), progress=told.append
    )
    assert "the export is not kept: " in told[-1]
    history = torch.randn(9, 2, 1, 4, 4)  # more than a piece
    torch.testing.assert_close(made(history), history * 2)


def test_a_forecaster_on_another_device_has_no_engine(run):
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
        (
            {"engine": "onnx", "precision": "bfloat16"},
            "computes in float32; leave out precision 'bfl",
        ),
    ],
)
def test_what_there_is_not_is_refused(run, options, match):
    with pytest.raises(ValueError, match=match):
        load_forecaster(run).optimise(**options)


def test_a_precision_that_overflows_is_refused():
    subject = odd(lambda history: torch.matmul(history * 1e5, torch.ones(4, 4)))
    with pytest.raises(ValueError, match="'float16' overflows in this network; choose bfloat16"):
        choose_engine(subject, precision="float16")


def test_a_network_that_cannot_be_exported_is_told(tmp_path):
    def compute(history):
        return history if history.sum() > 0 else -history

    with pytest.raises(ValueError, match="cannot be exported to ONNX .*; choose engine torch"):
        make_engine(odd(compute, file=tmp_path / "odd.onnx"))
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_computes_something_else_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_engine, "TOLERANCE", -1.0)
    with pytest.raises(
        ValueError, match=r"standard deviations away from torch's \(RMS\), more than"
    ):
        make_engine(odd(lambda history: history * 2, file=tmp_path / "odd.onnx"))
    assert list(tmp_path.iterdir()) == []


def test_an_export_for_one_size_of_batch_is_refused(tmp_path):
    def compute(history):
        return history + torch.zeros(int(history.shape[0]), 1, 1, 1, 1)

    with pytest.raises(ValueError, match="cannot compute . windows? of an export of 2"):
        make_engine(odd(compute, file=tmp_path / "odd.onnx"))
    assert list(tmp_path.iterdir()) == []


def test_weights_beyond_one_file_are_refused(monkeypatch):
    monkeypatch.setattr(onnx_engine, "_PROTOBUF_BYTES", 3)
    with pytest.raises(ValueError, match="one ONNX file holds 2 at most; choose engine torch"):
        make_engine(odd(lambda history: history))


def test_torch_computes_on_a_gpu():
    subject = odd(lambda history: history, device="meta")
    chosen = choose_engine(subject)
    assert isinstance(chosen, TorchEngine)
    assert chosen.reason == "on a GPU"
    with pytest.raises(ValueError, match="'onnx' computes on a CPU; choose device cpu, or engine"):
        choose_engine(subject, engine="onnx")


def test_the_command_says_what_was_made(run, tmp_path):
    done = CliRunner().invoke(app, ["optimise", str(copy(run, tmp_path))])
    assert done.exit_code == 0
    assert "exporting the network for ONNX Runtime …" in done.output
    assert "forecasts on a CPU are computed by " in done.output
    with pytest.raises(ValueError, match="holds no forecaster"):
        export_network(tmp_path / "nowhere")


def test_a_training_goes_on_without_an_export(run, tmp_path, monkeypatch):
    monkeypatch.setenv("STFORECAST_EXPORT", "1")
    monkeypatch.setattr("stforecast.exporting.export_network", lambda run, progress: "made")
    assert leave_export(run) == "made"
    assert leave_export(tmp_path).startswith("no export: ")
    monkeypatch.setenv("STFORECAST_EXPORT", "0")
    assert "STFORECAST_EXPORT=0" in leave_export(run)


def test_jobs_compute_with_the_engine_that_is_asked_for(run):
    for kind in ("onnx", "torch"):
        ready = ready_forecaster(str(run), device="cpu", engine=kind, threads=1)
        assert ready.engine.kind == kind


def test_the_export_of_a_recurrent_network_waits_until_it_is_asked_for(run, tmp_path, monkeypatch):
    monkeypatch.setenv("STFORECAST_EXPORT", "1")
    facts = {"experiment": {"network": {"name": "convlstm"}}}
    monkeypatch.setattr("stforecast.exporting.read_facts", lambda path: facts)
    assert "takes minutes; stforecast optimise" in leave_export(run)
