"""`stforecast prepare`: what it writes, tells and refuses."""

import shutil
import sys
from types import SimpleNamespace

import netCDF4
import numpy as np
import pytest

from pipelines.grid import Grid
from pipelines.store import open_store
from pipelines.weatherbench_sample import write_weatherbench_sample
from stforecast.cli import main


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["stforecast", *map(str, arguments)])
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = stop.code
    output = capsys.readouterr()
    return code, output.out, output.err


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw") / "data"
    write_weatherbench_sample(folder, years=1, resolution=22.5)
    return folder


def test_a_store_comes_with_a_table_of_its_statistics(raw, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "120")
    command = ("prepare", "weatherbench", "--data", raw, "--out", tmp_path / "store")
    code, out, err = call(monkeypatch, capsys, *command, "--train", "2015-01/2015-06")
    assert (code, err) == (0, "")
    assert "1460 frames of 2 channels on 8×16" in out
    assert "statistics of 2015-01-01T00:00/2015-06-30T18:00" in out
    rows = [line.split("│")[1:-1] for line in out.splitlines() if line.startswith("│")]
    assert [row[0].strip() for row in rows] == ["t2m", "z500"]
    series = open_store(tmp_path / "store").sel(time=slice("2015-01", "2015-06"), channel="t2m")
    mean, std = (float(row) for row in rows[0][1:3])
    assert mean == pytest.approx(float(series.astype("float64").mean()), rel=1e-4)
    assert std == pytest.approx(float(series.astype("float64").std()), rel=1e-4)
    assert rows[0][6].strip() == "0 %"
    code, _, err = call(monkeypatch, capsys, *command)
    assert code == 2
    assert "store exists already" in err


def test_frames_are_chosen_resampled_and_regridded_on_the_way(raw, tmp_path, monkeypatch, capsys):
    code, out, err = call(
        monkeypatch,
        capsys,
        *("prepare", "weatherbench", "--data", raw, "--out", tmp_path / "store", "--grid", "8x4"),
        *("--variables", "t2m", "--time-step", "1d", "--resample", "mean"),
    )
    assert (code, err) == (0, "")
    assert "note: resampled to 1d by 'mean'" in out
    assert "area means on 4×8 cells" in out
    assert open_store(tmp_path / "store").shape[1:] == (1, 4, 8)


def test_a_store_is_prepared_from_another(raw, tmp_path, monkeypatch, capsys):
    command = ("prepare", "weatherbench", "--data")
    call(monkeypatch, capsys, *command, raw, "--out", tmp_path / "fine")
    call(monkeypatch, capsys, *command, tmp_path / "fine", "--out", tmp_path / "a", "--grid", "45")
    call(monkeypatch, capsys, *command, raw, "--out", tmp_path / "b", "--grid", "45")
    first, second = open_store(tmp_path / "a"), open_store(tmp_path / "b")
    assert first.shape == (1460, 2, 4, 8)
    assert np.allclose(first, second, rtol=1e-6)


def test_values_that_do_not_occur_in_nature_are_told(raw, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "raw"
    shutil.copytree(raw, folder)
    (file,) = (folder / "2m_temperature").glob("*.nc")
    with netCDF4.Dataset(file, "a") as data:
        data["t2m"][-2, 1, 2] = -9999.0  # where no sampled frame is
    command = ("prepare", "weatherbench", "--data", folder, "--out", tmp_path / "store")
    code, out, _ = call(monkeypatch, capsys, *command)
    assert code == 0
    assert "warning: t2m has values that do not occur in nature (-9999 to" in out
    assert "at 1 times, first 2015-12-31T12:00; `stforecast check` finds where" in out
    assert "warning" not in out.replace("warning: t2m", "")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run, of whose forecaster only the grid is known."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "experiment.toml").touch()

    def set_grid(grid):
        monkeypatch.setattr(
            "stforecast.forecaster.load_forecaster", lambda path: SimpleNamespace(grid=grid)
        )
        return tmp_path / "run"

    return set_grid


def test_the_grid_of_a_run_is_taken_from_its_folder(raw, run, tmp_path, monkeypatch, capsys):
    folder = run(Grid(np.array([67.5, 22.5]), np.array([10.0, 55, 100])))
    command = ("prepare", "weatherbench", "--data", raw, "--out", tmp_path / "store")
    code, _, err = call(monkeypatch, capsys, *command, "--grid", folder)
    assert (code, err) == (0, "")
    assert open_store(tmp_path / "store")["longitude"].values.tolist() == [10, 55, 100]


def test_a_run_without_geography_has_no_grid_to_take(raw, run, tmp_path, monkeypatch, capsys):
    command = ("prepare", "weatherbench", "--data", raw, "--out", tmp_path / "store")
    code, _, err = call(monkeypatch, capsys, *command, "--grid", run(None))
    assert code == 2
    assert "that run has no latitude and longitude; name another" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("weatherbench --missing fill", "missing 'fill' is unknown; known: drop, mask"),
        ("weatherbench --resample cubic", "resample 'cubic' is unknown; known: none, nearest"),
        ("weatherbench --grid 7", "grid '7' is neither degrees that divide 180"),
        ("weatherbench --train 1999", "train = '1999' holds no frame"),
        ("weatherbench --variables tp", "has no tp"),
        ("taxibj --grid 45", "grid 45: taxibj counts in cells"),
    ],
)
def test_a_mistake_is_one_line(arguments, message, raw, tmp_path, monkeypatch, capsys):
    command = ["prepare", *arguments.split(), "--data", raw, "--out", tmp_path / "store"]
    code, _, err = call(monkeypatch, capsys, *command)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "store").exists()


def test_a_store_among_the_data_is_refused(raw, monkeypatch, capsys):
    """The next reader of the data would take its parts for files of weather."""
    command = ("prepare", "weatherbench", "--data", raw, "--out", raw / "deep" / "store")
    code, _, err = call(monkeypatch, capsys, *command)
    assert code == 2
    assert "lies within the data" in err
    assert not (raw / "deep").exists()
