"""`stforecast evaluate`: scores of a run beside its baselines."""

from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    run: Annotated[Path, typer.Argument(help="Folder that `train` made.")],
    data: Annotated[
        Path | None, typer.Option(help="Where the data lie now, if they have moved.")
    ] = None,
    split: Annotated[str, typer.Option(help="test, validation or train.")] = "test",
    dialect: Annotated[
        str | None,
        typer.Option(
            help="How scores are defined: wb2, wb1 or openstl for weather, traffic or openstl for "
            "traffic, video or openstl for video; the dataset's first one unless given."
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(help="Traffic: least true count of the cells that MAPE is taken over; 10."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Score a run beside its dataset's baselines, for each channel and lead time.

    Weather has persistence and climatology; traffic has persistence, the same time a day and a week
    before, and the historical average; video has persistence. Writes scores.nc, scores.csv, errors.nc
    (errors by cell and by size) and figures into the run, and prints the tables. Forecasts are computed
    as `stforecast forecast` does; STFORECAST_KEEP_MEMORY=0 leaves glibc's allocator alone.
    """
    from stforecast.cli.progress import console, progress_bar
    from stforecast.run import open_run
    from stforecast.verification.report import period_table, score_tables, skill_sentences

    opened = open_run(run)
    from stforecast.evaluation import evaluate_run  # here: a mistake in the name waits for no torch

    with progress_bar() as tell:
        scores = evaluate_run(
            opened,
            data=data,
            split=split,
            dialect=dialect,
            threshold=threshold,
            device=device,
            progress=tell,
        )
    for table in score_tables(scores):
        console.print(table)
    by_period = period_table(scores)
    if by_period is not None:
        console.print(by_period)
    for sentence in skill_sentences(scores):
        console.print(sentence)
    if "conversion" in scores.attrs:
        console.print(scores.attrs["conversion"])
    if "published" in scores.attrs:
        console.print(f"published: {scores.attrs['published']}")
    if "fairness" in scores.attrs:
        console.print(scores.attrs["fairness"])
    if "fairness_remarks" in scores.attrs:
        console.print(f"remark: {scores.attrs['fairness_remarks']}")
    if "note" in scores.attrs:
        console.print(f"note: {scores.attrs['note']}")
    console.print(f"scores: {opened.scores_file(dialect=scores.attrs['dialect'], split=split)}")
    console.print(f"errors: {opened.errors_file(dialect=scores.attrs['dialect'], split=split)}")
    console.print(f"figures: {opened.figures}")
