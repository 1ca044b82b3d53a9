"""Zarr stores in the wb2 layout: written init time by init time, and known to be whole when read.

Format 2, which every release of zarr and xarray reads and in which WeatherBench 2's own stores are; one
consolidated metadata file; a chunk holds whole fields of one init_time.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from pipelines.atomic import atomic_path
from stforecast.layouts.labels import lead_units
from stforecast.layouts.wb2 import LAYOUT, from_wb2, to_wb2

__all__ = ["read_store", "write_store"]

_CHUNK_BYTES = 64 * 2**20
_TIMES_A_CHUNK = 4096


def write_store(forecasts: Iterator[xr.DataArray], path: Path) -> list[Path]:
    """Write forecasts of ever later init times to one store; what was written."""
    import zarr  # here, so that other layouts do not wait for it

    with atomic_path(path) as temporary:
        for number, forecast in enumerate(forecasts):
            dataset = to_wb2(forecast).drop_encoding().load()
            # A chunk that holds NaN alone is written too: an absent one is then a broken copy.
            if number == 0:
                dataset.to_zarr(
                    temporary,
                    mode="w",
                    zarr_format=2,
                    consolidated=False,
                    encoding=_encoding(dataset),
                    write_empty_chunks=True,
                )
            else:
                dataset.to_zarr(
                    temporary, append_dim="time", consolidated=False, write_empty_chunks=True
                )
        zarr.consolidate_metadata(str(temporary), zarr_format=2)
    return [path]


def _encoding(dataset: xr.Dataset) -> dict[str, Any]:
    leads = dataset.sizes["prediction_timedelta"]
    since_1970 = dataset["valid_time"].values.ravel() - np.datetime64("1970-01-01", "ns")
    units = "nanoseconds" if lead_units(since_1970) == "nanoseconds" else "seconds"
    epoch = {
        "dtype": "int64",
        "units": f"{units} since 1970-01-01",
        "calendar": "proleptic_gregorian",
    }
    encoding: dict[str, Any] = {
        "time": epoch | {"chunks": (_TIMES_A_CHUNK,)},
        "valid_time": epoch | {"chunks": (_TIMES_A_CHUNK, leads)},
        "prediction_timedelta": {
            "dtype": "int64",
            "units": lead_units(dataset["prediction_timedelta"].values),
        },
    }
    for name, array in dataset.data_vars.items():
        lead_bytes = array[0, 0].nbytes
        leads_a_chunk = max(1, min(leads, _CHUNK_BYTES // lead_bytes))
        encoding[str(name)] = {"chunks": (1, leads_a_chunk, *array.shape[2:])}
    return encoding


def read_store(path: Path) -> xr.DataArray:
    """The forecast in a store, lazy: nothing but labels is read before it is asked for.

    Raises:
        ValueError: the folder is no Zarr store in this layout, or parts of it are missing.
    """
    try:
        dataset = xr.open_zarr(path, consolidated=(path / ".zmetadata").is_file())
        if dataset.attrs.get("layout") == LAYOUT:
            _check_whole(path)
        return from_wb2(dataset)
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(f"{path} is no whole forecast in the wb2 layout: {error}") from error


def _check_whole(path: Path) -> None:
    """Zarr takes an absent chunk for missing values: a store that was half copied reads as NaN."""
    import zarr

    for name, array in zarr.open_group(str(path), mode="r").arrays():
        absent = array.nchunks - array.nchunks_initialized
        if absent:
            raise ValueError(
                f"{absent} of {array.nchunks} chunks of {name} are absent; copy the store again."
            )
