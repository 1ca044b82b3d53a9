"""GRIB in the doctor, on files made message by message."""

import numpy as np
import pytest
import xarray as xr

from pipelines.checking import check, mend
from pipelines.grib_library import load_eccodes

eccodes = load_eccodes()


def message(time, values, *, step=0, number=0, name="2t"):
    """One field of six rows and eight columns from north to south."""
    handle = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
    date = str(time.astype("datetime64[D]")).replace("-", "")
    hour = int((time - time.astype("datetime64[D]")) / np.timedelta64(1, "h"))
    for key, value in {
        "Ni": 8,
        "Nj": 6,
        "latitudeOfFirstGridPointInDegrees": 75,
        "latitudeOfLastGridPointInDegrees": -75,
        "longitudeOfFirstGridPointInDegrees": 0,
        "longitudeOfLastGridPointInDegrees": 315,
        "iDirectionIncrementInDegrees": 45,
        "jDirectionIncrementInDegrees": 30,
        "shortName": name,
        "dataDate": int(date),
        "dataTime": hour * 100,
        "stepRange": str(step),
        "bitsPerValue": 16,
    }.items():
        eccodes.codes_set(handle, key, value)
    if number:
        eccodes.codes_set(handle, "productDefinitionTemplateNumber", 1)
        eccodes.codes_set(handle, "number", number)
    eccodes.codes_set_values(handle, values.ravel().astype("float64"))
    content = eccodes.codes_get_message(handle)
    eccodes.codes_release(handle)
    return content


def times(count):
    return np.datetime64("2015-01-01T00", "h") + 6 * np.arange(count)


@pytest.fixture
def raw(make, tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    frames = make()["t2m"].values
    content = [message(time, frame) for time, frame in zip(times(12), frames, strict=True)]
    (folder / "a.grib").write_bytes(b"".join(content))
    return folder


def test_good_grib_has_no_finding_and_becomes_netcdf(raw, make):
    report = check(raw)
    assert report.findings == ()
    assert report.variables["t2m"].units == "K"
    result = mend(raw, raw.parent / "mended")
    assert result.files == ("a.grib.nc",)
    assert result.after.findings == ()
    copy = xr.load_dataset(raw.parent / "mended" / "a.grib.nc")
    np.testing.assert_allclose(copy["2t"].values, make()["t2m"].values, atol=1e-3)
    assert sorted(file.name for file in raw.iterdir()) == ["a.grib"]


def test_grib_beside_the_netcdf_made_from_it_is_passed_over(raw, make):
    make().to_netcdf(raw / "a.nc")
    [told] = check(raw).findings
    assert (told.code, told.severity, told.fixable) == ("duplicate-time", "note", True)
    assert told.message.startswith("a.grib: t2m is passed over")
    result = mend(raw, raw.parent / "mended")
    assert (result.files, result.left_out) == (("a.nc",), ())
    assert result.after.findings == ()
    assert [file.name for file in (raw.parent / "mended").iterdir()] == ["a.nc"]


def test_grib_with_times_of_its_own_is_not_passed_over(raw, make):
    make().isel(time=slice(2, None)).to_netcdf(raw / "a.nc")
    [told] = check(raw).findings
    assert (told.code, told.severity) == ("duplicate-time", "error")


def test_grib_is_kept_where_the_netcdf_beside_it_cannot_be_mended(raw, make):
    both = xr.concat([make(), make()], "number").transpose("time", ...)
    both.to_netcdf(raw / "a.nc")
    assert "ensemble" in {each.code for each in check(raw).findings}
    assert mend(raw, raw.parent / "mended").files == ("a.grib.nc",)


def test_grib_that_is_cut_short_is_told(raw):
    file = raw / "a.grib"
    file.write_bytes(file.read_bytes()[:-10])
    [told] = check(raw).findings
    assert told.code == "truncated"
    assert "message 12 has" in told.message
    file.write_bytes(file.read_bytes()[:-20] + b"0" * 30)
    assert check(raw).findings[0].code == "truncated"


@pytest.mark.parametrize(
    ("again", "code"),
    [({}, "duplicate-time"), ({"number": 1}, "ensemble")],
)
def test_messages_that_are_no_series_are_told(raw, make, again, code):
    extra = message(times(1)[0], make()["t2m"].values[0], **again)
    file = raw / "a.grib"
    file.write_bytes(file.read_bytes() + extra)
    [told] = check(raw).findings
    assert (told.code, told.severity, told.fixable) == (code, "error", False)


def test_forecasts_for_one_time_are_told(raw, make):
    extra = message(times(1)[0], make()["t2m"].values[1], step=6)
    file = raw / "a.grib"
    file.write_bytes(file.read_bytes() + extra)
    assert {each.code for each in check(raw).findings} == {"init-valid-time"}


def test_variables_of_one_file_become_files_of_their_own(raw, make):
    frames = make("msl", base=101_000, units="Pa")["msl"].values
    content = [
        message(time, frame, name="prmsl")
        for time, frame in zip(times(10), frames[:10], strict=True)
    ]
    file = raw / "a.grib"
    file.write_bytes(file.read_bytes() + b"".join(content))
    report = check(raw)
    assert {each.code for each in report.findings} == {"variable-absent"}
    result = mend(raw, raw.parent / "mended")
    assert result.files == ("a.grib_1_t2m.nc", "a.grib_2_msl.nc")
    with pytest.raises(ValueError, match="becomes 2 files"):
        mend(file, raw.parent / "one.nc")
