"""`stforecast import`, from a file to a forecast."""

import sys
from dataclasses import replace

import pytest
import torch

from models.presets import PRESETS
from pipelines.series import select_channels
from pipelines.store import write_store
from stforecast.cli import main

PRESET = "weatherbench-t2m-tiny"


@pytest.fixture
def place(waves, tmp_path, monkeypatch):
    """Data, and the checkpoint of a tiny ConvLSTM under OpenSTL's names."""
    options = {"width": 4, "layers": 1, "kernel": 3, "patch": 2}
    tiny = replace(
        PRESETS["weatherbench-t2m-convlstm-s"],
        options=options,
        history=4,
        horizon=4,
        time_step="6h",
    )
    monkeypatch.setitem(PRESETS, PRESET, replace(tiny, name=PRESET))
    write_store(select_channels(waves, ["t2m"]), tmp_path / "data")
    weights = {
        "cell_list.0.conv_x.0.weight": torch.rand(16, 4, 3, 3),
        "cell_list.0.conv_h.0.weight": torch.rand(16, 4, 3, 3),
        "conv_last.weight": torch.rand(4, 4, 1, 1),
    }
    torch.save({"state_dict": weights}, tmp_path / "published.ckpt")
    return tmp_path


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["stforecast", *map(str, arguments)])
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = stop.code
    output = capsys.readouterr()
    return code, output.out, output.err


def test_published_weights_forecast(place, monkeypatch, capsys):
    code, out, err = call(
        monkeypatch,
        capsys,
        *("import", place / "published.ckpt", "--preset", PRESET, "--data", place / "data"),
        *("--run", place / "run", "--set", "seed=3"),
    )
    assert (code, err) == (0, "")
    assert f"next: stforecast evaluate {place / 'run'}" in out
    _, out, _ = call(monkeypatch, capsys, "inspect", place / "run")
    assert "imported from published.ckpt (sha256 " in out
    assert f"as {PRESET}" in out
    code, _, err = call(
        monkeypatch,
        capsys,
        *("forecast", place / "run", "--input", place / "data", "--output", place / "f.nc"),
    )
    assert (code, err) == (0, "")
    code, _, err = call(monkeypatch, capsys, "evaluate", place / "run", "--device", "cpu")
    assert (code, err) == (0, "")


def test_a_mistake_is_one_line(place, monkeypatch, capsys):
    (place / "page.pth").write_text("<html>")
    code, _, err = call(
        monkeypatch,
        capsys,
        *("import", place / "page.pth", "--preset", PRESET, "--data", place / "data"),
        *("--run", place / "run"),
    )
    assert code == 2
    assert err.startswith("error: ")
    assert "is a web page" in err
    assert err.count("\n") == 1
    assert not (place / "run").exists()
