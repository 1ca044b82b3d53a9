"""`stforecast train`: from data to a run."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import xarray as xr

    from stforecast.experiment import Experiment


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
    resample: Annotated[
        str | None,
        typer.Option(
            metavar="RULE",
            help="Bring irregular times onto time_step: nearest, linear or mean; as --set resample=.",
        ),
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
    from stforecast.cli.progress import console
    from stforecast.experiment import load_experiment, read_tree
    from stforecast.presets import base_experiment
    from stforecast.run import open_run
    from stforecast.source import find_data

    settings = settings or []
    if resample is not None:
        settings = [*settings, f"resample={resample}"]
    if resume:
        if run is None or sample or config or settings or preset:
            raise ValueError(
                "--resume goes on with a run's own experiment: give --run DIR, and neither --config, "
                "--set, --resample, --preset nor --sample."
            )
        experiment = open_run(run).experiment()
    else:
        chosen = read_tree(config, settings=settings)
        base = base_experiment(dataset, preset=preset, network=chosen.get("network"))
        experiment = load_experiment(config, base=base, settings=settings)
    if experiment.dataset != dataset:
        raise ValueError(f"the experiment is of {experiment.dataset}, not of {dataset}.")
    if sample and data is not None:
        raise ValueError("--sample makes its own data: leave out --data, or leave out --sample.")
    folder = run or _free_folder(dataset)
    place = None if sample else find_data(dataset, data or experiment.data).resolve()
    series, place = open_data(experiment, place, device=device)
    experiment = experiment.model_copy(update={"data": str(place)})
    console.print(f"{dataset} on {series.sizes['y']}×{series.sizes['x']}: {folder}")
    if "note" in series.attrs:
        console.print(f"note: {series.attrs['note']}")
    from stforecast.training import train as train_run  # here: a mistake waits for no lightning

    train_run(experiment, series, folder, resume=resume, device=device, console=console)
    console.print(f"next: stforecast evaluate {folder}")


def open_data(
    experiment: "Experiment", place: Path | None, *, device: str
) -> "tuple[xr.DataArray, Path]":
    """The series, memory-mapped, and where it comes from: the synthetic sample if no place is given.

    Of several processes the first one copies what has to be copied, and the others wait for it.
    """
    from stforecast.cli.progress import progress_bar
    from stforecast.device import choose_device
    from stforecast.source import experiment_series
    from stforecast.training.distributed import start_processes, wait_for_all

    processes = start_processes(choose_device(device))
    if not processes.is_first:
        wait_for_all()
    with progress_bar() as tell:
        place = place or _sample(experiment.dataset, tell)
        series = experiment_series(
            experiment, place, progress=lambda done, total: tell("reading", done, total)
        )
    if processes.is_first:
        wait_for_all()
    return series, place


def _sample(dataset: str, tell: Callable[[str, int, int], None]) -> Path:
    from pipelines import find_pipeline
    from pipelines.atomic import atomic_path
    from stforecast.source import cache_folder

    folder = cache_folder() / "samples" / dataset
    if not folder.exists():
        with atomic_path(folder) as temporary:
            find_pipeline(dataset).write_sample(
                temporary, progress=lambda done, total: tell("writing the sample", done, total)
            )
    return folder


def _free_folder(dataset: str) -> Path:
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ValueError("several processes need one folder between them: name it with --run.")
    number = 1
    while (folder := Path("runs") / f"{dataset}-{number}").exists():
        number += 1
    return folder
