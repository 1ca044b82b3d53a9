"""Inputs with missing, absent, infinite, marked, frozen and coarse values."""

from typing import Any

import netCDF4
import numpy as np
import pytest
import xarray as xr

from tests.pipelines.odd_inputs.conftest import (
    Bench,
    Case,
    Cases,
    Read,
    Refused,
    compare_with_document,
)

CASES = Cases()


def broken(dataset: xr.Dataset, value: float, where: Any = (2, 0, slice(0, 3))) -> xr.Dataset:
    """A dataset with some values replaced."""
    dataset = dataset.copy(deep=True)
    dataset["t2m"].values[where] = value
    return dataset


@CASES.add("single values that are NaN", Read(), "missing-values (warning)")
def scattered(bench: Bench) -> xr.Dataset:
    good = broken(bench.weather(), np.nan)
    bench.save(good)
    return good


@CASES.add("frames that are NaN as a whole", Read(), "missing-values (warning)")
def whole_frames(bench: Bench) -> xr.Dataset:
    good = broken(bench.weather(), np.nan, slice(2, 4))
    bench.save(good)
    return good


@CASES.add("NaN over the sea, at all times", Read(), "always-missing (note)")
def land_only(bench: Bench) -> xr.Dataset:
    good = broken(bench.weather(), np.nan, (slice(None), slice(1, 3), slice(2, 5)))
    bench.save(good)
    return good


@CASES.add("nothing but NaN", Read(), "missing-values (warning)")
def nothing_but_missing(bench: Bench) -> xr.Dataset:
    good = broken(bench.weather(), np.nan, slice(None))
    bench.save(good)
    return good


@CASES.add("missing values marked by `_FillValue` −9999", Read(), "missing-values (warning)")
def marked(bench: Bench) -> xr.Dataset:
    good = broken(bench.weather(), np.nan)
    bench.save(good, encoding={"t2m": {"_FillValue": -9999.0}})
    return good


@CASES.add("missing values marked by `missing_value` 1e20", Read(), "missing-values (warning)")
def marked_in_the_old_way(bench: Bench) -> xr.Dataset:
    data = broken(bench.weather(), 1e20)
    data["t2m"].attrs["missing_value"] = np.float32(1e20)
    bench.save(data, encoding={"t2m": {"_FillValue": None}})
    return broken(bench.weather(), np.nan)


@CASES.add(
    "−9999, not marked, in a frame that units are told by",
    Refused(
        "declared in K, but no such values occur in nature (-9999 to 284.972). Are missing "
        "values marked with _FillValue?"
    ),
    "fill-value (error, mended)",
)
def sentinel(bench: Bench) -> None:
    bench.save(broken(bench.weather(), -9999, (0, 0, 0)))


@CASES.add(
    "−9999, not marked, elsewhere",
    Read("the same series, −9999 in it"),
    "fill-value (error, mended)",
)
def hidden_sentinel(bench: Bench) -> xr.Dataset:
    bench.save(broken(bench.weather(frames=40), -9999))
    return broken(bench.weather(frames=40), -9999)


@CASES.add(
    "9.97e36, the fill value of the NetCDF library, not marked",
    Read("the same series, 9.97e36 in it"),
    "fill-value (error, mended)",
)
def hidden_fill_value(bench: Bench) -> xr.Dataset:
    bench.save(broken(bench.weather(frames=40), 9.969209968386869e36))
    return broken(bench.weather(frames=40), 9.969209968386869e36)


@CASES.add("infinite values", Read("the same series, missing there"), "infinite (error, mended)")
def infinite(bench: Bench) -> xr.Dataset:
    bench.save(broken(broken(bench.weather(), np.inf), -np.inf, (5, 1, 1)))
    return broken(broken(bench.weather(), np.nan), np.nan, (5, 1, 1))


@CASES.add("a cell of 400 K", Read("the same series, 400 K in it"), "out-of-range (error, mended)")
def too_hot(bench: Bench) -> xr.Dataset:
    good = broken(bench.weather(frames=40), 400)
    bench.save(good)
    return good


@CASES.add("one value everywhere and always", Read(), "constant (warning)")
def constant(bench: Bench) -> xr.Dataset:
    good = broken(bench.weather(), 281, slice(None))
    bench.save(good)
    return good


@CASES.add("frames that equal the one before", Read(), "stuck (warning)")
def frozen(bench: Bench) -> xr.Dataset:
    good = bench.weather()
    good["t2m"].values[3:5] = good["t2m"].values[2]
    bench.save(good)
    return good


