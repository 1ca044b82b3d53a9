"""`stforecast batch verify` and `stforecast batch schedule`: what looks after forecasts, and when."""

from typing import TYPE_CHECKING, Annotated

import typer

from stforecast.cli.batch_options import JobFile, Now, Scheduler, Workers, moment

if TYPE_CHECKING:
    from stforecast.batch.verification import MonthScore, Verification

__all__ = ["schedule", "verify"]

_MONTHS_SHOWN = 6


def verify(
    job: JobFile,
    as_json: Annotated[
        bool, typer.Option("--json", help="All of it, every month, for machines.")
    ] = False,
    now: Now = None,
) -> None:
    """Score past forecasts whose truth has arrived, and look for drift; exit code 4 if there is any.

    Each lead time of a forecast is scored once, into sums by month of init time, with lead time and
    region, beside persistence. Drift is an RMSE above the run's own test scores.
    """
    import json

    from stforecast.batch.job import load_job
    from stforecast.batch.log import Log
    from stforecast.batch.verify import verify_job
    from stforecast.cli.progress import console, progress_bar

    loaded = load_job(job)
    log = Log(loaded.name, lambda line: typer.echo(line, err=True))
    with progress_bar() as tell:
        found = verify_job(
            loaded,
            now=moment(now),
            progress=tell if console.is_terminal else lambda what, done, total: None,
            log=log,
        )
    if as_json:
        typer.echo(json.dumps(found.as_tree(), indent=2))
    else:
        _show_scores(found)
        _show_drift(found)
    raise typer.Exit(found.exit_code)


def schedule(
    job: JobFile,
    once: Annotated[
        bool, typer.Option("--once", help="Run, verify and keep once, now, and end.")
    ] = False,
    print_: Annotated[
        str | None,
        typer.Option(
            "--print",
            help="Write ready text for another scheduler and end: systemd, cron or kubernetes.",
            metavar="KIND",
        ),
    ] = None,
    workers: Workers = 1,
    scheduler: Scheduler = None,
) -> None:
    """Stay up, and run the job now and whenever its schedule says; verify and keep after each run.

    A run that fails is told to the log (standard error), and the next one comes all the same. Two runs
    never overlap. SIGTERM and SIGINT end it with exit code 0, once the pass in work is finished.
    """
    from stforecast.batch.job import load_job
    from stforecast.batch.log import Log

    loaded = load_job(job)
    if print_ is not None:
        from stforecast.batch.deployment import deployment_text

        typer.echo(deployment_text(loaded, job, kind=print_), nl=False)
        return
    from stforecast.batch.schedule import run_once, run_schedule

    log = Log(loaded.name, lambda line: typer.echo(line, err=True))
    if once:
        raise typer.Exit(run_once(loaded, workers=workers, scheduler=scheduler, log=log))
    run_schedule(loaded, workers=workers, scheduler=scheduler, log=log)


def _show_scores(found: "Verification") -> None:
    from rich.table import Table

    from stforecast.cli.progress import console

    tables: dict[tuple[str, str], list[MonthScore]] = {}
    for score in found.scores:
        tables.setdefault((score.channel, score.region), []).append(score)
    for (channel, region), scores in tables.items():
        months = sorted({score.month for score in scores})[-_MONTHS_SHOWN:]
        title = f"{channel}, {region}: RMSE in {scores[0].units}, in brackets persistence"
        table = Table("lead", title=title, title_justify="left")
        for month in months:
            table.add_column(month, justify="right")
        cells = {(score.lead_hours, score.month): _cell(score) for score in scores}
        for lead in sorted({score.lead_hours for score in scores}):
            table.add_row(f"{lead:g} h", *[cells.get((lead, month), "–") for month in months])
        console.print(table)
    leads = sum(found.scored.values())
    console.print(f"scored now: {leads} lead times of {len(found.scored)} forecasts")
    if found.lost:
        console.print(f"gone before they were verified: {len(found.lost)}", style="red")
    for init_time, why in found.problems.items():
        console.print(f"not verified: {init_time}: {why}", style="red", markup=False)


def _cell(score: "MonthScore") -> str:
    if score.rmse is None:
        return "–"
    beside = "" if score.persistence_rmse is None else f" ({score.persistence_rmse:.4g})"
    return f"{score.rmse:.4g}{beside}"


def _show_drift(found: "Verification") -> None:
    from rich.table import Table

    from stforecast.batch.drift import LEAST_FORECASTS
    from stforecast.cli.progress import console

    if found.limit is None:
        return
    title = f"RMSE of the window against the run's test; above {found.limit:+.1%} it drifts"
    table = Table("channel", "lead", title=title, title_justify="left")
    for name in ("forecasts", "window", "test", "excess", "of persistence", ""):
        table.add_column(name, justify="right")
    for line in found.drift:
        few = f"fewer than {LEAST_FORECASTS}" if line.forecasts < LEAST_FORECASTS else ""
        table.add_row(
            line.channel,
            f"{line.lead_hours:g} h",
            str(line.forecasts),
            "–" if line.rmse is None else f"{line.rmse:.4g} {line.units}",
            f"{line.test_rmse:.4g} {line.units}",
            "–" if line.excess is None else f"{line.excess:+.1%}",
            "–" if line.persistence_excess is None else f"{line.persistence_excess:+.1%}",
            "drift" if line.drifts else few,
            style="red" if line.drifts else "",
        )
    if found.drift:
        console.print(table)
    else:
        console.print("drift: no verified forecast in the window yet")
