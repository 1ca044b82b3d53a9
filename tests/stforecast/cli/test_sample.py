"""`stforecast sample` takes the options of the dataset that it is asked for, and no others."""

import sys

import h5py
import pytest

from stforecast.cli import main


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["stforecast", "sample", *map(str, arguments)])
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = stop.code
    output = capsys.readouterr()
    return code, output.out, output.err


def test_traffic_is_written_as_asked(monkeypatch, capsys, tmp_path):
    out = tmp_path / "traffic"
    code, told, err = call(
        monkeypatch,
        capsys,
        *("taxibj", out, "--days", 2, "--grid", "4x6", "--time-step", "1h"),
        *("--first-day", "2014-03-05", "--seed", 7),
    )
    assert (code, err) == (0, "")
    assert "3 files" in told
    assert "synthetic taxibj data" in told
    with h5py.File(out / "SAMPLE14_M4x6_T60_InOut.h5") as file:
        assert file["date"][0] == b"2014030501"
        assert file["data"].shape[1:] == (2, 4, 6)


def test_only_what_is_given_is_passed_on(monkeypatch, capsys, tmp_path):
    seen = {}

    def write_sample(out, *, resolution=5.625, variables=("t2m",), seed=0, progress=None):
        seen.update(resolution=resolution, variables=variables, seed=seed)
        return []

    monkeypatch.setattr("pipelines.weatherbench_sample.write_weatherbench_sample", write_sample)
    call(monkeypatch, capsys, "weatherbench", tmp_path / "a", "--variables", "t2m, z500")
    assert seen == {"resolution": 5.625, "variables": ("t2m", "z500"), "seed": 0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            "taxibj {out} --years 2",
            "--years is no option of the sample of taxibj; it takes --days, --grid, --time-step, "
            "--first-day, --seed.",
        ),
        (
            "weatherbench {out} --grid 8x8",
            "--grid is no option of the sample of weatherbench; it takes --resolution, --time-step, "
            "--first-year, --years, --variables, --seed.",
        ),
        ("taxibj {out} --grid 0x3", "grid 0x3 must have at least 4 rows"),
        ("taxibj {out} --grid 32", "--grid '32' is not rows x columns; write it like 32x32."),
        ("taxibj {out} --grid axb", "--grid 'axb' is not rows x columns"),
        ("taxibj {out} --time-step 7h", "time_step '7h' must be 15min, 20min, 30min or 1h."),
        ("taxibj {out} --days 9999", "days 9999 must be 1 to 3660"),
        ("taxibj {out} --days 0", "days 0 must be 1 to 3660"),
        ("taxibj {out} --first-day today", "first_day 'today' is no date"),
        ("moscow {out}", "dataset 'moscow' is unknown"),
    ],
)
def test_a_mistake_is_one_line(arguments, message, monkeypatch, capsys, tmp_path):
    out = tmp_path / "out"
    code, _, err = call(monkeypatch, capsys, *arguments.format(out=out).split())
    assert code == 2
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert not out.exists()
