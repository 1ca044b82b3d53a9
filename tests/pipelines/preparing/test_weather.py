import itertools
from collections import Counter
from functools import partial

import numpy as np
import pytest
import xarray as xr

from pipelines.preparing import block, weather
from pipelines.store import fingerprint_of
from pipelines.weatherbench import open_weatherbench

LEVELS = (500.0, 700.0, 850.0)


@pytest.fixture
def data(make_weather):
    """t2m and z on three levels, 24 frames on 4×8."""
    surface = make_weather("t2m", frames=24)
    aloft = make_weather("z", base=50_000, spread=500, units="m2 s-2", frames=24, levels=LEVELS)
    aloft["z"] = aloft["z"] * xr.DataArray([1, 0.56, 0.28], dims="level")
    return surface.merge(aloft).astype("float32")


def netcdf(data, folder, **chunks):
    encoding = {name: {"chunksizes": chunks[name]} for name in chunks}
    data.to_netcdf(folder / "weather.nc", encoding=encoding)


def split(data, folder):
    for first in range(0, 24, 7):
        part = data.isel(time=slice(first, first + 7))
        part[["t2m"]].to_netcdf(folder / f"t2m_{first:02d}.nc")
    for first in range(0, 24, 10):
        part = data.isel(time=slice(first, first + 10))
        part[["z"]].to_netcdf(folder / f"z_{first:02d}.nc")


def taking_turns(data, folder):
    data.isel(time=slice(0, None, 2)).to_netcdf(folder / "even.nc")
    data.isel(time=slice(1, None, 2)).to_netcdf(folder / "odd.nc")


def zarr(data, folder, **chunks):
    encoding = {name: {"chunks": chunks[name]} for name in chunks}
    data.to_zarr(folder / "weather.zarr", encoding=encoding, consolidated=False)


def packed(data, folder):
    encoding = {
        "t2m": {"dtype": "int16", "scale_factor": 0.01, "add_offset": 280.0, "_FillValue": -32767}
    }
    data[["t2m"]].where(data["t2m"] > 276).to_netcdf(folder / "packed.nc", encoding=encoding)


LAYOUTS = {
    "contiguous": netcdf,
    "chunks of time": partial(netcdf, t2m=(5, 4, 8), z=(3, 1, 4, 8)),
    "time series of small tiles": partial(netcdf, t2m=(24, 2, 3), z=(24, 3, 1, 3)),
    "levels together": partial(zarr, t2m=(1, 4, 8), z=(1, 3, 4, 8)),
    "levels in pairs, tiles": partial(zarr, t2m=(10, 3, 8), z=(10, 2, 3, 5)),
    "files of variables and times": split,
    "files that take turns": taking_turns,
    "packed integers": packed,
    "south to north": lambda data, folder: netcdf(data.isel(lat=slice(None, None, -1)), folder),
    "from -180 to 180": lambda data, folder: netcdf(
        data.assign_coords(lon=(data["lon"] + 180) % 360 - 180).sortby("lon"), folder, t2m=(6, 2, 3)
    ),
    "a column twice": lambda data, folder: netcdf(
        xr.concat([data, data.isel(lon=[0]).assign_coords(lon=[360.0])], "lon"),
        folder,
        t2m=(6, 4, 4),
    ),
    "columns before rows": lambda data, folder: zarr(
        data.transpose("time", "level", "lon", "lat"), folder, t2m=(7, 3, 2)
    ),
    "unsorted times": lambda data, folder: netcdf(
        data.isel(time=np.random.default_rng(0).permutation(24)), folder, t2m=(5, 4, 8)
    ),
    "degrees Celsius": lambda data, folder: netcdf(
        data.assign(t2m=(data["t2m"] - 273.15).assign_attrs(units="degC")), folder
    ),
}


