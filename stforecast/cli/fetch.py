"""`stforecast fetch`: real data from the archives that publish them."""

import inspect
from pathlib import Path
from typing import Annotated

import typer


def fetch(
    dataset: Annotated[
        str,
        typer.Argument(help="weatherbench, ecmwf-open, era5-cds, mnist or fashion-mnist."),
    ],
    out: Annotated[
        Path,
        typer.Argument(help="Zarr store to make (weatherbench), or folder to add files to."),
    ],
    source: Annotated[
        str | None,
        typer.Option(
            help="weatherbench: a Zarr store, gs://, https:// or a folder. ecmwf-open: ecmwf, aws, "
            "azure, google or an address. era5-cds: address of the API. mnist, fashion-mnist: address "
            "of a folder that has the files."
        ),
    ] = None,
    grid: Annotated[
        str | None, typer.Option(help="weatherbench: 64x32, 240x121 or 1440x721 (64x32).")
    ] = None,
    variables: Annotated[
        str | None,
        typer.Option(help="Such as t2m,z500; all: all there are (t2m,z500,t850; era5-cds: t2m)."),
    ] = None,
    levels: Annotated[
        str | None, typer.Option(help="hPa, of variables named without one: 500,850.")
    ] = None,
    years: Annotated[
        str | None,
        typer.Option(help="First/last year, day or time: 2010/2018. era5-cds needs it."),
    ] = None,
    time_step: Annotated[
        str | None, typer.Option(help="Between frames, such as 6h (the source's; era5-cds: 6h).")
    ] = None,
    last: Annotated[
        int | None, typer.Option(help="ecmwf-open: how many analyses, six hours apart (1).", min=1)
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="weatherbench: blocks read at a time (4).", min=1)
    ] = None,
    retries: Annotated[
        int | None, typer.Option(help="Attempts after the first, at each read (5).", min=0)
    ] = None,
    allow_missing: Annotated[
        bool,
        typer.Option(
            "--allow-missing",
            help="weatherbench: absent chunks and infinite values become missing values, and times "
            "that the source lacks are left out, instead of being refused.",
        ),
    ] = False,
) -> None:
    """Fetch real data: every read is checked and tried again, and an interrupted fetch goes on.

    weatherbench: ERA5 of WeatherBench 2, or any Zarr store of weather data. ecmwf-open: the newest
    analyses of ECMWF. era5-cds: ERA5 from the Climate Data Store, with a key of yours. mnist: for
    mmnist, with its published test set; fashion-mnist: for mfmnist. An option that names an archive is
    for that one alone; defaults stand in brackets.
    """
    from pipelines.fetching import find_fetcher
    from stforecast.cli.progress import console, progress_bar

    given = {
        "source": source,
        "grid": grid,
        "variables": _parts(variables),
        "levels": _levels(levels),
        "years": years,
        "time_step": time_step,
        "last": last,
        "workers": workers,
        "retries": retries,
        "allow_missing": allow_missing or None,
    }
    options = {name: value for name, value in given.items() if value is not None}
    function = find_fetcher(dataset).fetch
    signature = inspect.signature(function).parameters
    taken = [name for name in signature if name in given]
    for name in options:
        if name not in taken:
            raise ValueError(
                f"{_flag(name)} is no option of {dataset}; it takes {', '.join(map(_flag, taken))}."
            )
    for name in taken:
        if signature[name].default is inspect.Parameter.empty and name not in options:
            raise ValueError(
                f"{dataset} needs {_flag(name)}; `stforecast fetch --help` explains it."
            )
    with progress_bar() as tell:
        files = function(
            out,
            **options,
            progress=lambda done, total: tell("fetching", done, total),
            say=lambda text: console.print(text),
        )
    size = sum(file.stat().st_size for place in files for file in _walk(place)) / 1e6
    console.print(f"{size:.0f} MB, checked: {out}")


def _walk(place: Path) -> list[Path]:
    return [place] if place.is_file() else [file for file in place.rglob("*") if file.is_file()]


def _parts(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


def _levels(text: str | None) -> tuple[float, ...] | None:
    parts = _parts(text)
    if parts is None:
        return None
    try:
        return tuple(float(part) for part in parts)
    except ValueError as error:
        raise ValueError(f"--levels {text!r} are no numbers; write them like 500,850.") from error


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
