"""`stforecast train`: from data to a run."""

import os
from pathlib import Path
from typing import Annotated

import typer


def train(
    dataset: Annotated[str, typer.Argument(help="As `stforecast datasets` lists them.")],
    data: Annotated[
        Path | None,
        typer.Option(help="Raw files or a store; $STFORECAST_DATA/DATASET unless given."),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Train on the synthetic sample.")
    ] = False,
    preset: Annotated[
        str | None, typer.Option(help="Published hyper-parameters, as `stforecast networks` lists.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Experiment, a TOML file.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="One key of the experiment; repeatable."),
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Folder of the run; runs/DATASET-1, -2, … unless given.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted run, after its last epoch.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Train a network and keep the epoch that validates best.

    The experiment is the dataset's preset, then --config, then each --set. Examples:

    stforecast train weatherbench --sample

    stforecast train weatherbench --data ERA5 --set variables=t2m --set split.train=2010/2015
    --set split.validation=2016 --set split.test=2017/2018

    torchrun --nproc-per-node 4 -m -- stforecast train weatherbench --run runs/t2m …

    glibc is told to keep large blocks, which nearly doubles the speed on a CPU for some memory;
    STFORECAST_KEEP_MEMORY=0 leaves it alone.
    """
    from stforecast.cli.progress import console, progress_bar
    from stforecast.experiment import load_experiment
    from stforecast.presets import base_experiment
    from stforecast.run import open_run
    from stforecast.source import find_data, stored_series
    from stforecast.training import train as train_run

    if resume:
        if run is None or sample or config or settings or preset:
            raise ValueError(
                "--resume goes on with a run's own experiment: give --run DIR, and neither --config, "
                "--set, --preset nor --sample."
            )
        experiment = open_run(run).experiment()
    else:
        base = base_experiment(dataset, preset=preset)
        experiment = load_experiment(config, base=base, settings=settings or ())
    if experiment.dataset != dataset:
        raise ValueError(f"the experiment is of {experiment.dataset}, not of {dataset}.")
    if sample:
        data = _sample(dataset)
    place = find_data(dataset, data or experiment.data).resolve()
    with progress_bar() as tell:
        series = stored_series(
            dataset,
            place,
            variables=experiment.variables,
            time_step=experiment.time_step,
            progress=lambda done, total: tell("reading", done, total),
        )
    experiment = experiment.model_copy(update={"data": str(place)})
    folder = run or _free_folder(dataset)
    console.print(f"{dataset} on {series.sizes['y']}×{series.sizes['x']}: {folder}")
    train_run(experiment, series, folder, resume=resume, device=device, console=console)
    console.print(f"next: stforecast evaluate {folder}")


def _sample(dataset: str) -> Path:
    from pipelines import find_pipeline
    from stforecast.cli.progress import progress_bar
    from stforecast.source import cache_folder

    folder = cache_folder() / "samples" / dataset
    if not folder.exists():
        with progress_bar() as tell:
            find_pipeline(dataset).write_sample(
                folder, progress=lambda done, total: tell("writing the sample", done, total)
            )
    return folder


def _free_folder(dataset: str) -> Path:
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ValueError("several processes need one folder between them: name it with --run.")
    number = 1
    while (folder := Path("runs") / f"{dataset}-{number}").exists():
        number += 1
    return folder