@pytest.fixture(params=LAYOUTS)
def source(request, data, tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    LAYOUTS[request.param](data, folder)
    return folder


@pytest.fixture(params=[60, 1], ids=["some blocks", "smallest blocks"])
def limit(request, monkeypatch):
    monkeypatch.setattr(block, "LIMIT", request.param)
    monkeypatch.setattr(weather, "LIMIT", request.param)


@pytest.mark.usefixtures("limit")
def test_a_store_holds_the_series_however_the_files_are_stored(source, prepare_weather):
    series = open_weatherbench(source)
    prepared = prepare_weather(source)
    xr.testing.assert_identical(prepared, series.compute())
    assert fingerprint_of(prepared) == fingerprint_of(series)


@pytest.mark.usefixtures("limit")
def test_no_value_and_no_stored_chunk_is_read_twice(source, prepare_weather, monkeypatch):
    values, chunks = Counter(), Counter()
    read = weather._read

    def count(share, block, tile):
        field = share.field
        frames = share.frames[slice(*block.frames)]
        levels = share.levels[slice(*block.channels)]
        places = [field.levels.index(level) for level in levels] or [0]
        cells = (frames, places, range(*tile[:2]), range(*tile[2:]))
        stored = field.stored_chunks
        sides = (stored["time"], stored["level"], stored["y"], stored["x"])
        touched = set()
        for place in itertools.product(*cells):
            values[field.source.path, field.name, place] += 1
            touched.add(tuple(index // side for index, side in zip(place, sides, strict=True)))
        chunks.update((field.source.path, field.name, chunk) for chunk in touched)
        return read(share, block, tile)

    monkeypatch.setattr(weather, "_read", count)
    prepare_weather(source)
    assert set(values.values()) == {1}
    assert set(chunks.values()) == {1}


@pytest.mark.usefixtures("limit")
def test_only_wanted_frames_and_levels_are_read(data, tmp_path, prepare_weather):
    netcdf(data, tmp_path, t2m=(5, 4, 8), z=(3, 2, 4, 8))
    path = tmp_path / "weather.nc"
    opened = {"variables": ["z850", "t2m", "z500"], "time_step": np.timedelta64(12, "h")}
    prepared = prepare_weather(path, opened=opened)
    xr.testing.assert_identical(prepared, open_weatherbench(path, **opened).compute())
    assert prepared.shape == (12, 3, 4, 8)


@pytest.mark.usefixtures("limit")
def test_a_channel_that_lacks_frames_is_missing_there(data, tmp_path, prepare_weather):
    folder = tmp_path / "raw"
    folder.mkdir()
    data[["t2m"]].to_netcdf(folder / "t2m.nc")
    data[["z"]].isel(time=slice(5, 20)).to_netcdf(folder / "z.nc")
    opened = {"missing": "mask"}
    prepared = prepare_weather(folder, opened=opened)
    xr.testing.assert_identical(prepared, open_weatherbench(folder, missing="mask").compute())
    assert int(prepared.isnull().sum()) == 9 * 3 * 32


@pytest.mark.usefixtures("limit")
def test_area_means_do_not_depend_on_the_tiles(source, prepare_weather):
    prepared = prepare_weather(source, grid="90")
    assert prepared.shape[2:] == (2, 4)
    series = open_weatherbench(source).compute()
    edges = np.sin(np.deg2rad([90, 45, 0]))
    weights = xr.DataArray(edges[:-1] - edges[1:], dims="y")
    # A target cell reaches half a step to each side of 0°: it shares columns with its neighbours.
    north = series[:, :, :2]
    present = (north.notnull() * weights).sum("y")
    mean = (north.fillna(0) * weights).sum("y")
    left, middle, right = (
        np.roll(np.asarray(mean), turn, axis=-1)[..., ::2] for turn in (1, 0, -1)
    )
    area = [np.roll(np.asarray(present), turn, axis=-1)[..., ::2] for turn in (1, 0, -1)]
    total = left / 2 + middle + right / 2
    there = area[0] / 2 + area[1] + area[2] / 2
    enough = there >= 0.5 * 2 * float(weights.sum()) - 1e-9
    expected = np.where(enough, total / np.where(there > 0, there, 1), np.nan)
    found = prepared[:, :, 0].values
    assert np.allclose(found, expected, rtol=2e-6, equal_nan=True)


def test_what_is_damaged_is_named_with_its_times(data, tmp_path, prepare_weather):
    zarr(data, tmp_path, t2m=(1, 4, 8))
    (tmp_path / "weather.zarr" / "t2m" / "c" / "5" / "0" / "0").write_bytes(b"damaged")
    with pytest.raises(
        ValueError, match=r"weather.zarr: t2m cannot be read between 2015-01-01T00:00 and "
    ):
        prepare_weather(tmp_path / "weather.zarr")
