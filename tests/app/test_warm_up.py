"""What is made before the first visitor comes."""

import logging
import runpy
from pathlib import Path

import app
from app.opening import opening_sight
from app.pictures import _kept_pngs
from stforecast.viewing.catalogue import find_entries

SCRIPT = Path(app.__file__).parent / "warm_up.py"


def test_the_newest_run_is_there_before_the_first_visitor(runs, monkeypatch):
    monkeypatch.setenv("STFORECAST_RUNS", str(runs))
    _kept_pngs.clear()
    runpy.run_path(str(SCRIPT))
    sight, panels = opening_sight(find_entries(runs).find("globe"))
    kept = _kept_pngs()
    before = kept.nbytes
    assert before > 0
    for what in panels:
        kept.get((*sight.key, what, 0, None), lambda: b"made anew")
    assert kept.nbytes == before


def test_a_folder_that_cannot_be_shown_is_left_to_the_visitor(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("STFORECAST_RUNS", str(tmp_path))
    monkeypatch.setattr("app.choices.find_entries", lambda folder: 1 / 0)
    with caplog.at_level(logging.INFO, logger="stforecast.app"):
        runpy.run_path(str(SCRIPT))
    assert "nothing was made in advance" in caplog.text
