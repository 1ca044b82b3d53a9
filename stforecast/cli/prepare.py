"""`stforecast prepare`: raw files to the store that training reads."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import xarray as xr
    from rich.table import Table


def prepare(
    dataset: Annotated[str, typer.Argument(help="As `stforecast datasets` lists them.")],
    out: Annotated[Path, typer.Option(help="Store to write, a folder.")],
    data: Annotated[
        Path | None,
        typer.Option(help="Raw files or a store; $STFORECAST_DATA/DATASET unless given."),
    ] = None,
    variables: Annotated[
        str | None, typer.Option(help="Such as t2m,z500; all that the data have unless given.")
    ] = None,
    time_step: Annotated[
        str | None, typer.Option(help="Such as 6h; the data's own unless given.")
    ] = None,
    grid: Annotated[
        str | None,
        typer.Option(
            help="Area means on another grid: degrees (5.625), columns x rows around the globe (64x32), "
            "or the grid of a run (its folder)."
        ),
    ] = None,
    missing: Annotated[
        str,
        typer.Option(help="Times that some channels lack: drop, or mask to keep the others."),
    ] = "drop",
    resample: Annotated[
        str,
        typer.Option(help="Irregular times onto the axis of --time-step: nearest, linear or mean."),
    ] = "none",
    train: Annotated[
        str | None,
        typer.Option(help="Period of the statistics, 2010/2015; the first 70 % unless given."),
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes on this machine.", min=1)] = 1,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Address of a dask scheduler (tcp://HOST:8786) whose workers copy instead."
        ),
    ] = None,
) -> None:
    """Copy raw files once to an analysis-ready store: memory-mappable, and read a hundred times faster.

    A worker needs some 256 MB, however large the data are, and each byte is read once. What was
    interrupted goes on when the same command is given again. `train` and `evaluate` copy by themselves,
    to the cache; a store of one's own can be moved and kept.
    """
    from stforecast.cli.progress import console, progress_bar
    from stforecast.preparing import prepare as prepare_store
    from stforecast.preparing import unnatural_values

    with progress_bar() as tell:
        series = prepare_store(
            dataset,
            out,
            data=data,
            variables=None
            if variables is None
            else [name.strip() for name in variables.split(",")],
            time_step=time_step,
            grid=grid,
            missing=missing,
            resample=resample,
            train=train,
            workers=workers,
            scheduler=scheduler,
            tell=lambda what, done, total: tell(
                f"{what}, MB", done // 10**6, max(total // 10**6, 1)
            ),
            say=console.print,
        )
    if "note" in series.attrs:
        console.print(f"note: {series.attrs['note']}")
    n_times, n_channels, height, width = series.shape
    console.print(
        f"{n_times} frames of {n_channels} channels on {height}×{width}, "
        f"{series.nbytes / 1e6:.0f} MB: {out}"
    )
    console.print(_table(series, out))
    for strange in unnatural_values(series):
        console.print(f"[yellow]warning:[/] {strange}; `stforecast check` finds where")


def _table(series: "xr.DataArray", out: Path) -> "Table":
    """Statistics of each channel, as the store holds them."""
    import xarray as xr
    from rich.table import Table

    from pipelines.store import stored_moments

    with xr.open_dataset(out / "statistics.nc", engine="netcdf4") as file:
        statistics = file.load()
    moments = stored_moments(series)
    assert moments is not None  # it was written a moment ago
    share = 1 - moments.count.sum(0) / (
        series.sizes["time"] * series.sizes["y"] * series.sizes["x"]
    )
    step = statistics.attrs["time_step"]
    table = Table(title=f"statistics of {statistics.attrs['period']}", title_justify="left")
    table.add_column("channel")
    for heading in (
        "mean",
        "std",
        f"std of change in {step}" if step else "",
        "min",
        "max",
        "missing",
    ):
        table.add_column(heading, justify="right")
    table.add_column("units")
    for number, name in enumerate(statistics["channel"].values):
        row = statistics.isel(channel=number)
        values = [row[key].item() for key in ("mean", "std", "tendency_std", "min", "max")]
        table.add_row(
            str(name),
            *(f"{value:.6g}" for value in values),
            f"{100 * share[number]:.3g} %",
            str(row["units"].item()),
        )
    return table
