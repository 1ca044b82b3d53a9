"""Data that may be looked at are those that somebody named."""

import shutil

import numpy as np

from stforecast.viewing.catalogue import find_entries
from stforecast.viewing.data import data_for, data_places
from stforecast.viewing.forecasts import open_forecasts
from tests.stforecast.viewing.conftest import entry_at


def test_data_of_runs_and_jobs_are_there_once_with_who_uses_them(desk, globe):
    desk.job(input={"data": "data/globe"}, verify={"data": "memory://far/away"}, run="runs/globe")
    (desk.folder / "data" / "unnamed").mkdir()
    places = data_places(find_entries(desk.folder), [desk.folder / "data" / "globe"])
    assert [(place.name, place.dataset, place.used_by) for place in places] == [
        ("globe", "weatherbench", ("job.toml", "runs/globe"))
    ]
    assert places[0].is_there


def test_places_of_the_same_name_are_told_apart(tmp_path):
    for name in ("a/data", "b/data", "c"):
        (tmp_path / name).mkdir(parents=True)
    paths = [tmp_path / name for name in ("a/data", "b/data", "c", "a/../c")]
    places = data_places(find_entries(tmp_path), paths)
    assert [place.name for place in places] == ["a/data", "b/data", "c"]


def test_data_that_are_gone_are_told_of(globe):
    shutil.rmtree(globe.parent / "data")
    assert [place.is_there for place in data_places(find_entries(globe))] == [False]


def test_the_home_of_data_is_looked_into(tmp_path, monkeypatch):
    (tmp_path / "home" / "taxibj").mkdir(parents=True)
    monkeypatch.setenv("STFORECAST_DATA", str(tmp_path / "home"))
    places = data_places(find_entries(tmp_path))
    assert [(place.name, place.dataset) for place in places] == [("taxibj", "taxibj")]


def test_broken_runs_jobs_and_plain_files_name_nothing(desk, globe):
    file = globe / "globe" / "forecaster.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    (desk.folder / "job.toml").write_text("name = ")
    (globe / "made").mkdir()
    (globe / "made" / "forecast.nc").write_bytes(b"damaged")
    assert data_places(find_entries(desk.folder)) == []


def test_a_run_that_is_not_trained_yet_names_its_data(globe):
    (globe / "globe" / "forecaster.safetensors").unlink()
    assert [place.name for place in data_places(find_entries(globe))] == ["globe"]


def test_moved_data_are_found_among_those_that_were_named(globe, tmp_path):
    entry = entry_at(globe, "globe")
    others = [tmp_path / "x" / name for name in ("else", "weatherbench", "globe")]
    assert data_for(entry, others) == (None,)  # its own are there
    shutil.rmtree(globe.parent / "data")
    other, dataset, name = others
    assert data_for(entry, others) == (name, dataset, None, other)
    assert data_for(entry, others[:2]) == (dataset, None, other)
    assert data_for(entry, others[:1]) == (other, None)
    assert data_for(entry, [other, tmp_path]) == (None, other, tmp_path)
    assert data_for(entry, []) == (None,)


def test_shown_times_are_those_of_the_data(globe):
    # The series of a run that is opened with data named elsewhere is that of those data.
    shutil.move(globe.parent / "data", globe.parent / "named")
    entry = entry_at(globe, "globe")
    path, _ = data_for(entry, [globe.parent / "named" / "globe"])
    forecasts = open_forecasts(entry, data=path)
    assert np.isfinite(forecasts.shown(forecasts.default_init_time, "t2m").fields.truth).all()
