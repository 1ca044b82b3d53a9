"""`stforecast benchmark` as people meet it."""

import sys

import pandas as pd
import pytest

from pipelines.store import write_store
from stforecast.cli import main

SETTINGS = [
    f"--set={setting}"
    for setting in (
        "history=3",
        "horizon=3",
        "variables=t2m",
        "training.window_stride=8",
        "networks.convlstm.width=4",
        "networks.convlstm.layers=1",
    )
]


@pytest.fixture
def call(monkeypatch, capsys):
    def called(*arguments):
        monkeypatch.setattr(sys, "argv", ["stforecast", "benchmark", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code
        output = capsys.readouterr()
        return code, output.out, output.err

    return called


def test_from_data_to_tables_and_a_figure(waves, tmp_path, call):
    write_store(waves, tmp_path / "data")
    code, out, err = call(
        *("weatherbench", "--networks", "convlstm", "--data", tmp_path / "data"),
        *("--preset", "small", "--epochs", 1, "--seeds", 1, "--learning-rates", "1e-2"),
        *("--run", tmp_path / "made", "--device", "cpu", *SETTINGS),
    )
    assert (code, err) == (0, "")
    for part in (
        "trainings: 1, in",
        "epoch 1: loss",
        "persistence",
        "costs of a forecast",
        "published",
    ):
        assert part in out
    assert "chooses learning rate and epoch" in out
    table = pd.read_csv(tmp_path / "made" / "benchmark.csv")
    assert set(table["metric"]) >= {"rmse", "mae"}
    assert (tmp_path / "made" / "benchmark.png").stat().st_size > 10_000
    assert "benchmark.png" in (tmp_path / "made" / "benchmark.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--learning-rates", "fast"],
            "--learning-rates are numbers such as 1e-3,5e-4, not 'fast'",
        ),
        (["--sample", "--data", "here"], "--sample makes its own data"),
        (["--data", "nowhere"], "data nowhere does not exist"),
        (["--networks", "x"], "network 'x' is unknown"),
    ],
)
def test_mistakes_get_one_line(arguments, message, call):
    if "--networks" not in arguments:
        arguments = ["--networks", "simvp", *arguments]
    code, _, err = call("weatherbench", *arguments)
    assert code == 2
    assert err.startswith(f"error: {message}")
    assert err.count("\n") == 1


def test_several_processes_are_refused(call, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    code, _, err = call("weatherbench", "--networks", "simvp")
    assert code == 2
    assert "start it without torchrun" in err
