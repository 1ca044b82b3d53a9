"""Checks of where outputs go: a file of its own for each init time, and none of them in the input."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stforecast.batch.work import OutputSpec, iso

__all__ = ["check_distinct", "check_outside", "check_targets"]

_DAYS = np.array([1, 7, 28, 30, 31, 365, 3653])


def check_distinct(output: OutputSpec, *, step: np.timedelta64) -> None:
    """Raise ValueError unless init times that are a step or more apart have different paths."""
    first = np.datetime64("2001-01-01T00:00:00", "ns")
    longer = _DAYS.astype("timedelta64[D]").astype("timedelta64[ns]")
    for apart in [step, *longer[longer > step]]:
        other = first + apart
        if output.target(first) == output.target(other):
            raise ValueError(
                f"output path {output.path!r} is the same for {iso(first)} and {iso(other)}: one "
                "forecast would replace the other. Name year, month, day and hour, as in "
                "out/{init_time:%Y%m%dT%H}.nc."
            )


def check_outside(paths: Sequence[str], data: Path) -> None:
    """Raise ValueError where what a job writes lies in its input, or holds it."""
    origin = data.resolve()
    for path in paths:
        target = Path(path).resolve()
        if target == origin or target in origin.parents or origin in target.parents:
            raise ValueError(f"{path} would lie in the input {data}, or replace it; name another.")


def check_targets(outputs: Sequence[OutputSpec], init_times: Sequence[str]) -> None:
    """Raise ValueError where two outputs would be one file."""
    owners: dict[str, str] = {}
    for init_time in init_times:
        for output in outputs:
            target, owner = output.target(init_time), f"{output.path!r} at {init_time}"
            if owners.setdefault(target, owner) != owner:
                raise ValueError(
                    f"output paths {owners[target]} and {owner} are both {target}; put more of the "
                    "init time into them, such as {init_time:%Y%m%dT%H%M}, or give each its own name."
                )
