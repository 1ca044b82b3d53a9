import json
from dataclasses import asdict, replace

import pytest
import torch

from stforecast.benchmarking import measure as measuring
from stforecast.benchmarking.measure import cost_of_run, measure
from stforecast.experiment import load_experiment
from stforecast.training import train

TINY = {
    "dataset": "weatherbench",
    "history": 4,
    "horizon": 2,
    "network": {"name": "convlstm", "width": 4, "layers": 1, "patch": 2, "kernel": 3},
    "training": {"epochs": 1, "batch_size": 16, "window_stride": 8},
}


@pytest.fixture
def run(waves, tmp_path):
    return train(load_experiment(base=TINY), waves, tmp_path / "run", device="cpu")


def test_costs_are_those_of_the_network(run, monkeypatch):
    monkeypatch.setattr(measuring, "_SECONDS", 0.0)
    cost = measure(run.folder, "cpu", load=0.5)
    # Gates of one layer: 3×3 × (2 channels × 2×2 cells + 4) × 4·4; readout 4 × 8.
    gates, readout = 9 * (8 + 4) * 16, 4 * 8
    assert cost.parameters == gates + readout
    # On 4×8 patches, in each of 4 + 2 − 1 steps.
    assert cost.macs == 5 * 4 * 8 * (gates + readout)
    assert cost.latency > 0
    assert cost.throughput > 0
    assert cost.threads == torch.get_num_threads()
    assert not cost.busy
    if cost.training_memory is not None:
        assert cost.training_memory >= cost.forecast_memory >= 0


def test_costs_are_measured_once_in_a_process_of_their_own(run, monkeypatch):
    cost = cost_of_run(run, device_type="cpu")
    assert (cost.parameters, cost.device) == (1760, measuring.device_name("cpu"))
    file = run.folder / "cost.json"

    def refuse(*arguments, **others):
        raise AssertionError

    quiet = replace(cost, load=0.1)
    file.write_text(json.dumps(asdict(quiet)))
    monkeypatch.setattr(measuring.subprocess, "run", refuse)
    assert cost_of_run(run, device_type="cpu") == quiet
    for stale in (replace(quiet, threads=99), replace(quiet, load=9.0), replace(quiet, device="x")):
        file.write_text(json.dumps(asdict(stale)))
        with pytest.raises(AssertionError):
            cost_of_run(run, device_type="cpu")


def test_a_measurement_that_fails_says_why(run):
    run.forecaster_file.write_bytes(b"nothing")
    with pytest.raises(
        ChildProcessError, match=r"could not be measured: ValueError: .*no forecaster"
    ):
        cost_of_run(run, device_type="cpu")


def test_a_system_that_does_not_tell_has_no_memory(monkeypatch):
    monkeypatch.setattr(measuring, "_status", lambda name: None)
    assert measuring._Memory("cpu").peak() is None
