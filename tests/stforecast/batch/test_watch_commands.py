"""`batch verify` and `batch schedule` as people and machines meet them."""

import json
import sys

import numpy as np
import pytest

from stforecast.batch.run import run_job
from stforecast.cli import main
from stforecast.forecaster import load_forecaster
from stforecast.verification.evaluate import evaluate


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "argv", ["stforecast", "batch", *map(str, arguments)])
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = stop.code
    output = capsys.readouterr()
    return code, output.out, output.err


NOW = ("--now", "2015-02-10T00:00")


@pytest.fixture
def verified(desk):
    """A job of twelve forecasts, made by a run that has test scores half as large as theirs."""
    job = desk.job(
        init_times={"range": "2015-01-30T00:00/2015-02-01T18:00"},
        verify={"drift": 0.2, "regions": {"north": [0, 0, 360, 90]}},
    )
    run_job(job, now=np.datetime64("2015-02-10", "ns"))
    forecaster = load_forecaster(job.run)
    times = desk.series["time"].values[20:40]
    scores = evaluate({forecaster.name: forecaster}, desk.series, init_times=times, steps=3)
    scores["score"] /= 2
    scores.to_netcdf(desk.folder / "run" / "scores.nc", engine="netcdf4")
    return job


def test_scores_are_shown_by_month_and_drift_has_its_exit_code(desk, verified, monkeypatch, capsys):
    code, out, err = call(monkeypatch, capsys, "verify", desk.folder / "job.toml", *NOW)
    assert code == 4
    assert "t2m, north: RMSE in K, in brackets persistence" in out
    assert " 2015-01 │ " in out.replace("┃", "│")
    assert "scored now: 36 lead times of 12 forecasts" in out
    assert "above +20.0% it drifts" in out
    assert "drift │" in out
    last = json.loads(err.splitlines()[-1])
    assert (last["event"], last["exit_code"], len(last["drift"])) == ("verified", 4, 6)
    code, out, _ = call(monkeypatch, capsys, "verify", desk.folder / "job.toml", "--json", *NOW)
    told = json.loads(out)
    assert (code, told["exit_code"], told["scored"]) == (4, 4, {})
    assert {line["forecasts"] for line in told["drift"]} == {12}
    assert {line["month"] for line in told["scores"]} == {"2015-01", "2015-02"}
    assert {line["region"] for line in told["scores"]} == {"all", "north"}


def test_what_could_not_be_verified_is_shown(desk, verified, monkeypatch, capsys):
    files = sorted((desk.folder / "out").glob("*.nc"))
    files[0].unlink()
    files[1].write_bytes(b"CDF")
    for file in files[5:]:
        file.unlink()
    code, out, _ = call(monkeypatch, capsys, "verify", desk.folder / "job.toml", *NOW)
    assert code == 1
    assert "gone before they were verified: 8" in out
    assert "not verified: 2015-01-30T06:00:00: " in out
    assert "fewer than 10" in out


def test_before_there_is_truth_there_is_nothing_to_show(desk, verified, monkeypatch, capsys):
    now = ("--now", "2015-01-30T00:00")
    code, out, _ = call(monkeypatch, capsys, "verify", desk.folder / "job.toml", *now)
    assert code == 0
    assert "drift: no verified forecast in the window yet" in out
    desk.job(init_times={"range": "2015-01-30T00:00/2015-02-01T18:00"}, verify={})
    later = ("--now", "2015-01-31T06:00")
    _, out, _ = call(monkeypatch, capsys, "verify", desk.folder / "job.toml", *later)
    assert "drift" not in out
    assert "t2m, all" in out


def test_ready_text_is_printed_and_nothing_else(desk, monkeypatch, capsys):
    desk.job(schedule={"every": "6h"})
    arguments = ("schedule", desk.folder / "job.toml", "--print", "cron")
    code, out, err = call(monkeypatch, capsys, *arguments)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("0 */6 * * * /")
    assert out.endswith("\n")


def test_once_ends_with_the_exit_code(desk, monkeypatch, capsys):
    desk.job(init_times={"range": "2015-01-03T00:00"})
    code, _, err = call(monkeypatch, capsys, "schedule", desk.folder / "job.toml", "--once")
    assert code == 0
    assert json.loads(err.splitlines()[-1])["event"] == "run finished"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("verify {folder}/absent.toml", "absent.toml cannot be read"),
        ("verify {folder}/job.toml", "has no [verify]; add that table"),
        ("schedule {folder}/job.toml", "has no [schedule]; add that table"),
        ("schedule {folder}/job.toml --print upstart", "known: systemd, cron, kubernetes"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments, message, desk, monkeypatch, capsys):
    desk.job()
    found, _, err = call(monkeypatch, capsys, *arguments.format(folder=desk.folder).split())
    assert found == 2
    assert message in err.splitlines()[-1]
    assert "Traceback" not in err


def test_a_channel_without_truth_has_no_number_in_the_table(desk, monkeypatch, capsys):
    job = desk.job(init_times={"range": "2015-01-03T00:00"}, verify={})
    run_job(job, now=np.datetime64("2015-02-10", "ns"))
    desk.deliver(desk.series.where(desk.series["channel"] != "t2m"))
    code, out, _ = call(monkeypatch, capsys, "verify", desk.folder / "job.toml", *NOW)
    assert code == 0
    assert "│ 6 h  │       – │" in out
