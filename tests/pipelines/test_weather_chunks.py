import shutil

import numpy as np
import pytest

from pipelines.weatherbench import open_weatherbench


def store(dataset, path, zarr_format, *, chunks=(2, 4, 8), shards=None, **encoding):
    encoding = {"chunks": chunks, **encoding} | ({"shards": shards} if shards else {})
    name = next(iter(dataset.data_vars))
    dataset.to_zarr(
        path, zarr_format=zarr_format, consolidated=zarr_format == 2, encoding={name: encoding}
    )
    return path


def chunk(path, zarr_format, *place):
    if zarr_format == 2:
        return path / "t2m" / ".".join(map(str, place))
    return path / "t2m" / "c" / "/".join(map(str, place))


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_absent_chunks_are_told_with_their_first_time(tmp_path, make_weather, zarr_format):
    path = store(make_weather(), tmp_path / "a.zarr", zarr_format, chunks=(2, 4, 4))
    assert "note" not in open_weatherbench(path).attrs
    for place in ((1, 0, 1), (2, 0, 0), (2, 0, 1)):
        chunk(path, zarr_format, *place).unlink()
    series = open_weatherbench(path)
    assert series.attrs["note"] == (
        "3 stored chunks of t2m are absent from a.zarr, the first at 2015-01-01T12:00: what was in "
        "them reads as missing"
    )
    assert np.isnan(series[2, 0].values).sum() == 16


def test_a_folder_of_chunks_that_is_absent_counts(tmp_path, make_weather):
    path = store(make_weather(), tmp_path / "a.zarr", 3)
    shutil.rmtree(path / "t2m" / "c" / "1")
    assert "1 stored chunks of t2m are absent" in open_weatherbench(path).attrs["note"]


def test_chunks_of_frames_that_are_not_wanted_do_not_count(tmp_path, make_weather):
    path = store(make_weather(), tmp_path / "a.zarr", 2, chunks=(1, 4, 8))
    chunk(path, 2, 1, 0, 0).unlink()
    assert "note" in open_weatherbench(path).attrs
    twelve = open_weatherbench(path, time_step=np.timedelta64(12, "h"))
    assert "note" not in twelve.attrs


def test_chunks_of_levels_that_are_not_wanted_do_not_count(tmp_path, make_weather):
    dataset = make_weather("t", levels=(500.0, 850.0), base=260)
    dataset.to_zarr(tmp_path / "a.zarr", zarr_format=2, encoding={"t": {"chunks": (8, 1, 4, 8)}})
    (tmp_path / "a.zarr" / "t" / "0.1.0.0").unlink()
    assert "1 stored chunks of t are absent" in open_weatherbench(tmp_path / "a.zarr").attrs["note"]
    assert "note" not in open_weatherbench(tmp_path / "a.zarr", variables=["t500"]).attrs


def test_chunks_that_read_as_zero_are_told_so(tmp_path, make_weather):
    rain = make_weather("total_precipitation", base=0.01, spread=0.001, units="m")
    path = store(rain, tmp_path / "a.zarr", 3, fill_value=0.0)
    (path / "total_precipitation" / "c" / "3" / "0" / "0").unlink()
    series = open_weatherbench(path)
    assert series.attrs["note"].endswith(
        "the first at 2015-01-02T12:00: what was in them reads as 0 m"
    )
    assert (series[6:, 0].values == 0).all()


def test_a_fill_value_that_means_missing_is_told_so(tmp_path, make_weather):
    path = store(make_weather(), tmp_path / "a.zarr", 2, _FillValue=-9999.0)
    chunk(path, 2, 3, 0, 0).unlink()
    series = open_weatherbench(path)
    assert series.attrs["note"].endswith("reads as missing")
    assert np.isnan(series[6:, 0].values).all()


def test_without_a_fill_value_nothing_stored_reads_as_zero(tmp_path, make_weather):
    path = store(make_weather(), tmp_path / "a.zarr", 2, _FillValue=None)
    chunk(path, 2, 2, 0, 0).unlink()
    series = open_weatherbench(path)
    assert series.attrs["note"].endswith("reads as 0 K")
    assert (series[4:6, 0].values == 0).all()
    chunk(path, 2, 3, 0, 0).unlink()
    told = "no such values occur in nature .0 to .* Note that 2 stored chunks of t2m are absent"
    with pytest.raises(ValueError, match=told):
        open_weatherbench(path)


def test_packed_chunks_read_as_their_offset(tmp_path, make_weather):
    packing = {"dtype": "int16", "scale_factor": 0.01, "add_offset": 280.0, "fill_value": 0}
    packing["_FillValue"] = -32_768
    path = store(make_weather(), tmp_path / "a.zarr", 3, **packing)
    chunk(path, 3, 3, 0, 0).unlink()
    series = open_weatherbench(path)
    assert series.attrs["note"].endswith("reads as 280 K")
    assert (series[6:, 0].values == 280).all()


def test_absent_shards_are_found(tmp_path, make_weather):
    path = store(make_weather(), tmp_path / "a.zarr", 3, chunks=(1, 4, 8), shards=(4, 4, 8))
    assert "note" not in open_weatherbench(path).attrs
    chunk(path, 3, 1, 0, 0).unlink()
    note = open_weatherbench(path).attrs["note"]
    assert note.startswith("1 stored chunks of t2m are absent from a.zarr, the first at 2015-01-02")
