"""What there is below a folder; a broken thing is an entry that says what to do."""

import subprocess
import sys

import numpy as np
import pytest
import tomli_w
from safetensors.torch import save_file
from torch import zeros

from stforecast.forecaster import load_forecaster
from stforecast.layouts import write_forecast
from stforecast.viewing.catalogue import Catalogue, find_entries, theme_of
from tests.stforecast.viewing.conftest import entry_at


@pytest.fixture
def forecast(desk):
    """Two forecasts of the desk's data."""
    times = desk.series["time"].values[10:12]
    return load_forecaster(desk.folder / "run").forecast(desk.series, init_times=times, steps=3)


def problem_of(folder, name):
    return entry_at(folder, name).problem


def test_a_run_is_found_with_its_dataset_and_theme(globe, city):
    found = find_entries(globe)
    assert [(entry.name, entry.kind, entry.dataset, entry.theme) for entry in found.entries] == [
        ("city", "run", "taxibj", "traffic"),
        ("globe", "run", "weatherbench", "weather"),
    ]
    assert not any(entry.problem for entry in found.entries)
    assert found.problem == ""
    newest = max((globe / "globe").iterdir(), key=lambda file: file.stat().st_mtime_ns)
    assert found.find("globe").changed == np.datetime64(newest.stat().st_mtime_ns, "ns")


def test_an_entry_has_another_stamp_when_its_files_change(globe):
    before = entry_at(globe, "globe")
    assert entry_at(globe, "globe") == before
    (globe / "globe" / "scores.nc").write_bytes(b"new")
    assert entry_at(globe, "globe").stamp != before.stamp


def test_the_folder_itself_may_be_a_run(globe):
    found = find_entries(globe / "globe")
    assert [(entry.name, entry.path) for entry in found.entries] == [("globe", globe / "globe")]


def test_a_missing_or_empty_folder_says_what_to_do(tmp_path):
    for folder, told in ((tmp_path / "none", "is no folder"), (tmp_path, "holds no run")):
        found = find_entries(folder)
        assert found.entries == ()
        assert told in found.problem
        for way_out in (f"stforecast train DATASET --run {folder}/NAME", "make demo", "--runs DIR"):
            assert way_out in found.problem


def test_an_unknown_entry_is_refused_with_those_that_there_are(globe):
    with pytest.raises(ValueError, match="There is no 'moon' in .*; there is globe"):
        find_entries(globe).find("moon")
    with pytest.raises(ValueError, match="there is nothing"):
        Catalogue(globe).find("moon")


def test_hidden_folders_data_and_all_below_four_levels_are_passed_over(globe):
    for place in (".hidden", "training", "figures", "job.state", "a/b/c/d/e"):
        (globe / place).mkdir(parents=True)
        (globe / place / "experiment.toml").write_text('dataset = "weatherbench"')
    (globe / "store").mkdir()
    (globe / "store" / "store.json").write_text("{}")
    (globe / "store" / "labels.nc").write_bytes(b"")
    (globe / "a/b/c/d/experiment.toml").write_text('dataset = "weatherbench"')
    assert [entry.name for entry in find_entries(globe).entries] == ["a/b/c/d", "globe"]


def test_a_folder_that_may_not_be_read_is_passed_over(globe, monkeypatch):
    from stforecast.viewing import walk

    scan = walk.os.scandir

    def refuse(folder):
        if folder.name == "secret":
            raise PermissionError("not yours")
        return scan(folder)

    (globe / "secret").mkdir()
    monkeypatch.setattr(walk.os, "scandir", refuse)
    assert [entry.name for entry in find_entries(globe).entries] == ["globe"]


def test_a_run_whose_training_never_ended_an_epoch_says_how_to_go_on(globe):
    (globe / "globe" / "forecaster.safetensors").unlink()
    found = entry_at(globe, "globe")
    assert found.dataset == "weatherbench"
    assert "no forecaster yet" in found.problem
    assert f"stforecast train weatherbench --run {globe / 'globe'} --resume" in found.problem


def test_a_run_whose_experiment_cannot_be_read_either_is_an_entry(globe):
    (globe / "globe" / "forecaster.safetensors").unlink()
    (globe / "globe" / "experiment.toml").write_text("dataset = ")
    assert "experiment.toml cannot be read" in problem_of(globe, "globe")


def test_a_damaged_forecaster_says_what_is_wrong_with_it(globe):
    file = globe / "globe" / "forecaster.safetensors"
    whole = file.read_bytes()
    for damaged, told in (
        (whole[:-10], "it is cut short"),
        (b"", "it begins with no header"),
        (b"\x08" + b"\0" * 7 + b"nonsense", "is no whole forecaster"),
        (b"\x02" + b"\0" * 7 + b"[]", "is no whole forecaster"),
    ):
        file.write_bytes(damaged)
        problem = problem_of(globe, "globe")
        assert told in problem
        assert "train it again" in problem


