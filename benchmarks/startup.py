"""How long a command takes before it does anything, and a forecast that is hardly more than its start.

    python -m benchmarks.startup

Each command runs in a process of its own, again and again, in turn with the others. Beside them stand
what any program waits for that computes with torch and reads with xarray, and what a command line would
wait for that imported all of its library at the top.
"""

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from rich.console import Console
from typer.main import get_command

from benchmarks.measuring import Row, Work, alternate, machine, show
from stforecast.cli import app

__all__ = ["rows"]

LIBRARIES = "import netCDF4, torch, xarray, dask.array"
"""xarray imports dask itself as soon as it reads a file."""
WHOLE = "import stforecast; [getattr(stforecast, name) for name in stforecast.__all__]"
_GRID = (1, 32, 64)
_FRAMES = 48


def rows(console: Console) -> list[Row]:
    """Seconds of commands, from the shell to the end."""
    with tempfile.TemporaryDirectory() as folder:
        return [*_helps(console), *_forecasts(Path(folder), console)]


def commands() -> list[str]:
    """The names of all commands, one in a group as "group command"."""
    found = []
    groups = [("", get_command(app))]
    while groups:
        prefix, group = groups.pop()
        for name, command in getattr(group, "commands", {}).items():
            found.append(f"{prefix} {name}".strip())
            groups.append((found[-1], command))
    return found


def _helps(console: Console) -> list[Row]:
    """`--help` of the program, of each command, and as it would be with all imports at the top."""
    console.print("start-up: --help")
    asked = {f"stforecast {name}".strip(): [*name.split(), "--help"] for name in ("", *commands())}
    ways = {name: partial(stforecast, *words) for name, words in asked.items()}
    took = {name: one.median for name, one in alternate(ways, turns=3, warm_up=1).items()}
    top = alternate({"top": partial(python, WHOLE)}, turns=1, warm_up=1)["top"].median
    whole, slowest = took.pop("stforecast"), max(took, key=lambda name: took[name])
    against = "all imported at the top"
    return [
        Row("--help", "python", whole, "s", top / whole, against, "wanted: under 0.5 s"),
        Row(
            *("--help of the slowest command", slowest, took[slowest], "s"),
            *(top / took[slowest], against, f"of {len(took)} commands"),
        ),
    ]


def _forecasts(folder: Path, console: Console) -> list[Row]:
    """One forecast on a small grid, by the ending of its file, and what is refused."""
    # Here: the processes that start the commands import this file.
    from benchmarks.archives import made_series
    from benchmarks.forecasters import made_forecaster
    from pipelines.store import write_store

    console.print("start-up: a forecast")
    series = made_series(_FRAMES, _GRID)
    write_store(series, folder / "store")
    made_forecaster(series, history=4, horizon=4).save(folder / "forecaster.safetensors")
    given = ("forecast", str(folder / "forecaster.safetensors"), "--input", str(folder / "store"))
    ways = {
        "libraries alone": partial(python, LIBRARIES),
        **{
            f"forecast to {ending}": partial(stforecast, *given, "--output", str(folder / ending))
            for ending in ("a.nc", "a.zarr", "a.csv")
        },
        "inspect --json": partial(stforecast, "inspect", "--json", given[1]),
        "what is not there": partial(stforecast, "evaluate", str(folder / "nothing"), code=2),
    }
    took = {name: one.median for name, one in alternate(ways, turns=3, warm_up=1).items()}
    limit = took["libraries alone"]
    note = f"32×64, {_FRAMES} frames in a store"
    return [
        Row(name, "python", seconds, "s", limit / seconds, "torch, xarray, netCDF4 alone", note)
        for name, seconds in took.items()
    ]


def stforecast(*words: str, code: int = 0) -> Work:
    """What runs a command, and fails if it ends with another code."""
    return partial(_run, [sys.executable, "-m", "stforecast", *words], code)


def python(statement: str) -> Work:
    """What runs a statement in a fresh Python."""
    return partial(_run, [sys.executable, "-c", statement], 0)


def _run(words: list[str], code: int) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != code:
        raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}: {done.stderr}")


def main() -> None:
    """Print the table."""
    console = Console()
    show(f"Start-up; {machine()}", rows(console), console=console)


if __name__ == "__main__":
    main()