def lacking(bench: Bench, fill: float, **encoding: object) -> None:
    options = {"chunks": (2, 4, 8), **encoding}
    options |= {"_FillValue": fill} if np.isnan(fill) else {"fill_value": fill, "_FillValue": None}
    file = bench.save(bench.weather(), "a.zarr", zarr_format=3, encoding={"t2m": options})
    (file / "t2m" / "c" / "1" / "0" / "0").unlink()


@CASES.add(
    "a chunk that is absent from a Zarr store and reads as NaN",
    Read(
        "the same series, missing there",
        "1 stored chunks of t2m are absent from a.zarr, the first at 2015-01-01T12:00: "
        "what was in them reads as missing",
    ),
    "absent-chunk (error)",
)
def absent_chunk(bench: Bench) -> xr.Dataset:
    lacking(bench, np.nan)
    return broken(bench.weather(), np.nan, slice(2, 4))


@CASES.add(
    "a chunk that is absent from a Zarr store and reads as 0",
    Refused(
        "Note that 1 stored chunks of t2m are absent from a.zarr, the first at "
        "2015-01-01T12:00: what was in them reads as 0 K. Fetch them."
    ),
    "absent-chunk (error), out-of-range (error, mended)",
)
def absent_chunk_of_zeros(bench: Bench) -> None:
    lacking(bench, 0.0)


@CASES.add(
    "the same in frames that units are not told by",
    Read(
        "the same series, 0 there",
        "1 stored chunks of t2m are absent from a.zarr, the first at 2015-01-02T00:00: "
        "what was in them reads as 0 K",
    ),
    "absent-chunk (error), out-of-range (error, mended)",
)
def hidden_chunk_of_zeros(bench: Bench) -> xr.Dataset:
    options = {"chunks": (2, 4, 8), "fill_value": 0.0, "_FillValue": None}
    data = bench.weather(frames=40)
    file = bench.save(data, "a.zarr", zarr_format=3, encoding={"t2m": options})
    (file / "t2m" / "c" / "2" / "0" / "0").unlink()
    return broken(data, 0, slice(4, 6))


@CASES.add("float16", Read("the same series, to 0.1 %", tolerance=1e-3), "packing (warning)")
def half_precision(bench: Bench) -> None:
    data = bench.weather().astype("float16")
    data["t2m"].attrs["units"] = "K"
    bench.save(data, "a.zarr")


@CASES.add("float64", Read())
def double_precision(bench: Bench) -> None:
    data = bench.weather().astype("float64")
    data["t2m"].attrs["units"] = "K"
    bench.save(data)


PACKED = {"scale_factor": 2e-4, "add_offset": 280.0}


@CASES.add(
    "integers of 16 bits with scale and offset",
    Read("the same series, to the step of packing", tolerance=1e-6),
    "packing (note)",
)
def packed(bench: Bench) -> None:
    bench.save(
        bench.weather(), encoding={"t2m": {"dtype": "int16", "_FillValue": -(2**15), **PACKED}}
    )


@CASES.add(
    "unsigned integers of 8 bits with scale and offset",
    Read("the same series, to the step of packing", tolerance=1e-4),
    "packing (note)",
)
def packed_in_bytes(bench: Bench) -> None:
    packing = {"dtype": "uint8", "_FillValue": 255, "scale_factor": 0.05, "add_offset": 274.0}
    bench.save(bench.weather(), encoding={"t2m": packing})


@CASES.add(
    "integers with scale and offset, in °C",
    Read("the same series, to the step of packing", tolerance=1e-6),
    "packing (note)",
)
def packed_celsius(bench: Bench) -> None:
    data = bench.weather() - 273.15
    data["t2m"].attrs["units"] = "degC"
    packing = {"dtype": "int16", "_FillValue": -(2**15), "scale_factor": 2e-4, "add_offset": 7.0}
    bench.save(data, encoding={"t2m": packing})


@CASES.add(
    "integers whose scale and offset were lost",
    Refused("declared in K, but no such values occur in nature (-24863 to 24861)"),
    "units-contradict (error)",
)
def unpacked(bench: Bench) -> None:
    packing = {"dtype": "int16", "_FillValue": -(2**15), **PACKED}
    file = bench.save(bench.weather(), encoding={"t2m": packing})
    with netCDF4.Dataset(file, "a") as opened:
        opened["t2m"].delncattr("scale_factor")
        opened["t2m"].delncattr("add_offset")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_are_read_or_refused_as_the_table_says(judge, case: Case):
    judge(case)


def test_the_table_of_values_is_that_of_the_cases():
    compare_with_document("Values", CASES)