def test_weights_of_somebody_else_or_of_another_version_are_told_of(globe):
    file = globe / "globe" / "forecaster.safetensors"
    save_file({"weight": zeros(2)}, file)
    assert "does not say what it is for" in problem_of(globe, "globe")
    save_file({"weight": zeros(2)}, file, metadata={"stforecast": '{"experiment": {}}'})
    assert "another version wrote it, without channels, empty_cells" in problem_of(globe, "globe")


def test_a_job_is_found_and_its_outputs_belong_to_it(worked):
    found = find_entries(worked.folder)
    assert [(entry.name, entry.kind) for entry in found.entries] == [
        ("job.toml", "job"),
        ("run", "run"),
    ]
    entry = found.find("job.toml")
    assert (entry.dataset, entry.problem) == ("weatherbench", "")
    assert any("status.sqlite" in name for name, _, _ in entry.stamp)


def test_outputs_are_known_however_the_folder_and_their_paths_are_written(worked, monkeypatch):
    worked.job(output=[{"path": str(worked.folder / "out") + "/{init_time:%Y%m%dT%H}.nc"}])
    monkeypatch.chdir(worked.folder.parent)
    names = [entry.name for entry in find_entries(worked.folder.name).entries]
    assert names == ["job.toml", "run"]


def test_a_job_file_with_a_mistake_is_an_entry_that_names_it(desk):
    desk.job()
    file = desk.folder / "job.toml"
    file.write_text(file.read_text() + '\n[keep]\nforever = "yes"\n')
    assert "keep.forever is no key of a job" in problem_of(desk.folder, "job.toml")
    file.write_text("name = ")
    assert "cannot be read" in problem_of(desk.folder, "job.toml")


def test_a_job_whose_run_is_gone_can_still_be_looked_at(desk):
    desk.job()
    (desk.folder / "run" / "forecaster.safetensors").unlink()
    found = entry_at(desk.folder, "job.toml")
    assert (found.dataset, found.problem) == ("", "")


def test_other_toml_files_are_no_jobs(tmp_path):
    (tmp_path / "pyproject.toml").write_text('name = "x"')
    (tmp_path / "notes.txt").write_text("neither")
    (tmp_path / "preset.toml").write_text(tomli_w.dumps({"run": "a", "input": {}, "output": 3}))
    assert find_entries(tmp_path).entries == ()


def test_forecast_files_of_no_job_are_grouped_by_folder(desk, forecast):
    write_forecast(forecast, desk.folder / "made" / "waves.nc")
    write_forecast(forecast, desk.folder / "stores" / "waves.zarr")
    found = {entry.name: entry for entry in find_entries(desk.folder).entries}
    assert set(found) == {"made/", "run", "stores/"}
    for name in ("made/", "stores/"):
        assert (found[name].kind, found[name].dataset) == ("files", "weatherbench")
        assert found[name].problem == ""
    assert len(found["made/"].stamp) == 2
    assert find_entries(desk.folder / "made").entries[0].name == "made/"


def test_other_files_and_stores_are_no_forecasts(desk, tmp_path):
    (tmp_path / "own").mkdir()
    desk.series.isel(channel=0, drop=True).drop_attrs().to_netcdf(tmp_path / "own" / "data.nc")
    (tmp_path / "zarr" / "truth.zarr").mkdir(parents=True)
    assert {entry.kind for entry in find_entries(tmp_path).entries} == {"run"}


def test_a_damaged_forecast_file_is_told_of_where_there_is_no_whole_one(desk, forecast):
    file = desk.folder / "made" / "waves.nc"
    write_forecast(forecast.isel(init_time=[0]), file)
    file.with_stem("zero").write_bytes(file.read_bytes()[:100])
    assert problem_of(desk.folder, "made/") == ""
    file.unlink()
    assert "zero.nc is no whole NetCDF file" in problem_of(desk.folder, "made/")
    assert "write or copy it again" in problem_of(desk.folder, "made/")


def test_a_store_without_attributes_is_of_no_dataset(desk, forecast):
    store = desk.folder / "made" / "waves.zarr"
    write_forecast(forecast, store)
    (store / ".zattrs").write_text("{")
    assert entry_at(desk.folder, "made/").dataset == ""


def test_themes_follow_from_the_dataset():
    themes = {name: theme_of(name) for name in ("weatherbench", "taxibj", "moving_mnist", "")}
    assert themes == {
        "weatherbench": "weather",
        "taxibj": "traffic",
        "moving_mnist": "video",
        "": "weather",
    }


def test_runs_are_listed_without_torch(globe):
    code = (
        "import sys; from stforecast.viewing.catalogue import find_entries; "
        f"print(len(find_entries({str(globe)!r}).entries), 'torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["1", "False"]
