"""`stforecast import`: published weights as a run."""

from pathlib import Path
from typing import Annotated

import typer


def import_checkpoint(
    file: Annotated[Path, typer.Argument(help="Checkpoint of OpenSTL, a .pth or .ckpt file.")],
    preset: Annotated[
        str, typer.Option(help="What it was trained by, as `stforecast networks` lists.")
    ],
    run: Annotated[Path, typer.Option(help="Folder of the run to make.")],
    data: Annotated[
        Path | None,
        typer.Option(help="Raw files or a store; $STFORECAST_DATA/DATASET unless given."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="One key of the experiment; repeatable."),
    ] = None,
) -> None:
    """Make a run of a published checkpoint of OpenSTL, which then forecasts as a trained one does.

    A checkpoint holds weights alone: channels, grid and time step are those of the data, and the
    normaliser is fitted on their training split. Example:

    stforecast import simvp_t2m.pth --preset weatherbench-t2m-gsta --run runs/published --data DATA
    --set split.train=2010/2015 --set split.validation=2016 --set split.test=2017/2018
    """
    from stforecast.cli.progress import console, progress_bar
    from stforecast.exporting import leave_export
    from stforecast.importing import import_run, imported_experiment
    from stforecast.source import experiment_series, find_data

    experiment = imported_experiment(preset, settings=settings or ())
    place = find_data(experiment.dataset, data or experiment.data).resolve()
    with progress_bar() as tell:
        series = experiment_series(
            experiment, place, progress=lambda done, total: tell("reading", done, total)
        )
    experiment = experiment.model_copy(update={"data": str(place)})
    made = import_run(file, series, run, preset=preset, experiment=experiment)
    console.print(f"weights of {file}: {made.forecaster_file}")
    console.print(leave_export(made.folder, progress=console.print))
    console.print(f"next: stforecast evaluate {run}")
