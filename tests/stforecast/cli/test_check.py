import json
import sys

import numpy as np
import pytest
import xarray as xr

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


@pytest.fixture
def raw(tmp_path):
    """Writes a file of weather, bent."""

    def write(bend=lambda data: data):
        times = np.datetime64("2015-01-01", "ns") + 6 * np.arange(12) * np.timedelta64(1, "h")
        values = 280 + np.random.default_rng(0).uniform(-5, 5, (12, 6, 8))
        data = xr.Dataset(
            {"t2m": (("time", "lat", "lon"), values.astype("float32"), {"units": "K"})},
            {"time": times, "lat": np.arange(75.0, -76, -30), "lon": np.arange(0.0, 360, 45)},
        )
        (tmp_path / "raw").mkdir(exist_ok=True)
        bend(data).to_netcdf(tmp_path / "raw" / "a.nc")
        return tmp_path / "raw"

    return write


def test_good_data_leave_with_0_and_one_sentence(raw, monkeypatch, capsys):
    code, out, err = call(monkeypatch, capsys, "check", raw())
    assert (code, err) == (0, "")
    assert "nothing is wrong with" in out
    assert "t2m" in out


def test_warnings_leave_with_3_errors_with_4_and_mistakes_with_2(
    raw, monkeypatch, capsys, tmp_path
):
    code, out, _ = call(monkeypatch, capsys, "check", raw(lambda d: d.isel(time=[0, 1, 2, 5, 6])))
    assert (code, "gap: t2m: 2 frames" in out) == (3, True)
    code, out, _ = call(monkeypatch, capsys, "check", raw(lambda d: d.where(d["lat"] > 0, -9999)))
    assert (code, "fill-value" in out) == (4, True)
    code, _, err = call(monkeypatch, capsys, "check", tmp_path / "absent")
    assert (code, "absent does not exist" in err) == (2, True)
    code, _, err = call(monkeypatch, capsys, "check", raw(), "--html", tmp_path)
    assert (code, "is a folder; name a file" in err) == (2, True)


def test_a_mended_copy_is_listed_and_checked_again(raw, monkeypatch, capsys, tmp_path):
    folder = raw(lambda d: d.where(d["lat"] > -60, np.inf))
    (folder / "page.nc").write_text("<html>")
    (folder / "gap.nc").write_bytes(b"")
    code, out, _ = call(monkeypatch, capsys, "check", folder, "--fix", tmp_path / "out")
    assert code == 4
    assert "mended: t2m: 96 values are infinite" in out
    assert "not mended: page.nc is a web page" in out
    assert "left out: gap.nc" in out
    assert "the copy has no error and no warning" in out
    (folder / "page.nc").unlink()
    (folder / "gap.nc").unlink()
    code, out, _ = call(monkeypatch, capsys, "check", folder, "--fix", tmp_path / "second")
    assert code == 0
    gaps = raw(lambda d: d.isel(time=[0, 1, 2, 5, 6]))
    code, out, _ = call(monkeypatch, capsys, "check", gaps, "--fix", tmp_path / "third")
    assert (code, "the copy has gap" in out) == (3, True)


def test_machines_get_json_and_nothing_else(raw, monkeypatch, capsys, tmp_path):
    folder = raw(lambda d: d.where(d["lat"] > -60, np.inf))
    code, out, _ = call(monkeypatch, capsys, "check", folder, "--json", "--fix", tmp_path / "out")
    facts = json.loads(out)
    assert code == 0
    assert facts["exit_code"] == 4
    [told, _] = facts["findings"]  # and that these cells never hold a value
    assert (told["code"], told["fixable"], told["count"]) == ("infinite", True, 96)
    assert facts["variables"]["t2m"]["first"] == "2015-01-01T00:00:00"
    assert facts["mended"]["after"]["exit_code"] == 0


def test_the_page_is_written_whole(raw, monkeypatch, capsys, tmp_path):
    page = tmp_path / "report.html"
    code, _, _ = call(monkeypatch, capsys, "check", raw(), "--html", page)
    assert code == 0
    assert "data:image/png;base64," in page.read_text()
