"""`stforecast benchmark`: networks under equal conditions."""

from pathlib import Path
from typing import Annotated

import typer


def benchmark(
    dataset: Annotated[str, typer.Argument(help="As `stforecast datasets` lists them.")],
    networks: Annotated[
        str,
        typer.Option(
            help="Names that `stforecast networks` lists, and translators: a,b,simvp:tau."
        ),
    ],
    data: Annotated[
        Path | None,
        typer.Option(help="Raw files or a store; $STFORECAST_DATA/DATASET unless given."),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Compare on the synthetic sample.")
    ] = False,
    preset: Annotated[
        str, typer.Option(help="Sizes of the networks: published, or small for a CPU.")
    ] = "published",
    config: Annotated[
        Path | None, typer.Option(help="Experiment, a TOML file; options in \\[networks.NAME].")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="One key of the experiment; repeatable."),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Trainings at the best rate.", min=1)] = 3,
    epochs: Annotated[
        int | None, typer.Option(help="Of each training; the preset's unless given.", min=1)
    ] = None,
    budget: Annotated[
        float | None, typer.Option(help="Minutes of each training, in place of epochs.")
    ] = None,
    learning_rates: Annotated[
        str, typer.Option(help="Tried by each network, with the first seed.")
    ] = "3e-3,1e-3,3e-4",
    run: Annotated[
        Path | None, typer.Option(help="Folder; runs/DATASET-benchmark unless given.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Compare networks: the same windows, loss frames, budget and learning rates, and several seeds.

    Validation chooses each network's learning rate and epoch; test reports. Interrupted, the same
    command goes on where it stopped. Example for a CPU:

    stforecast benchmark taxibj --networks simvp,simvp:tau,convlstm,predrnn --preset small
    --epochs 3 --data DATA

    Every training is an ordinary run below the folder: `stforecast evaluate` and `forecast` take it.
    """
    import os

    from stforecast.benchmarking.benchmark import run_benchmark
    from stforecast.benchmarking.figure import plot_benchmark
    from stforecast.benchmarking.plan import make_benchmark
    from stforecast.benchmarking.report import sheets_of, to_terminal, write_report
    from stforecast.cli.progress import console
    from stforecast.cli.train import open_data
    from stforecast.figures.save import save_figure
    from stforecast.source import find_data

    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ValueError("a benchmark trains in one process; start it without torchrun.")
    if sample and data is not None:
        raise ValueError("--sample makes its own data: leave out --data, or leave out --sample.")
    planned = make_benchmark(
        dataset,
        _parts(networks),
        preset=preset,
        config=config,
        settings=settings or (),
        learning_rates=_rates(learning_rates),
        seeds=seeds,
        epochs=epochs,
        budget=budget,
    )
    experiment = planned.experiment
    place = None if sample else find_data(dataset, data or experiment.data).resolve()
    series, place = open_data(experiment, place, device=device)
    planned = planned.on(str(place))
    folder = run or Path("runs") / f"{dataset}-benchmark"
    console.print(f"trainings: {planned.n_trainings}, in {folder}")
    results = run_benchmark(planned, series, folder, device=device, console=console)
    write_report(results, folder)
    save_figure(plot_benchmark(results), folder / "benchmark.png")
    for name, text in results.facts.items():
        console.print(f"{name}: {text}", style="dim")
    for sheet in sheets_of(results):
        console.print(to_terminal(sheet))
    for note in results.notes:
        console.print(f"note: {note}")
    console.print(f"results: {folder / 'benchmark.md'}, benchmark.csv, benchmark.png")


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _rates(text: str) -> list[float]:
    try:
        return [float(part) for part in _parts(text)]
    except ValueError as error:
        raise ValueError(
            f"--learning-rates are numbers such as 1e-3,5e-4, not {text!r}."
        ) from error
