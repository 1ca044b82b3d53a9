import os
import threading
import time

import numpy as np
import pytest
import xarray as xr

from stforecast.checking import background
from stforecast.checking.background import BackgroundCheck, Checks, DataSize, measure_data
from stforecast.checking.worker import work

NOTHING = DataSize(0, 0, 0)


def wait_for(check):
    """Until another thread has ended a check; fails if it never does."""
    for _ in range(6000):
        if check.is_over:
            return
        time.sleep(0.01)
    pytest.fail(f"the check of {check.path} is still {check.state}")


def write_temperature(file):
    """Three days of a field in kelvin, without a fault but the order of its rows."""
    values = np.full((12, 4, 8), 280.0, "float32") + np.arange(12)[:, None, None]
    times = np.datetime64("2015-01-01", "ns") + np.arange(12) * np.timedelta64(6, "h")
    field = xr.DataArray(
        values,
        coords={"time": times, "lat": [-67.5, -22.5, 22.5, 67.5], "lon": np.arange(8) * 45.0},
        dims=("time", "lat", "lon"),
        attrs={"units": "K"},
    )
    field.to_dataset(name="t2m").to_netcdf(file)


def stop_when_begun(monkeypatch, told):
    """Checks whose process is a stand-in that tells what is given, then ends."""

    class Process:
        returncode = -9

        def wait(self):
            return self.returncode

        def terminate(self):
            self.returncode = -15

    def start(path, writer):
        for message in told:
            writer.send(message)
        return Process()

    monkeypatch.setattr(background, "_start", start)


def test_data_are_measured_without_being_opened(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.nc").write_bytes(b"12345")
    (tmp_path / "deep" / "b.nc").write_bytes(b"123")
    os.symlink(tmp_path / "nowhere", tmp_path / "lost.nc")
    size = measure_data(tmp_path)
    assert (size.files, size.bytes) == (2, 8)
    assert measure_data(tmp_path / "a.nc").files == 1


def test_another_size_or_time_is_another_stamp(tmp_path):
    file = tmp_path / "a.nc"
    file.write_bytes(b"12345")
    before = measure_data(tmp_path)
    assert measure_data(tmp_path) == before
    os.utime(file, ns=(0, before.changed + 10))
    assert measure_data(tmp_path) != before


def test_what_is_not_there_cannot_be_measured(tmp_path):
    with pytest.raises(ValueError, match="nowhere does not exist; give another path"):
        measure_data(tmp_path / "nowhere")


def test_the_worker_tells_its_progress_and_at_last_the_report(tmp_path):
    write_temperature(tmp_path / "t2m.nc")
    told = []
    work(str(tmp_path), told.append)
    assert told[0][0] == "progress"
    kind, report = told[-1]
    assert kind == "report"
    assert list(report.variables) == ["t2m"]


def test_the_worker_tells_a_problem_in_words(tmp_path):
    told = []
    work(str(tmp_path / "nowhere"), told.append)
    [(kind, text)] = told
    assert kind == "problem"
    assert "nowhere" in text


def test_a_check_runs_in_a_process_of_its_own(tmp_path):
    (tmp_path / "page.nc").write_text("<html>not found</html>")
    checks, size = Checks(), measure_data(tmp_path)
    assert checks.find(tmp_path, size) is None
    check = checks.begin(tmp_path, size)
    wait_for(check)
    assert check.state == "done"
    assert [each.code for each in check.report.findings] == ["web-page"]
    assert checks.find(tmp_path, size) is check
    assert checks.begin(str(tmp_path), size) is check


def test_changed_data_are_checked_anew(tmp_path, monkeypatch):
    stop_when_begun(monkeypatch, [("problem", "no")])
    checks = Checks()
    first = checks.begin(tmp_path, NOTHING)
    assert checks.find(tmp_path, DataSize(0, 0, 1)) is None
    assert checks.begin(tmp_path, DataSize(0, 0, 1)) is not first


def test_progress_and_problem_are_noted(tmp_path, monkeypatch):
    stop_when_begun(monkeypatch, [("progress", (3, 4)), ("problem", "cannot be read")])
    check = Checks().begin(tmp_path, NOTHING)
    wait_for(check)
    assert (check.state, check.problem) == ("failed", "cannot be read")
    assert check.fraction == 0.75


def test_a_process_that_dies_says_what_to_do(tmp_path, monkeypatch):
    stop_when_begun(monkeypatch, [])
    check = Checks().begin(tmp_path, NOTHING)
    wait_for(check)
    assert check.state == "failed"
    assert f"exit code -9; run `stforecast check {tmp_path}`" in check.problem


def test_one_check_waits_for_another_and_can_be_stopped(tmp_path, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def follow(check):
        begun.set()
        go_on.wait(30)

    monkeypatch.setattr(background, "_follow", follow)
    checks = Checks()
    first = checks.begin(tmp_path / "a", NOTHING)
    assert begun.wait(30)
    second = checks.begin(tmp_path / "b", NOTHING)
    assert (first.state, second.state) == ("running", "waiting")
    assert second.fraction == 0.0
    begun.clear()
    second.stop()
    assert second.state == "stopped"
    assert checks.find(tmp_path / "b", NOTHING) is None
    go_on.set()
    wait_for(second)
    assert not begun.is_set()


def test_a_check_stopped_at_its_start_ends_its_process(tmp_path, monkeypatch):
    stop_when_begun(monkeypatch, [])
    check = BackgroundCheck(tmp_path)
    check.stop()
    background._follow(check)
    assert (check.state, check.problem) == ("stopped", "")


def test_a_check_at_work_is_stopped_through_its_process(tmp_path, monkeypatch):
    ended = threading.Event()
    check = BackgroundCheck(tmp_path, is_started=True)

    class Process:
        def terminate(self):
            ended.set()

    check.process = Process()
    check.stop()
    assert ended.is_set()
    assert check.state == "stopped"


def test_only_the_newest_reports_are_kept(tmp_path, monkeypatch):
    stop_when_begun(monkeypatch, [("problem", "no")])
    checks = Checks(most=2)
    for number in range(4):
        wait_for(checks.begin(tmp_path / str(number), NOTHING))
    kept = [checks.find(tmp_path / str(number), NOTHING) is not None for number in range(4)]
    assert kept == [False, False, True, True]
