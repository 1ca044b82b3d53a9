"""Fetching a Zarr store: what comes is what is there."""

import zipfile

import numpy as np
import pytest
import xarray as xr
import zarr

from pipelines.fetching.failure import FetchError
from pipelines.fetching.weatherbench import GRIDS, fetch_weatherbench
from pipelines.weatherbench import open_weatherbench


def test_a_fetch_copies_what_is_there_and_leaves_nothing_beside_it(remote, fetch):
    server, source = remote
    copy, said = fetch(server.url)
    xr.testing.assert_equal(copy, source)
    assert copy["geopotential"].dims == source["geopotential"].dims
    assert [path.name for path in fetch.folder.iterdir()] == ["era5.zarr"]
    # 20 frames × 8×4 cells × 4 bytes × (1 + 3 + 3) fields = 17.9 kB
    assert "20 frames, 2010-01-01T00:00 to 2010-01-05T18:00" in said
    assert "0 MB" in said
    assert max(server.asked[path] for path in server.asked if path[-1].isdigit()) == 1


def test_a_copy_opens_as_a_series(remote, fetch):
    server, source = remote
    fetch(server.url, variables=["t2m", "z500"])
    series = open_weatherbench(fetch.folder / "era5.zarr", variables=["t2m", "z500"])
    assert list(series["channel"].values) == ["t2m", "z500"]
    truth = source["2m_temperature"].transpose("time", "latitude", "longitude").values[:, ::-1]
    np.testing.assert_array_equal(series.sel(channel="t2m").values, truth)


def test_variables_levels_years_and_step_choose_a_part(remote, fetch):
    server, source = remote
    copy, _ = fetch(
        server.url, variables=["t2m", "z500"], levels=[1000], years="2010-01-02/2010-01-04",
        time_step="12h",
    )  # fmt: skip
    wanted = source.sel(level=[500, 1000], time=slice("2010-01-02", "2010-01-04T12"))
    wanted = wanted.isel(time=slice(None, None, 2)).drop_vars("temperature")
    xr.testing.assert_equal(copy, wanted)
    # Frames 4, 6, …, 14 lie in chunks 1 to 3 of five.
    assert {path for path in server.asked if path.startswith("2m_temperature/")} == {
        f"2m_temperature/{chunk}.0.0" for chunk in (1, 2, 3)
    }


def test_a_folder_and_another_protocol_are_sources_too(make_source, fetch, tmp_path):
    folder, source = make_source()
    copy, _ = fetch(folder)
    xr.testing.assert_equal(copy, source)
    with zipfile.ZipFile(tmp_path / "source.zip", "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    copy, _ = fetch(f"zip://::file://{tmp_path}/source.zip", out="two.zarr")
    xr.testing.assert_equal(copy, source)


def test_a_store_of_format_3_with_shards_is_read(make_source, serve, fetch, tmp_path):
    _, source = make_source()
    folder = tmp_path / "three.zarr"
    encoding = {"2m_temperature": {"chunks": (2, 8, 4), "shards": (4, 8, 4)}}
    source[["2m_temperature"]].to_zarr(folder, zarr_format=3, encoding=encoding, consolidated=False)
    with pytest.warns(zarr.errors.ZarrUserWarning, match="[Cc]onsolidated"):
        zarr.consolidate_metadata(folder)
    server = serve(folder)
    copy, _ = fetch(server.url, years="2010-01-02/2010-01-03T06")
    wanted = source[["2m_temperature"]].isel(time=slice(4, 10))
    xr.testing.assert_equal(copy, wanted)
    (folder / "2m_temperature/c/1/0/0").unlink()
    fetch.refused(FetchError, r"lacks 1 chunks \(first 2m_temperature/c/1/0/0", server.url,
            out="four.zarr")  # fmt: skip


def test_packed_numbers_stay_packed(tmp_path, fetch):
    values = np.array([[[270.0, np.nan], [280.5, 290.0]]] * 4)
    source = xr.Dataset(
        {"t2m": (("time", "latitude", "longitude"), values, {"units": "K"})},
        coords={
            "time": np.datetime64("2010-01-01", "ns") + np.arange(4) * np.timedelta64(6, "h"),
            "latitude": [45.0, -45],
            "longitude": [0.0, 180],
        },
    )
    packing = {"dtype": "int16", "scale_factor": 0.5, "add_offset": 270.0, "_FillValue": -999}
    source.to_zarr(tmp_path / "packed.zarr", zarr_format=2, encoding={"t2m": packing})
    copy, _ = fetch(tmp_path / "packed.zarr")
    xr.testing.assert_equal(copy, source)
    assert zarr.open_array(fetch.folder / "era5.zarr" / "t2m", mode="r").dtype == "int16"


def test_the_headline_is_fetched_of_weatherbench_and_all_of_another_source(
    make_source, fetched, tmp_path, monkeypatch
):
    folder, source = make_source()
    monkeypatch.setitem(GRIDS, "64x32", str(folder))
    fetch_weatherbench(tmp_path / "headline.zarr")
    wanted = source.sel(level=[500, 850])
    xr.testing.assert_equal(fetched(tmp_path / "headline.zarr"), wanted)
    fetch_weatherbench(tmp_path / "all.zarr", variables=["all"])
    xr.testing.assert_equal(fetched(tmp_path / "all.zarr"), source)


def test_what_a_killed_start_left_is_cleared_away(make_source, fetch):
    folder, source = make_source()
    left = fetch.folder / ".era5.zarr.partial" / "data"
    left.mkdir(parents=True)
    (left / "zarr.json").write_text("{")
    (left.parent / "finished.jsonl").write_text('{"block": "temperature:0-20"}')
    copy, _ = fetch(folder)
    xr.testing.assert_equal(copy, source)
