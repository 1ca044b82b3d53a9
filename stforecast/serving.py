"""Serving: Streamlit in this process, on the dashboard that lies beside the package."""

import errno
import os
import runpy
import socket
import sys
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

__all__ = ["find_dashboard", "serve"]

OPTIONS = {
    "global_developmentMode": False,
    "browser_gatherUsageStats": False,
    "client_showErrorDetails": "none",
    "client_toolbarMode": "minimal",
    "logger_hideWelcomeMessage": True,
    "logger_level": "warning",
    "runner_magicEnabled": False,
    "server_fileWatcherType": "none",
    "theme_base": "light",
    "theme_primaryColor": "#0072B2",
    "theme_textColor": "#22262b",
    "theme_secondaryBackgroundColor": "#f4f6f8",
    "theme_borderColor": "#dfe3e8",
    "theme_baseRadius": "8px",
}
"""What Streamlit is told: no statistics, no watching of files, no tracebacks on pages, our colours."""


def find_dashboard() -> Path:
    """The dashboard's first page, beside this package.

    Raises:
        ValueError: it is not installed, or Python finds somebody else's `app` before it.
    """
    home = Path(__file__).resolve().parent.parent
    main = home / "app" / "main.py"
    if not main.is_file():
        raise ValueError(
            f"the dashboard is not installed: there is no {main}. Install stforecast whole."
        )
    spec = find_spec("app")
    found = None if spec is None or spec.origin is None else Path(spec.origin).resolve()
    if found != home / "app" / "__init__.py":
        where = "nowhere" if found is None else str(found)
        raise ValueError(
            f"stforecast needs its own package 'app' in {home}, but Python finds it at {where}. "
            "Start from another folder, or take that one off sys.path (PYTHONPATH)."
        )
    return main


def serve(runs: Path, *, data: Sequence[Path], port: int, host: str, browser: bool) -> None:
    """Show a folder until the process is stopped.

    Args:
        runs: folder of runs, batch jobs and forecast files.
        data: data to look at beside those that runs name.
        browser: a window is opened.

    Raises:
        ValueError: the folder or some data do not exist, or the port cannot be had.
    """
    main = find_dashboard()
    if not runs.is_dir():
        raise ValueError(
            f"--runs {runs} is no folder. Name one that holds runs; `stforecast train DATASET "
            f"--run {runs}/NAME` or `make demo` makes the first."
        )
    for place in data:
        if not place.exists():
            raise ValueError(f"--data {place} does not exist. Name a file, a store or a folder.")
    _try_port(host, port)
    # By the environment, as `streamlit run app/main.py` can be told as well.
    os.environ["STFORECAST_RUNS"] = str(runs.resolve())
    os.environ["STFORECAST_APP_DATA"] = os.pathsep.join(str(place.resolve()) for place in data)
    _start(main, port=port, host=host, browser=browser)


def _try_port(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as listener:
            if os.name == "posix":  # a port that was given up a minute ago is free
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except socket.gaierror as error:
        raise ValueError(
            f"--host {host} is no address of this machine: {error.strerror}."
        ) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = "is taken, perhaps by another dashboard; give another with --port"
        else:
            reason = f"cannot be listened at: {error.strerror}"
        raise ValueError(f"port {port} of {host} {reason}.") from error


def _start(main: Path, *, port: int, host: str, browser: bool) -> None:
    from streamlit.web import bootstrap

    options = {
        **OPTIONS,
        "server_port": port,
        "server_address": host,
        "browser_serverAddress": "localhost" if host in ("0.0.0.0", "::") else host,
        "server_headless": not browser,
    }
    # The libraries, and the newest run, are there before the first visitor is.
    threading.Thread(target=_warm_up, args=(main,), name="warm-up", daemon=True).start()
    bootstrap.load_config_options(options)
    sys.stdout.write(f"stforecast dashboard: http://{options['browser_serverAddress']}:{port}\n")
    sys.stdout.flush()
    bootstrap.run(str(main), False, [], options)


def _warm_up(main: Path) -> None:
    # The dashboard knows this package, and this package not the dashboard: it is started by path.
    runpy.run_path(str(main.parent / "warm_up.py"))
