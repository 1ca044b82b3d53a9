"""The command line: one file a command; each imports what it needs when it runs."""

import os
import signal
import sys

import typer

from stforecast.cli.app import dashboard
from stforecast.cli.batch import batch
from stforecast.cli.benchmark import benchmark
from stforecast.cli.catalogue import datasets, networks
from stforecast.cli.check import check
from stforecast.cli.evaluate import evaluate
from stforecast.cli.fetch import fetch
from stforecast.cli.forecast import forecast
from stforecast.cli.importing import import_checkpoint
from stforecast.cli.inspect import inspect
from stforecast.cli.optimise import optimise
from stforecast.cli.prepare import prepare
from stforecast.cli.sample import sample
from stforecast.cli.train import train
from stforecast.errors import TrainingError

__all__ = ["app", "main"]

app = typer.Typer(
    name="stforecast",
    help="Train, verify, run and show SimVPv2 forecasts of anything that lives on a grid and moves.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for command in (
    sample,
    fetch,
    check,
    prepare,
    train,
    evaluate,
    forecast,
    optimise,
    benchmark,
    networks,
    datasets,
    inspect,
):
    app.command()(command)
app.add_typer(batch, name="batch")
app.command("import")(import_checkpoint)  # a name that no function can have
app.command("app")(dashboard)


def main() -> None:
    """Run the command line: exit 0 on success, 2 on a user's mistake, 1 on a failure.

    A mistake is one line, `error: what, which value, the way out`; with `STFORECAST_DEBUG=1` it comes
    with its traceback.
    """
    # A stopped process cleans up after itself, as an interrupted one does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    debug = os.environ.get("STFORECAST_DEBUG") == "1"
    try:
        app()
    except ValueError as error:
        if debug:
            raise
        _complain(str(error))
        sys.exit(2)
    except (OSError, TrainingError) as error:
        if debug:
            raise
        _complain(f"{error} (STFORECAST_DEBUG=1 shows where)")
        sys.exit(1)
    except SystemExit as stop:
        if stop.code == 130:
            _complain("interrupted; nothing is half-written.")
        raise


def _complain(text: str) -> None:
    # Plain text: rich would wrap a path in the middle or read brackets as markup.
    sys.stderr.write(f"error: {text}\n")
