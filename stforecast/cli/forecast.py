"""`stforecast forecast`: from the past alone to forecast files."""

from pathlib import Path
from typing import Annotated

import typer


def forecast(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or a forecaster.safetensors.")],
    source: Annotated[
        Path,
        typer.Option("--input", help="Raw files or a store with the history; no truth needed."),
    ],
    output: Annotated[
        Path, typer.Option(help="FILE.nc (cf), FILE.zarr (wb2), FILE.csv or FILE.parquet (tidy).")
    ],
    init_time: Annotated[
        list[str] | None,
        typer.Option(
            help="When to start: a time, or first/last for all between; repeatable. "
            "The last possible one unless given."
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Lead times, by rollout; the horizon unless given.", min=1)
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option(help="cf (NetCDF), wb2 (Zarr) or tidy (a table); by the output's ending."),
    ] = None,
    place: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="Where a city's grid lies, such as preset=taxibj or first_cell=south-west.",
        ),
    ] = None,
    figures: Annotated[Path | None, typer.Option(help="Folder for a map of each channel.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    engine: Annotated[
        str,
        typer.Option(
            help="What computes on a CPU: onnx, torch, or auto: onnx where `train` or `optimise` left "
            "an export that is faster."
        ),
    ] = "auto",
    precision: Annotated[
        str,
        typer.Option(help="float32; bfloat16 or float16 are for GPUs; says how far off they are."),
    ] = "float32",
) -> None:
    """Forecast from the past: one or many init times, any number of steps.

    An existing output is replaced, whole or not at all.

    glibc is told to keep large blocks, which nearly doubles torch's speed on a CPU for some memory;
    STFORECAST_KEEP_MEMORY=0 leaves it alone.
    """
    from stforecast.cli.progress import console, progress_bar
    from stforecast.forecasting import forecast_file

    with progress_bar() as tell:
        written = forecast_file(
            run,
            source,
            output,
            init_times=init_time,
            steps=steps,
            layout=layout,
            figures=figures,
            place=place or (),
            device=device,
            engine=engine,
            precision=precision,
            progress=tell,
            note=lambda text: console.print(f"note: {text}"),
        )
    for file in written:
        console.print(str(file))
