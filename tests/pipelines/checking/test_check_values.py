"""Values and units that are wrong, made on purpose, and found."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pipelines.checking import check, mend
from pipelines.weatherbench import open_weatherbench


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


def test_bytes_that_cannot_be_unpacked_are_told_with_their_time(make, save):
    options = {"zlib": True, "chunksizes": (1, 6, 8), "complevel": 9}
    raw = save(make(), encoding={"t2m": options})
    file = raw / "a.nc"
    with xr.open_dataset(file) as data:
        values = data["t2m"].values
    content = bytearray(file.read_bytes())
    place = content.rfind(b"\x78\xda")  # the last chunk that zlib began
    content[place + 4 : place + 40] = b"\xff" * 36
    file.write_bytes(content)
    told = found(check(raw), "unreadable")
    assert "t2m cannot be read in 1 place(s)" in told.message
    assert check(raw).variables["t2m"].share_missing > 0
    assert values.shape == (12, 6, 8)


def test_missing_frames_missing_parts_and_land_are_told_apart(make, save):
    data = make()
    data["t2m"][:, 0, :] = np.nan
    assert codes(check(save(data, "land.nc"))) == {"always-missing"}
    data["t2m"][3] = np.nan
    data["t2m"][5, 2, 2] = np.nan
    report = check(save(data, "land.nc"))
    assert found(report, "always-missing").count == 8
    told = found(report, "missing-values")
    assert "in 1 whole frames and in part of 1 frames" in told.message
    assert told.count == 5 * 8 + 1
    assert told.examples == ("2015-01-01T18:00", "2015-01-02T06:00")
    t2m = report.variables["t2m"]
    assert t2m.missing.values[3] == 1
    assert (t2m.missing_map.values[0] == 1).all()


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_absent_chunks_are_told_from_missing_values(make, save, zarr_format):
    data = make()
    data["t2m"][1, 0, 0] = np.nan
    options = {"chunks": (3, 6, 8)} | ({"_FillValue": np.nan} if zarr_format == 3 else {})
    raw = save(
        data, "a.zarr", zarr_format=zarr_format, encoding={"t2m": options}, consolidated=False
    )
    chunk = raw / "a.zarr" / "t2m" / ("2.0.0" if zarr_format == 2 else "c/2/0/0")
    chunk.unlink()
    report = check(raw)
    told = found(report, "absent-chunk")
    assert "1 of 4 chunks of t2m are not there; their values read as missing" in told.message
    assert told.examples[0] == "2015-01-02T12:00"
    assert found(report, "missing-values").count == 1
    result = mended(raw)
    assert codes(result.after) == {"missing-values"}
    with xr.open_zarr(raw.parent / "mended" / "a.zarr", chunks=None, consolidated=False) as copy:
        assert int(copy["t2m"].isnull().sum()) == 1 + 3 * 48


def test_absent_chunks_that_read_as_zero_are_found_and_masked(make, save):
    raw = save(
        make(),
        "a.zarr",
        zarr_format=3,
        encoding={"t2m": {"chunks": (3, 6, 8), "fill_value": 0.0}},
        consolidated=False,
    )
    (raw / "a.zarr" / "t2m" / "c" / "1" / "0" / "0").unlink()
    report = check(raw)
    assert "read as 0" in found(report, "absent-chunk").message
    assert found(report, "out-of-range").count == 3 * 48
    assert codes(mended(raw).after) == {"missing-values"}


def test_infinite_sentinel_and_impossible_values_become_missing(make, save):
    data = make()
    data["t2m"][2, 0, 0] = np.inf
    data["t2m"][3, :2] = -9999
    data["t2m"][4, 1, 1] = 1e20
    data["t2m"][5, 1, 1] = 400
    raw = save(data)
    report = check(raw)
    assert codes(report) == {"infinite", "fill-value", "out-of-range"}
    counts = {each.examples[0]: each.count for each in report.findings if each.code == "fill-value"}
    assert counts == {"-9999": 16, "1e+20": 1}
    assert "between 400 and 400 K" in found(report, "out-of-range").message
    assert report.variables["t2m"].maximum == 400
    result = mended(raw)
    assert codes(result.after) == {"missing-values"}
    assert len(result.changes) == 4
    copy = xr.load_dataset(raw.parent / "mended" / "a.nc")
    assert int(copy["t2m"].isnull().sum()) == 19
    assert np.isnan(copy["t2m"].encoding["_FillValue"])


def test_a_constant_variable_and_stuck_frames_are_told(make, save):
    data = make()
    data["t2m"][6] = data["t2m"][5]
    raw = save(data)
    told = found(check(raw), "stuck")
    assert (told.count, told.examples) == (1, ("2015-01-02T12:00",))
    data["t2m"][:] = 281
    assert "281 everywhere and always" in found(check(save(data)), "constant").message


def test_dry_frames_are_not_stuck(make, save):
    data = make("tp", base=0.001, units="m")
    data["tp"][:] = np.abs(data["tp"]) / 1e4
    data["tp"][4:8] = 0
    assert codes(check(save(data))) == set()


@pytest.mark.parametrize(
    ("units", "base", "code", "fixable"),
    [
        (None, 280.0, "units-missing", True),
        ("degC", 280.0, "units-contradict", True),
        ("K", 9.0, "units-contradict", True),
        ("furlong", 280.0, "units-unknown", False),
        ("Pa", 280.0, "units-unknown", False),
        (None, 3000.0, "units-missing", False),
        ("K", 3000.0, "units-contradict", False),
    ],
)
def test_units_are_held_against_the_values(make, save, units, base, code, fixable):
    raw = save(make(units=units, base=base))
    report = check(raw)
    told = found(report, code)
    assert told.fixable == fixable
    assert codes(report) == {code}
    if fixable:
        assert codes(mended(raw).after) == set()
        series = open_weatherbench(raw.parent / "mended")
        assert 270 < float(series.mean()) < 290


def test_units_that_are_said_are_converted_in_the_copy(make, save):
    raw = save(make(units="degC", base=10.0))
    report = check(raw)
    assert codes(report) == set()
    assert report.variables["t2m"].units_declared == ("degC",)
    assert 270 < report.variables["t2m"].mean < 290
    mended(raw)
    copy = xr.load_dataset(raw.parent / "mended" / "a.nc")
    assert copy["t2m"].attrs["units"] == "K"
    assert copy["t2m"].attrs["standard_name"] == "air_temperature"
    np.testing.assert_allclose(
        copy["t2m"], xr.load_dataset(raw / "a.nc")["t2m"] + 273.15, rtol=1e-6
    )


def test_a_sharded_store_is_looked_through_by_shards(make, save):
    options = {"chunks": (1, 6, 8), "shards": (4, 6, 8), "_FillValue": np.nan}
    raw = save(make(), "a.zarr", zarr_format=3, encoding={"t2m": options}, consolidated=False)
    (raw / "a.zarr" / "t2m" / "c" / "1" / "0" / "0").unlink()
    told = found(check(raw), "absent-chunk")
    assert "1 of 3 chunks" in told.message
    assert told.examples[0] == "2015-01-02T00:00"


def test_levels_of_models_and_unknown_variables_are_told(make, save):
    levels = xr.concat([make("t"), make("t", seed=1)], "level").transpose("time", ...)
    data = levels.assign_coords(level=("level", [1.0, 2.0], {"units": "1"}))
    report = check(save(data))
    assert "levels" in codes(report)
    raw = save(make("snow", units=None))
    assert codes(check(raw)) == {"unknown-variable"}


def test_levels_have_ranges_of_their_own(make, save):
    data = xr.concat([make("z", base=54_000), make("z", base=14_000)], "level").transpose(
        "time", ...
    )
    data["z"].attrs["units"] = "m2 s-2"
    data = data.assign_coords(level=("level", [500.0, 850.0], {"units": "hPa"}))
    assert codes(check(save(data))) == set()
    data["z"][3, 1] = 54_000
    raw = save(data)
    assert found(check(raw), "out-of-range").count == 48
    mended(raw)
    copy = xr.load_dataset(raw.parent / "mended" / "a.nc")
    assert int(copy["z"].isnull().sum()) == 48


def test_packing_half_precision_and_texts_are_noted(make, save):
    raw = save(
        make(),
        encoding={
            "t2m": {
                "dtype": "int16",
                "scale_factor": 0.001,
                "add_offset": 280,
                "_FillValue": -32767,
            }
        },
    )
    assert "packed in steps of 0.001 K" in found(check(raw), "packing").message
    mended(raw)
    half = make().astype("float16")
    half["t2m"].attrs["units"] = "K"
    half["label"] = (half["t2m"].dims, np.full(half["t2m"].shape, "x"))
    raw = save(half, "h.zarr", consolidated=False)
    told = [each for each in check(raw).findings if each.code == "packing"]
    assert {each.severity for each in told} == {"warning", "note"}
    assert found(check(raw), "dtype").message == "h.zarr: label holds no numbers, but <U1"


def test_chunks_long_in_time_are_read_in_bands(make, save, monkeypatch):
    monkeypatch.setattr("pipelines.checking.blocks._BLOCK_BYTES", 400)
    data = make(frames=40)
    data["t2m"][20] = data["t2m"][19]
    data["t2m"][7, 3, 3] = np.nan
    raw = save(data, encoding={"t2m": {"chunksizes": (40, 1, 8)}})
    report = check(raw)
    assert found(report, "stuck").examples == ("2015-01-06T00:00",)
    assert found(report, "missing-values").count == 1
    mended(raw)
    copy = xr.load_dataset(raw.parent / "mended" / "a.nc")
    np.testing.assert_array_equal(copy["t2m"].values, data["t2m"].values)
