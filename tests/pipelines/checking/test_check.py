"""The doctor: what it opens, what it says, and the mended copy."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.checking import check, mend
from pipelines.checking.findings import CODES, Finding, told_apart


def codes(report):
    return {each.code for each in report.findings}


def found(report, code):
    [each] = [each for each in report.findings if each.code == code]
    return each


def mended(raw: Path):
    """The mended copy of a folder, which holds nothing more that could be mended."""
    result = mend(raw, raw.parent / "mended")
    assert result.after.fixable == ()
    return result


def test_good_data_have_no_finding_and_true_numbers(make, save):
    data = make()
    raw = save(data)
    seen = []
    report = check(raw, progress=lambda done, total: seen.append((done, total)))
    assert (report.findings, report.exit_code) == ((), 0)
    assert report.files == ("a.nc",)
    t2m = report.variables["t2m"]
    values = data["t2m"].values.astype("float64")
    np.testing.assert_allclose(
        (t2m.minimum, t2m.mean, t2m.std, t2m.maximum),
        (values.min(), values.mean(), values.std(), values.max()),
        rtol=1e-9,
    )
    assert (t2m.units, t2m.units_declared, t2m.share_missing) == ("K", ("K",), 0)
    assert t2m.missing.sizes == {"time": 12}
    assert t2m.missing_map.dims == ("y", "x")
    assert int(t2m.histogram.sum()) == values.size
    assert seen[-1] == (values.size * 4, values.size * 4)
    assert report.bytes_read == values.size * 4


def test_several_files_have_the_numbers_of_one(make, save):
    data = make(frames=40)
    raw = save(data.isel(time=slice(0, 13)), "a.nc")
    save(data.isel(time=slice(13, None)), "b.nc")
    t2m = check(raw).variables["t2m"]
    values = data["t2m"].values.astype("float64")
    np.testing.assert_allclose((t2m.mean, t2m.std), (values.mean(), values.std()), rtol=1e-9)
    assert t2m.files == 2
    assert len(t2m.times) == 40


def test_a_path_that_does_not_exist_is_a_mistake(tmp_path):
    with pytest.raises(ValueError, match="absent does not exist"):
        check(tmp_path / "absent")


def test_a_code_that_is_unknown_is_refused():
    with pytest.raises(ValueError, match="code 'x' is unknown; known: unreadable, "):
        Finding("error", "x", "")


def test_what_cannot_be_opened_is_a_finding_and_the_rest_goes_on(make, save):
    raw = save(make(), "good.nc")
    (raw / "page.nc").write_text("<!DOCTYPE html><html>503</html>")
    (raw / "void.nc").write_bytes(b"")
    (raw / "strange.nc").write_bytes(b"hello there")
    (raw / "packed.zip").write_bytes(b"PK\x03\x04")
    whole = (raw / "good.nc").read_bytes()
    (raw / "short.nc").write_bytes(whole[: len(whole) // 2])
    save(make(), "classic.nc", format="NETCDF3_CLASSIC")
    classic = (raw / "classic.nc").read_bytes()
    (raw / "classic.nc").write_bytes(classic[:-200])
    (raw / "broken.nc").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\xff" * 300)
    (raw / "torn.zarr").mkdir()
    (raw / "torn.zarr" / ".zgroup").write_text("{")
    report = check(raw)
    assert report.exit_code == 4
    assert report.variables["t2m"].files == 1
    told = {each.message.split()[0].strip(":"): each.code for each in report.findings}
    assert told == {
        "page.nc": "web-page",
        "void.nc": "empty",
        "strange.nc": "unreadable",
        "packed.zip": "unreadable",
        "short.nc": "truncated",
        "classic.nc": "truncated",
        "broken.nc": "unreadable",
        "torn.zarr": "unreadable",
    }
    result = mended(raw)
    assert (result.files, set(result.left_out)) == (("good.nc",), set(told) - {"packed.zip"})
    assert {each.code for each in result.not_mended} == {
        "web-page",
        "empty",
        "unreadable",
        "truncated",
    }


def test_constants_are_no_series_and_go_into_the_copy_as_they_are(make, save):
    raw = save(make(), "a.nc")
    save(make("orography").isel(time=0, drop=True), "constants.nc")
    report = check(raw)
    assert codes(report) == {"no-time"}
    assert report.exit_code == 0
    result = mended(raw)
    assert result.files == ("a.nc", "constants.nc")
    (raw / "a.nc").unlink()
    [told] = check(raw).findings
    assert (told.code, told.severity) == ("no-time", "error")


def test_what_nobody_knows_is_an_error_where_nothing_else_is_there(make, save):
    raw = save(make("soil_type", units="1"), "a.nc")
    save(make("soil_type", units="1", first="2015-01-04"), "b.nc")
    save(make("t", frames=24), "c.nc")
    report = check(raw)
    assert {each.message: each.severity for each in report.findings} == {
        "2 files (a.nc, b.nc): soil_type is no variable of the table": "error",
        "c.nc: t (whose level is not told) cannot be taken": "error",
    }
    assert report.exit_code == 4
    assert all(each.way_out for each in report.findings)
    save(make(), "d.nc")
    assert "error" not in {each.severity for each in check(raw).findings}


def test_a_way_out_is_told_once_and_never_the_whole_message_again(make, save):
    data = make(units="furlong")
    told = found(check(save(data)), "units-unknown")
    assert told.message == "a.nc: t2m: the declared units 'furlong' are unknown"
    assert told.way_out.startswith("known for it: K, degC, degF. If ")
    told = found(check(save(make(base=3000))), "units-contradict")
    assert told.message.endswith("but no such values occur in nature (2995.17 to 3004.94)")
    assert told.way_out.startswith("are missing values marked with _FillValue? Mark them, or ")


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ("it is so.", ("it is so", "")),
        ("it is so; mend it, or not; look.", ("it is so", "mend it, or not; look")),
        ("it is 1.5 K. Mend it.", ("it is 1.5 K", "mend it")),
    ],
)
def test_a_message_is_told_apart_from_its_way_out(message, parts):
    assert told_apart(message) == parts


def test_what_is_no_field_is_no_variable(make, save):
    points = make()["t2m"].mean(("latitude", "longitude")).to_dataset(name="t2m")
    report = check(save(points))
    assert "empty" in codes(report) or "no-coordinates" in codes(report)
    assert report.variables == {}


def test_equal_findings_of_many_files_are_told_once(make, save):
    raw = save(make(units=None), "a.nc")
    save(make(units=None, first="2015-01-04"), "b.nc")
    told = found(check(raw), "units-missing")
    assert told.message.startswith("2 files (a.nc, b.nc): t2m declares no units")
    assert told.examples == ("a.nc", "b.nc")


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("raw/in", "lies within"),
        ("raw", "exists already"),
    ],
)
def test_a_copy_is_new_and_outside(make, save, out, message):
    raw = save(make())
    with pytest.raises(ValueError, match=message):
        mend(raw, raw.parent / out)


def test_a_single_file_or_store_is_mended_to_one(make, save, tmp_path):
    raw = save(make(units=None))
    with pytest.raises(ValueError, match=r"end its name in \.nc"):
        mend(raw / "a.nc", tmp_path / "copy")
    result = mend(raw / "a.nc", tmp_path / "copy.nc")
    assert (result.after.findings, result.left_out) == ((), ())
    for zarr_format in (2, 3):
        raw = save(
            make(units=None), f"{zarr_format}.zarr", zarr_format=zarr_format, consolidated=False
        )
        result = mend(raw / f"{zarr_format}.zarr", tmp_path / f"copy{zarr_format}.zarr")
        assert result.after.findings == ()
    (raw / "a.nc").write_bytes(b"")
    with pytest.raises(ValueError, match="holds nothing that can be mended"):
        mend(raw / "a.nc", tmp_path / "other.nc")


def test_every_code_says_what_it_is():
    assert all(
        code.what and code.severity in ("error", "warning", "note") for code in CODES.values()
    )
