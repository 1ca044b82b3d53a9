"""`stforecast batch`: forecasts that are made day after day, and how they stand."""

from typing import TYPE_CHECKING, Annotated

import typer

from stforecast.cli.batch_options import CODES, JobFile, Now, Scheduler, Workers, moment
from stforecast.cli.batch_watch import schedule, verify

if TYPE_CHECKING:
    from stforecast.batch.status import Status
    from stforecast.batch.summary import Summary

batch = typer.Typer(
    help=f"Scheduled forecasts, described by a job file (TOML).\n\n{CODES}",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
batch.command(epilog=CODES)(verify)
batch.command(epilog=CODES)(schedule)


@batch.command(epilog=CODES)
def run(
    job: JobFile,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")
    ] = False,
    init_time: Annotated[
        list[str] | None,
        typer.Option(
            help="Just this time, or FIRST/LAST for the job's own between; repeatable.",
            metavar="TIME",
        ),
    ] = None,
    workers: Workers = 1,
    scheduler: Scheduler = None,
    now: Now = None,
    redo: Annotated[
        bool, typer.Option("--redo", help="Make again what is finished and unchanged.")
    ] = False,
) -> None:
    """Do all that is due, once, and write down what became of it.

    What is finished is not made again; a run that was killed goes on where it stopped; two runs at
    once share the work. Events go to standard error, one JSON object a line.

    The network is computed as `stforecast forecast` does; STFORECAST_KEEP_MEMORY=0 leaves glibc's
    allocator alone.
    """
    from stforecast.batch.job import load_job
    from stforecast.batch.log import Log
    from stforecast.batch.run import run_job
    from stforecast.cli.progress import console, progress_bar

    loaded = load_job(job)
    log = Log(loaded.name, lambda line: typer.echo(line, err=True))
    with progress_bar() as tell:
        summary = run_job(
            loaded,
            now=moment(now),
            init_times=init_time,
            workers=workers,
            scheduler=scheduler,
            dry_run=dry_run,
            redo=redo,
            progress=tell if console.is_terminal else lambda what, done, total: None,
            log=log,
        )
    if dry_run:
        _show_plan(summary)
    counts = ", ".join(f"{count} {end}" for end, count in summary.counts.items())
    console.print(f"{summary.job}: {counts or 'nothing is due'}")
    raise typer.Exit(summary.exit_code)


@batch.command(epilog=CODES)
def status(
    job: JobFile,
    as_json: Annotated[
        bool, typer.Option("--json", help="All of it, every init time, for machines.")
    ] = False,
    last: Annotated[int, typer.Option(help="Init times in the table.", min=1)] = 20,
    now: Now = None,
) -> None:
    """Show what became of each init time; exit code 3 if the newest good forecast is too old."""
    import json

    from stforecast.batch.job import load_job
    from stforecast.batch.status import job_status

    found = job_status(load_job(job), now=moment(now))
    if as_json:
        typer.echo(json.dumps(found.as_tree(), indent=2))
    else:
        _show_status(found, last=last)
    raise typer.Exit(found.exit_code)


def _show_plan(summary: "Summary") -> None:
    from rich.table import Table

    from stforecast.cli.progress import console

    table = Table(title=summary.job, title_justify="left")
    table.add_column("init_time", no_wrap=True, min_width=19)
    for name in ("plan", "why", "missing"):
        table.add_column(name)
    for step in summary.steps:
        missing = "–" if step.verdict.missing is None else f"{step.verdict.missing:.3%}"
        table.add_row(step.init_time, step.action, step.reason, missing)
    console.print(table)


def _show_status(found: "Status", *, last: int) -> None:
    import numpy as np
    from rich.table import Table

    from stforecast.cli.progress import console

    table = Table(title=found.job, title_justify="left")
    table.add_column("init_time", no_wrap=True, min_width=19)
    for name in ("state", "attempts", "missing", "seconds", "reason and warnings"):
        table.add_column(name, justify="right" if name in ("attempts", "seconds") else "left")
    for row in found.rows[-last:]:
        table.add_row(
            row.init_time,
            row.state,
            str(row.attempts),
            "–" if row.missing is None else f"{row.missing:.3%}",
            "–" if row.seconds is None else f"{row.seconds:.2f}",
            "; ".join(filter(None, [row.reason, *row.warnings])),
        )
    console.print(table)
    counts = ", ".join(f"{count} {state}" for state, count in found.counts.items())
    console.print(f"init times: {counts or 'none yet'}")
    for path in found.lost:
        console.print(f"gone: {path}", style="red")
    if found.last_run is not None:
        run = found.last_run
        console.print(f"last run: {run.finished[:19]} UTC, exit code {run.exit_code}")
    if found.newest is None or found.age is None:
        console.print("newest good forecast: none", style="red" if found.is_stale else "")
        return
    hours = float(found.age / np.timedelta64(1, "h"))
    console.print(
        f"newest good forecast: {found.newest.init_time}, {hours:.1f} h old"
        + (", too old" if found.is_stale else ""),
        style="red" if found.is_stale else "",
    )
