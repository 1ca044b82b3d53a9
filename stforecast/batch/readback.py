"""Past forecasts of a job, read back from its outputs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import xarray as xr

from stforecast.batch.folders import staging
from stforecast.batch.publish import exists_whole, is_url
from stforecast.layouts import LAYOUTS, layout_of, read_forecast

__all__ = ["read_back"]


def read_back(outputs: tuple[str, ...], *, work: Path) -> xr.DataArray | None:
    """A forecast, in memory, from the first of its outputs that is there and can be read back.

    Args:
        outputs: paths and URLs; tables are passed over.
        work: folder for what is fetched from a URL meanwhile.

    Returns:
        None where none of them is there.

    Raises:
        ValueError: the file is there and damaged.
        OSError: its place cannot be read.
    """
    readable = [path for path in outputs if layout_of(Path(path)) != LAYOUTS["tidy"].name]
    for output in readable:
        if exists_whole(output):
            with _at_hand(output, work) as path:
                return read_forecast(path).load()
    return None


@contextmanager
def _at_hand(output: str, work: Path) -> Iterator[Path]:
    """The output on this machine, as long as it is looked at."""
    if not is_url(output) or output.startswith("file://"):
        yield Path(output.removeprefix("file://"))
        return
    import fsspec

    with staging(work) as folder:
        store, path = fsspec.url_to_fs(output)
        local = folder / PurePosixPath(path).name
        try:
            store.get(path.rstrip("/"), str(local), recursive=bool(store.isdir(path)))
        # Each store has errors of its own kind.
        except Exception as error:
            raise OSError(f"{output} could not be read: {error}") from error
        yield local
