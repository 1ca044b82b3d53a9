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
        str, typer.Option(help="How scores are defined: wb2, wb1 or openstl.")
    ] = "wb2",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Score a run beside persistence and climatology, for each channel and lead time.

    Writes scores.nc, scores.csv and figures into the run, and prints the table.
    """
    from stforecast.cli.progress import console, progress_bar
    from stforecast.evaluation import evaluate_run
    from stforecast.run import open_run
    from stforecast.verification.report import score_tables, skill_sentences

    opened = open_run(run)
    with progress_bar() as tell:
        scores = evaluate_run(
            opened,
            data=data,
            split=split,
            dialect=dialect,
            device=device,
            progress=tell,
        )
    for table in score_tables(scores):
        console.print(table)
    for sentence in skill_sentences(scores):
        console.print(sentence)
    if "note" in scores.attrs:
        console.print(f"note: {scores.attrs['note']}")
    console.print(f"scores: {opened.scores_file(dialect=dialect, split=split)}")
    console.print(f"figures: {opened.figures}")
