"""What evaluations left in a run: scores, and errors in detail."""

from pathlib import Path

import xarray as xr

from stforecast.run import Run
from stforecast.verification.dialects import dialect_for

__all__ = ["evaluate_command", "load_errors", "load_scores"]


def load_scores(run: Run, *, dialect: str | None = None, split: str = "test") -> xr.Dataset:
    """The scores of a run, as `evaluate` gave them.

    Args:
        dialect: the dataset's own unless given.

    Raises:
        ValueError: the run was not evaluated so, or the dialect is unknown.
    """
    name = dialect_for(run.experiment().dataset, dialect).name
    file = run.scores_file(dialect=name, split=split)
    return _load(run, file, "scores", dialect=dialect, split=split)


def load_errors(run: Run, *, dialect: str | None = None, split: str = "test") -> xr.Dataset:
    """The errors in detail of a run, as `ErrorDetails.summarise` gave them.

    Args:
        dialect: the dataset's own unless given.

    Raises:
        ValueError: the run was not evaluated so, or the dialect is unknown.
    """
    name = dialect_for(run.experiment().dataset, dialect).name
    file = run.errors_file(dialect=name, split=split)
    return _load(run, file, "errors in detail", dialect=dialect, split=split)


def evaluate_command(run: Run, *, dialect: str | None = None, split: str = "test") -> str:
    """The command that makes scores and errors of a run."""
    options = ("" if dialect is None else f" --dialect {dialect}") + (
        "" if split == "test" else f" --split {split}"
    )
    return f"stforecast evaluate {run.folder}{options}"


def _load(run: Run, file: Path, what: str, *, dialect: str | None, split: str) -> xr.Dataset:
    command = evaluate_command(run, dialect=dialect, split=split)
    if not file.is_file():
        raise ValueError(f"{run.folder} has no {what} ({file.name}); make them with `{command}`.")
    try:
        with xr.open_dataset(file, engine="netcdf4", decode_timedelta=True) as stored:
            return stored.load()
    except OSError as error:
        raise ValueError(
            f"{file} cannot be read, it is damaged: {error}. Make it anew with `{command}`."
        ) from error
