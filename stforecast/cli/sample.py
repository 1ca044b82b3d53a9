"""`stforecast sample`: synthetic data to try everything on."""

from pathlib import Path
from typing import Annotated

import typer


def sample(
    dataset: Annotated[str, typer.Argument(help="As `stforecast datasets` lists them.")],
    out: Annotated[Path, typer.Argument(help="Folder to write to; must be new or empty.")],
    resolution: Annotated[float, typer.Option(help="Grid spacing in degrees.")] = 5.625,
    time_step: Annotated[str, typer.Option(help="Between frames: 1h, 6h, 1d.")] = "6h",
    first_year: Annotated[int, typer.Option(help="First year.")] = 2015,
    years: Annotated[int, typer.Option(help="How many years.", min=1)] = 4,
    variables: Annotated[str, typer.Option(help="Separated by commas.")] = "t2m,z500",
    seed: Annotated[int, typer.Option(help="Equal seeds give equal data.", min=0)] = 0,
) -> None:
    """Write a synthetic sample in the dataset's own raw file format.

    The data are made up, and marked so: good for trying commands, not for conclusions.
    """
    from pipelines import find_pipeline
    from stforecast.cli.progress import console, progress_bar

    pipeline = find_pipeline(dataset)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"{out} exists already and is not empty; name a new folder.")
    with progress_bar() as tell:
        files = pipeline.write_sample(
            out,
            resolution=resolution,
            time_step=time_step,
            first_year=first_year,
            years=years,
            variables=tuple(part.strip() for part in variables.split(",")),
            seed=seed,
            progress=lambda done, total: tell("writing", done, total),
        )
    size = sum(file.stat().st_size for file in files) / 1e6
    console.print(f"{len(files)} files, {size:.0f} MB of synthetic {dataset} data: {out}")
