"""Raw files opened as they are, or the finding that says why they cannot be."""

import json
from pathlib import Path
from typing import Any, Literal

import xarray as xr

from pipelines.checking.findings import Finding, finding
from pipelines.weather_files import is_zarr, open_source, walk
from pipelines.weather_grib import open_grib

__all__ = ["Kind", "find_raw", "kind_of", "open_raw"]

Kind = Literal["netcdf", "zarr", "grib"]

_SUFFIXES: dict[str, Kind] = {
    **dict.fromkeys((".nc", ".nc4", ".nc3", ".cdf", ".netcdf"), "netcdf"),
    **dict.fromkeys((".grib", ".grb", ".grib2", ".grb2", ".gribfile"), "grib"),
}
_FETCH = "fetch or copy it again"
_UNDECODED: dict[str, Any] = {"decode_times": False, "decode_timedelta": False}


def find_raw(path: Path) -> tuple[list[Path], list[Finding]]:
    """The NetCDF and GRIB files and Zarr stores at a path, in order of name; archives are findings.

    Raises:
        ValueError: the path does not exist.
    """
    if not path.exists():
        raise ValueError(f"{path} does not exist; name a file, a Zarr store or a folder.")
    if path.is_file() or is_zarr(path):
        return [path], []
    places, findings = [], []
    for place in walk(path):
        if is_zarr(place) or place.suffix.lower() in _SUFFIXES or _head(place)[:4] == b"GRIB":
            places.append(place)
        elif place.suffix.lower() == ".zip":
            findings += _content(place, place.name)
    if not places and not findings:
        findings = [
            finding(
                "empty",
                f"{path} holds no NetCDF or GRIB file and no Zarr store",
                way_out="name a folder that does",
            )
        ]
    return places, findings


def kind_of(path: Path) -> Kind:
    """How a place is read: by its first bytes, else by its ending."""
    if path.is_dir():
        return "zarr"
    if _head(path).startswith(b"GRIB"):
        return "grib"
    return _SUFFIXES.get(path.suffix.lower(), "netcdf")


def open_raw(path: Path, name: str) -> tuple[list[xr.Dataset], list[Finding]]:
    """The datasets in a file (GRIB may hold several), lazy and without decoded times.

    Args:
        name: how findings call the file.
    """
    kind = kind_of(path)
    if kind != "zarr" and (found := _content(path, name)):
        return [], found
    try:
        if kind == "zarr":
            return [_open_zarr(path)], []
        if kind == "grib":
            return open_grib(path), []
        return [xr.open_dataset(path, engine="netcdf4", **_UNDECODED)], []
    except Exception as error:  # any library may fail in any way on damaged bytes
        return [], [_refused(name, path, error)]


def _open_zarr(path: Path) -> xr.Dataset:
    if (path / "zarr.json").is_file():
        consolidated = "consolidated_metadata" in json.loads((path / "zarr.json").read_text())
    else:
        consolidated = (path / ".zmetadata").is_file()
    return xr.open_dataset(
        path, engine="zarr", backend_kwargs={"consolidated": consolidated}, **_UNDECODED
    )


_STRICT = (
    ("members of an ensemble", "ensemble"),
    ("at the steps", "init-valid-time"),
    ("stands twice", "duplicate-time"),
    ("cut short", "truncated"),
)
"""Words of the reader of GRIB, and the code that they stand for."""


def _refused(name: str, path: Path, error: Exception) -> Finding:
    message = _first_line(error).removeprefix(f"{path}: ").removeprefix(f"{path} ")
    code = next((code for words, code in _STRICT if words in message), "unreadable")
    text, _, way_out = message.rstrip(".").rpartition("; ")
    return finding(
        code,
        f"{name}: {text or way_out}",
        severity="error",
        fixable=False,
        examples=[name],
        way_out=way_out if text else _FETCH,
    )


def _content(path: Path, name: str) -> list[Finding]:
    """What the first bytes and the length of a file say is wrong."""
    head = _head(path)
    if not head:
        return [finding("empty", f"{name} is empty (0 bytes)", examples=[name], way_out=_FETCH)]
    if head.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return [
            finding(
                "web-page",
                f"{name} is a web page: the download failed and saved the page of an error",
                examples=[name],
                way_out="delete it and fetch it again",
            )
        ]
    if head.startswith(b"PK"):
        what, way_out = "is a zip archive", "unpack it"
    elif head.startswith((b"CDF", b"\x89HDF", b"GRIB")):
        short = _missing_bytes(path, head)
        if not short:
            return []
        return [
            finding("truncated", f"{name} is cut short: {short}", examples=[name], way_out=_FETCH)
        ]
    else:
        what, way_out = f"is no NetCDF, Zarr or GRIB: it starts with {head[:8]!r}", _FETCH
    return [finding("unreadable", f"{name} {what}", examples=[name], way_out=way_out)]


def _missing_bytes(path: Path, head: bytes) -> str:
    """How a file is shorter than it says; empty if it is not."""
    size = path.stat().st_size
    if head.startswith(b"GRIB"):
        return _short_grib(path, size)
    if head.startswith(b"\x89HDF"):
        return _short_hdf(head, size)
    # The NetCDF library reads zeros where a classic file is cut short; the reader refuses.
    try:
        open_source(path).dataset.close()
    except Exception as error:  # whatever else the reader has against it is told later
        if "cut short" in str(error):
            return f"it ends after {size} bytes, before its variables do"
    return ""


def _short_hdf(head: bytes, size: int) -> str:
    # HDF5 specification, superblock: version at byte 8; addresses of 8 bytes everywhere in use.
    version = head[8]
    place = {0: 40, 1: 44, 2: 28, 3: 28}.get(version)
    if place is None or len(head) < place + 8 or head[13 if version < 2 else 9] != 8:
        return ""
    end = int.from_bytes(head[place : place + 8], "little")
    return f"it has {size} bytes of {end}" if size < end else ""


def _short_grib(path: Path, size: int) -> str:
    # WMO FM 92: the length of a message follows "GRIB": 3 bytes (edition 1) or 8 (edition 2).
    start = count = 0
    with path.open("rb") as stream:
        while start < size:
            stream.seek(start)
            head = stream.read(16)
            if not head.startswith(b"GRIB"):
                start += 1 if start else size  # padding between messages
                continue
            wide = len(head) > 7 and head[7] == 2
            length = int.from_bytes(head[8:16] if wide else head[4:7], "big")
            if start + length > size or length < 16:
                return f"message {count + 1} has {size - start} bytes of {length}"
            stream.seek(start + length - 4)
            if stream.read(4) != b"7777":
                return f"message {count + 1} does not end with 7777"
            start, count = start + length, count + 1
    return ""


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(512)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
