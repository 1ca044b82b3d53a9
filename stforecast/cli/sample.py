"""`stforecast sample`: synthetic data to try everything on."""

import inspect
from pathlib import Path
from typing import Annotated

import typer


def sample(
    dataset: Annotated[str, typer.Argument(help="As `stforecast datasets` lists them.")],
    out: Annotated[Path, typer.Argument(help="Folder to write to; must be new or empty.")],
    resolution: Annotated[
        float | None, typer.Option(help="weatherbench: grid spacing in degrees (5.625).")
    ] = None,
    time_step: Annotated[
        str | None,
        typer.Option(help="Between frames: 1h, 6h, 1d (weatherbench, 6h); 30min (taxibj)."),
    ] = None,
    first_year: Annotated[int | None, typer.Option(help="weatherbench: first year (2015).")] = None,
    years: Annotated[
        int | None, typer.Option(help="weatherbench: how many years (4).", min=1)
    ] = None,
    variables: Annotated[
        str | None, typer.Option(help="weatherbench: separated by commas (t2m,z500).")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Equal seeds give equal data (0).", min=0)
    ] = None,
    days: Annotated[int | None, typer.Option(help="taxibj: how many days (120).")] = None,
    grid: Annotated[
        str | None, typer.Option(help="taxibj: rows and columns of cells (16x16).")
    ] = None,
    first_day: Annotated[
        str | None, typer.Option(help="taxibj: first day (2016-01-04, a Monday).")
    ] = None,
) -> None:
    """Write a synthetic sample in the dataset's own raw file format.

    The data are made up, and marked so: good for trying commands, not for conclusions. An option that
    names a dataset is for that dataset alone; defaults stand in brackets.
    """
    from pipelines import find_pipeline
    from stforecast.cli.progress import console, progress_bar

    given = {
        "resolution": resolution,
        "time_step": time_step,
        "first_year": first_year,
        "years": years,
        "variables": None
        if variables is None
        else tuple(part.strip() for part in variables.split(",")),
        "seed": seed,
        "days": days,
        "grid": None if grid is None else _grid(grid),
        "first_day": first_day,
    }
    options = {name: value for name, value in given.items() if value is not None}
    write_sample = find_pipeline(dataset).write_sample
    taken = [name for name in inspect.signature(write_sample).parameters if name in given]
    for name in options:
        if name not in taken:
            raise ValueError(
                f"{_flag(name)} is no option of the sample of {dataset}; it takes "
                f"{', '.join(map(_flag, taken))}."
            )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"{out} exists already and is not empty; name a new folder.")
    with progress_bar() as tell:
        files = write_sample(
            out, **options, progress=lambda done, total: tell("writing", done, total)
        )
    size = sum(file.stat().st_size for file in files) / 1e6
    console.print(f"{len(files)} files, {size:.0f} MB of synthetic {dataset} data: {out}")


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _grid(text: str) -> tuple[int, int]:
    """Rows and columns of a text such as "32x32"."""
    sides = text.lower().replace("×", "x").split("x")
    if len(sides) != 2 or not all(side.strip().isdecimal() for side in sides):
        raise ValueError(f"--grid {text!r} is not rows x columns; write it like 32x32.")
    return int(sides[0]), int(sides[1])
