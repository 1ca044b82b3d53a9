from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import xarray as xr

from pipelines.preparing.prepare import prepare
from pipelines.weather_opening import open_parts


@pytest.fixture
def prepare_weather(tmp_path: Path) -> Callable[..., xr.DataArray]:
    """Prepares weather data as the command does, in a store of its own each time."""

    def call(
        source: Path, *, out: str = "store", opened: dict | None = None, **options
    ) -> xr.DataArray:
        opener = partial(open_parts, source, **(opened or {}))
        request = {name: str(value) for name, value in (opened or {}).items()}
        return prepare(opener, tmp_path / out, source=source, request=request, **options)

    return call
