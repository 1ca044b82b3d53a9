"""`stforecast fetch` as people meet it."""

import sys

import numpy as np
import pytest
import xarray as xr

from stforecast.cli import main


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["stforecast", "fetch", *map(str, arguments)])
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = stop.code
    output = capsys.readouterr()
    return code, output.out, output.err


@pytest.fixture
def source(tmp_path):
    times = np.datetime64("2010-01-01", "ns") + np.arange(8) * np.timedelta64(6, "h")
    field = (("time", "level", "latitude", "longitude"), np.full((8, 2, 2, 4), 5e4, "f4"))
    labels = {
        "time": times,
        "level": [500, 850],
        "latitude": [-45.0, 45],
        "longitude": range(0, 360, 90),
    }
    folder = tmp_path / "source.zarr"
    xr.Dataset({"geopotential": field}, labels).to_zarr(folder, zarr_format=2)
    return folder


def test_a_part_of_a_store_is_fetched(source, tmp_path, monkeypatch, capsys):
    out = tmp_path / "era5.zarr"
    code, told, _ = call(
        monkeypatch, capsys, "weatherbench", out, "--source", source, "--variables", "geopotential",
        "--levels", "850", "--years", "2010-01-02", "--time-step", "12h", "--workers", 1, "--retries", 0,
        "--allow-missing",
    )  # fmt: skip
    assert code == 0
    assert "2 frames, 2010-01-02T00:00 to 2010-01-02T12:00, of geopotential on 1 levels" in told
    assert f"0 MB, checked: {out}" in told
    assert xr.open_zarr(out, consolidated=True)["geopotential"].shape == (2, 1, 2, 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["moon"], "'moon' cannot be fetched"),
        (["weatherbench", "--last", 3], "--last is no option of weatherbench; it takes --source"),
        (["ecmwf-open", "--years", 2020], "--years is no option of ecmwf-open"),
        (["era5-cds"], "era5-cds needs --years"),
        (["weatherbench", "--levels", "high"], "--levels 'high' are no numbers"),
    ],
)
def test_mistakes_are_one_line(tmp_path, monkeypatch, capsys, arguments, message):
    code, _, told = call(monkeypatch, capsys, arguments[0], tmp_path / "out", *arguments[1:])
    assert code == 2
    assert message in told


def test_a_source_that_fails_is_a_failure(tmp_path, monkeypatch, capsys):
    code, _, told = call(
        monkeypatch, capsys, "weatherbench", tmp_path / "out", "--source", "http://127.0.0.1:9/x.zarr",
        "--retries", 0,
    )  # fmt: skip
    assert code == 1
    assert "http://127.0.0.1:9/x.zarr/.zmetadata: the server cannot be reached" in told
