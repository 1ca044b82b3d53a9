"""Inputs that are cut short, damaged, or no weather data at all."""

import netCDF4
import numpy as np
import pytest

from tests.pipelines.odd_inputs.conftest import (
    Bench,
    Case,
    Cases,
    Read,
    Refused,
    compare_with_document,
)

CASES = Cases()


def cut(bench: Bench, name: str, share: float, **options: str) -> None:
    """Write good data, and keep a share of the bytes."""
    is_grib = name.endswith("grib")
    data = bench.weather()
    file = bench.grib(bench.messages(data), name) if is_grib else bench.save(data, name, **options)
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])


@CASES.add(
    "NetCDF 4 cut short",
    Refused("cannot be read: it is cut short, damaged or no NetCDF"),
    "truncated (error)",
)
def short_netcdf_4(bench: Bench) -> None:
    cut(bench, "a.nc", 0.6)


@CASES.add(
    "NetCDF 3 cut short",
    Refused("cannot be read: it is cut short (1483 bytes)"),
    "truncated (error)",
)
def short_netcdf_3(bench: Bench) -> None:
    cut(bench, "a.nc", 0.9, format="NETCDF3_CLASSIC")


@CASES.add(
    "NetCDF 3 with 64-bit data (CDF-5) cut short",
    Refused("cannot be read: it is cut short"),
    "truncated (error)",
)
def short_netcdf_5(bench: Bench) -> None:
    data = bench.weather()
    file = bench.folder / "a.nc"
    with netCDF4.Dataset(file, "w", format="NETCDF3_64BIT_DATA") as opened:
        for name in ("time", "lat", "lon"):
            opened.createDimension(name, data.sizes[name])
            axis = opened.createVariable(name, "f8", (name,))
            axis[:] = np.arange(0, 48, 6) if name == "time" else data[name].values
        opened["time"].units = "hours since 2015-01-01"
        opened.createVariable("t2m", "f4", ("time", "lat", "lon"))[:] = data["t2m"].values
        opened["t2m"].units = "K"
    content = file.read_bytes()
    file.write_bytes(content[: len(content) * 6 // 10])


@CASES.add(
    "GRIB cut short",
    Refused("cannot be read: the GRIB file is cut short or damaged"),
    "truncated (error)",
)
def short_grib(bench: Bench) -> None:
    cut(bench, "a.grib", 0.9)


@CASES.add(
    "GRIB cut short between two messages",
    Read("the frames that are there", expected=lambda good: good[:4], tolerance=1e-6),
)
def grib_of_fewer_messages(bench: Bench) -> None:
    cut(bench, "a.grib", 0.5)


@CASES.add(
    "Zarr 2 without the metadata of a variable",
    Refused("the Zarr store is incomplete, since t2m has chunks (0.0.0) but no metadata"),
    "unreadable (error)",
)
def zarr_without_metadata(bench: Bench) -> None:
    (bench.save(bench.weather(), "a.zarr") / "t2m" / ".zarray").unlink()


@CASES.add(
    "Zarr whose metadata are cut short",
    Refused("cannot be read: the Zarr store is incomplete or damaged"),
    "unreadable (error)",
)
def zarr_of_broken_metadata(bench: Bench) -> None:
    file = bench.save(bench.weather(), "a.zarr", zarr_format=3) / "t2m" / "zarr.json"
    file.write_text(file.read_text()[:100])


@CASES.add(
    "a chunk of a Zarr store cut short",
    Refused("t2m cannot be read at 2015-01-01T00:00: what is stored is damaged"),
    "unreadable (error)",
)
def short_chunk(bench: Bench) -> None:
    file = bench.save(bench.weather(), "a.zarr") / "t2m" / "0.0.0"
    file.write_bytes(file.read_bytes()[:100])


@CASES.add(
    "compressed NetCDF 4 with damaged bytes",
    Refused("t2m cannot be read at 2015-01-02T18:00: what is stored is damaged"),
    "unreadable (error)",
)
def damaged_netcdf(bench: Bench) -> None:
    options = {"zlib": True, "complevel": 9, "chunksizes": (1, 4, 8)}
    file = bench.save(bench.weather(), encoding={"t2m": options})
    content = bytearray(file.read_bytes())
    place = content.rfind(b"\x78\xda")
    content[place + 4 : place + 20] = b"\xff" * 16
    file.write_bytes(content)


@CASES.add("an empty file", Refused("is empty (0 bytes); fetch or copy it again"), "empty (error)")
def empty_file(bench: Bench) -> None:
    (bench.folder / "a.nc").write_bytes(b"")


@CASES.add(
    "a web page named `.nc`",
    Refused("is a web page, not data: the download failed and saved the page of an error"),
    "web-page (error)",
)
def web_page(bench: Bench) -> None:
    (bench.folder / "a.nc").write_text("<!DOCTYPE html><html><body>503</body></html>")


@CASES.add(
    "an error of a store in XML named `.grib`",
    Refused("is a web page, not data: the download failed and saved the page of an error"),
    "web-page (error)",
)
def error_in_xml(bench: Bench) -> None:
    (bench.folder / "a.grib").write_text("<?xml version='1.0'?><Error>AccessDenied</Error>")


@CASES.add(
    "a zip archive named `.nc`",
    Refused("is a zip archive; unpack it and name the folder"),
    "unreadable (error)",
)
def zip_named_netcdf(bench: Bench) -> None:
    (bench.folder / "a.nc").write_bytes(b"PK\x03\x04" + bytes(60))


@CASES.add(
    "a folder with a zip archive alone",
    Refused("has no NetCDF or GRIB file and no Zarr store: it holds a.zip"),
    "unreadable (error)",
)
def zip_archive(bench: Bench) -> None:
    (bench.folder / "a.zip").write_bytes(b"PK\x03\x04" + bytes(60))


@CASES.add(
    "a CSV file named `.nc`",
    Refused("is not a NetCDF or GRIB file (it starts with b'time,t2m')"),
    "unreadable (error)",
)
def csv_named_netcdf(bench: Bench) -> None:
    (bench.folder / "a.nc").write_text("time,t2m\n2015-01-01,280\n")


@CASES.add(
    "a folder with a CSV file alone",
    Refused("has no NetCDF or GRIB file and no Zarr store: it holds a.csv"),
    "empty (error)",
)
def csv_file(bench: Bench) -> None:
    (bench.folder / "a.csv").write_text("time,t2m\n2015-01-01,280\n")


@CASES.add(
    "an empty folder",
    Refused("has no NetCDF or GRIB file and no Zarr store: it is empty"),
    "empty (error)",
)
def empty_folder(bench: Bench) -> None:
    assert not list(bench.folder.iterdir())


@CASES.add("a text and a picture beside good data", Read())
def other_files_beside(bench: Bench) -> None:
    bench.save(bench.weather())
    (bench.folder / "README.txt").write_text("read me")
    (bench.folder / "map.png").write_bytes(b"\x89PNG")


@CASES.add("a file that is being written (a hidden one) beside good data", Read())
def hidden_file_beside(bench: Bench) -> None:
    bench.save(bench.weather())
    (bench.folder / ".b.nc.partial").write_bytes(b"")


@CASES.add(
    "an empty file beside good data",
    Refused("is empty (0 bytes); fetch or copy it again"),
    "empty (error)",
)
def empty_file_beside(bench: Bench) -> None:
    bench.save(bench.weather())
    (bench.folder / "b.nc").write_bytes(b"")


@CASES.add("GRIB named `.nc`", Read(tolerance=1e-6))
def grib_named_netcdf(bench: Bench) -> None:
    bench.grib(bench.messages(bench.weather()), "a.nc")


@CASES.add("GRIB without an ending", Read(tolerance=1e-6))
def grib_without_an_ending(bench: Bench) -> None:
    bench.grib(bench.messages(bench.weather()), "analysis")


@CASES.add("GRIB beside the NetCDF made from it", Read(), "duplicate-time (note, mended)")
def grib_beside_netcdf(bench: Bench) -> None:
    bench.save(bench.weather())
    bench.grib(bench.messages(bench.weather()))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_files_are_read_or_refused_as_the_table_says(judge, case: Case):
    judge(case)


def test_the_table_of_files_is_that_of_the_cases():
    compare_with_document("Files", CASES)
