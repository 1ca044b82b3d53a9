"""`xarray.open_dataset(STORE, engine="stforecast")`: a store in xarray, for anyone."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import xarray as xr
from xarray.backends import BackendEntrypoint

from pipelines.store import is_store, open_store

__all__ = ["StoreBackend"]


class StoreBackend(BackendEntrypoint):
    """Opens an analysis-ready store as a dataset with the variable `series`, memory-mapped."""

    description = "Analysis-ready stores of stforecast"
    url = ""

    def open_dataset(
        self, filename_or_obj: Any, *, drop_variables: str | Iterable[str] | None = None
    ) -> xr.Dataset:
        """The series and its labels; frames are read when they are asked for.

        Raises:
            ValueError: there is no store, or another version wrote it.
        """
        dataset = open_store(Path(filename_or_obj)).to_dataset(promote_attrs=True)
        dropped = [drop_variables] if isinstance(drop_variables, str) else drop_variables
        return dataset.drop_vars(list(dropped or ()), errors="ignore")

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Whether it is the folder of a store."""
        return isinstance(filename_or_obj, str | os.PathLike) and is_store(Path(filename_or_obj))
