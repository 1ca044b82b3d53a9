"""`stforecast app`: the dashboard over a folder of runs and batch jobs, in a browser."""

from pathlib import Path
from typing import Annotated

import typer


def dashboard(
    runs: Annotated[
        Path, typer.Option(help="Folder of runs, batch jobs and forecast files.")
    ] = Path("runs"),
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Data to look at beside those that runs were made from; repeatable."),
    ] = None,
    port: Annotated[int, typer.Option(help="Port to listen at.", min=1, max=65535)] = 8501,
    host: Annotated[
        str, typer.Option(help="Address to listen at; 0.0.0.0 lets other machines in.")
    ] = "localhost",
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser window.")
    ] = True,
) -> None:
    """Look at forecasts, their skill, batch jobs and data in a browser; Ctrl-C ends it.

    Nothing that it shows is ever changed, and nothing is fetched from elsewhere. Example:

    stforecast app --runs runs --data data/weatherbench
    """
    from stforecast.serving import serve

    serve(runs, data=data or (), port=port, host=host, browser=browser)
