"""`stforecast prepare`: raw files to the store that training reads."""

from pathlib import Path
from typing import Annotated

import typer


def prepare(
    dataset: Annotated[str, typer.Argument(help="As `stforecast datasets` lists them.")],
    out: Annotated[Path, typer.Option(help="Store to write, a folder.")],
    data: Annotated[
        Path | None, typer.Option(help="Raw files; $STFORECAST_DATA/DATASET unless given.")
    ] = None,
    variables: Annotated[
        str | None, typer.Option(help="Such as t2m,z500; all that the data have unless given.")
    ] = None,
    time_step: Annotated[
        str | None, typer.Option(help="Such as 6h; the data's own unless given.")
    ] = None,
) -> None:
    """Copy raw files once to an analysis-ready store: memory-mappable, and read a hundred times faster.

    `train` and `evaluate` do so by themselves, in the cache; a store of one's own can be moved and kept.
    """
    from pipelines.store import write_store
    from stforecast.cli.progress import console, progress_bar
    from stforecast.source import open_series

    if out.exists():
        raise ValueError(f"{out} exists already; name a new folder.")
    wanted = None if variables is None else [part.strip() for part in variables.split(",")]
    series = open_series(dataset, data, variables=wanted, time_step=time_step)
    with progress_bar() as tell:
        write_store(series, out, progress=lambda done, total: tell("copying", done, total))
    if "note" in series.attrs:
        console.print(f"note: {series.attrs['note']}")
    n_times, n_channels, height, width = series.shape
    console.print(
        f"{n_times} frames of {n_channels} channels on {height}×{width}, "
        f"{series.nbytes / 1e6:.0f} MB: {out}"
    )
