"""`stforecast batch` as people and machines meet it."""

import json
import sys

import pytest

from stforecast.cli import main


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["stforecast", "batch", *map(str, arguments)])
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = stop.code
    output = capsys.readouterr()
    return code, output.out, output.err


@pytest.fixture
def job_file(desk):
    desk.job(
        init_times={"every": "6h", "back": "12h"},
        freshness={"max_age": "12h"},
        history={"give_up": "1d"},
    )
    return desk.folder / "job.toml"


def test_a_job_is_planned_run_and_looked_after(desk, job_file, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "120")
    now = ("--now", "2015-01-10T06:30")
    code, out, _ = call(monkeypatch, capsys, "status", job_file, *now)
    assert code == 3
    assert "init times: none yet" in out
    assert "newest good forecast: none" in out
    code, out, err = call(monkeypatch, capsys, "run", job_file, "--dry-run", *now)
    assert code == 0
    assert "waves: 2 planned" in out
    assert "2015-01-10T06:00:00 │ forecast │ new" in out
    assert not (desk.folder / "out").exists()
    assert [json.loads(line)["event"] for line in err.splitlines()] == [
        "run started",
        "run finished",
    ]
    code, out, err = call(monkeypatch, capsys, "run", job_file, *now)
    assert (code, out) == (0, "waves: 2 done\n")
    events = [json.loads(line) for line in err.splitlines()]
    assert [event["event"] for event in events[1:-1]] == ["forecast"] * 2 + ["done"] * 2
    assert events[-1]["counts"] == {"done": 2}
    code, out, _ = call(monkeypatch, capsys, "status", job_file, *now)
    assert code == 0
    assert "newest good forecast: 2015-01-10T06:00:00, 0.5 h old" in out
    assert "last run: " in out
    assert "exit code 0" in out


def test_a_forecast_that_is_too_old_or_gone_has_its_own_exit_code(
    desk, job_file, monkeypatch, capsys
):
    call(monkeypatch, capsys, "run", job_file, "--now", "2015-01-10T06:30")
    code, out, _ = call(monkeypatch, capsys, "status", job_file, "--now", "2015-01-10T18:01")
    assert code == 3
    assert "12.0 h old, too old" in out
    (desk.folder / "out" / "20150110T06.nc").unlink()
    code, out, _ = call(monkeypatch, capsys, "status", job_file, "--now", "2015-01-10T11")
    assert code == 0
    assert "20150110T06.nc" in out
    assert "newest good forecast: 2015-01-10T00:00:00" in out
    code, out, _ = call(monkeypatch, capsys, "status", job_file, "--json", "--now", "2015-01-10T13")
    assert code == 3
    told = json.loads(out)
    assert (told["newest"], told["age_hours"], told["is_stale"]) == (
        "2015-01-10T00:00:00",
        13,
        True,
    )
    assert told["counts"] == {"done": 2}
    assert told["last_run"]["exit_code"] == 0
    assert told["init_times"][0]["outputs"] == [str(desk.folder / "out" / "20150110T00.nc")]


def test_now_is_now_unless_another_time_is_named(job_file, monkeypatch, capsys):
    code, out, _ = call(monkeypatch, capsys, "run", job_file)
    # The data end in 2015: nothing of the last 12 hours is there.
    assert code == 0
    assert "waiting" in out
    _, out, _ = call(monkeypatch, capsys, "status", job_file, "--last", "1")
    assert out.count("4 of 4 frames are absent") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("run {folder}/absent.toml", 2, "absent.toml cannot be read"),
        ("run {folder}/job.toml --now soon", 2, "'soon' is no time"),
        ("status {folder}/job.toml --now soon", 2, "'soon' is no time"),
        ("run {folder}/job.toml --init-time soon", 2, "'soon' is no time"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    arguments, code, message, desk, job_file, monkeypatch, capsys
):
    found, _, err = call(monkeypatch, capsys, *arguments.format(folder=desk.folder).split())
    assert found == code
    assert message in err.splitlines()[-1]
    assert err.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in err


def test_an_init_time_that_failed_has_exit_code_1(desk, job_file, monkeypatch, capsys):
    (desk.folder / "out").write_text("in the way")
    code, out, _ = call(monkeypatch, capsys, "run", job_file, "--now", "2015-01-10T06:30")
    assert (code, out) == (1, "waves: 2 failed\n")


def test_the_help_lists_the_exit_codes(monkeypatch, capsys):
    for arguments in (["--help"], ["run", "--help"], ["status", "--help"]):
        _, out, _ = call(monkeypatch, capsys, *arguments)
        assert "Exit codes: 0 all that was due is done" in " ".join(out.split())
