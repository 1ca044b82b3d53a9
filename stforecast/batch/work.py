"""What a worker of a batch job is given, and what it gives back.

A pass has always the same number of places, and an init time has its place in a pass by the job's
axis of init times alone. So a forecast is the same to the last bit whatever else is due, in which
order, on how many workers, and however often the job was killed before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

__all__ = ["Outcome", "OutputSpec", "Task", "forecast_init_times", "iso", "passes"]

_EPOCH = np.datetime64("1970-01-01", "ns")
_MICROSECONDS = len("1970-01-01T00:00:00.000000")


@dataclass(frozen=True)
class OutputSpec:
    """A file that each init time is written to."""

    path: str
    """With the init time, as `str.format` takes it: "out/{init_time:%Y%m%dT%H}.nc"; a URL too."""
    layout: str
    """A name of `LAYOUTS`."""

    def __post_init__(self) -> None:
        if "{init_time" not in self.path:
            raise ValueError(
                f"output path {self.path!r} has no {{init_time}}, but each init time needs a file of "
                "its own; write for example out/{init_time:%Y%m%dT%H}.nc."
            )
        self.target(_EPOCH)

    def target(self, init_time: str | np.datetime64) -> str:
        """The path or URL of an init time."""
        moment = datetime.fromisoformat(str(init_time)[:_MICROSECONDS])
        try:
            return self.path.format(init_time=moment)
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise ValueError(
                f"output path {self.path!r} cannot be filled in ({error!r}); write for example "
                "out/{init_time:%Y%m%dT%H}.nc."
            ) from error


@dataclass(frozen=True)
class Task:
    """A pass of the network, and where what it makes goes."""

    run: str
    """Folder of a run, or a forecaster.safetensors."""
    source: str
    """Raw files or a store with the histories."""
    init_times: tuple[str, ...]
    """Of each place in the pass, as `passes` gives them; places that nothing stands in repeat one."""
    wanted: tuple[str, ...]
    """Which of them are written."""
    steps: int
    """Lead times."""
    batch_size: int
    """Places in the pass."""
    outputs: tuple[OutputSpec, ...]
    """Files of each init time."""
    work: str
    """Folder for files that are being written."""
    threads: int = 1
    """Of torch."""
    device: str = "cpu"
    """auto, cpu or cuda."""
    engine: str = "auto"
    """auto, onnx or torch; all workers take the one that the run settled on."""
    place: tuple[str, ...] = ()
    """Changes to where the run says that its grid lies: "preset=nyc_taxi"."""
    inputs: tuple[str, ...] = ()
    """`input_fingerprint` of the history of each wanted init time: what reads otherwise is not forecast
    from. None: nothing is compared."""

    def __post_init__(self) -> None:
        if len(self.init_times) != self.batch_size:
            raise ValueError(
                f"A pass has {self.batch_size} places, but {len(self.init_times)} init_times are "
                "given; make them with passes()."
            )
        strange = set(self.wanted) - set(self.init_times)
        if strange or not self.wanted:
            raise ValueError(
                f"wanted must name init_times of the pass, but it has {sorted(strange) or 'none'}."
            )
        if self.inputs and len(self.inputs) != len(self.wanted):
            raise ValueError(
                f"inputs has {len(self.inputs)} fingerprints, but wanted {len(self.wanted)} init_times; "
                "give one for each."
            )


@dataclass(frozen=True)
class Outcome:
    """What became of one init time."""

    init_time: str
    """As in the task."""
    outputs: tuple[str, ...] = ()
    """Paths and URLs that are published, whole."""
    seconds: float = 0.0
    """Its part of the pass, and its own writing."""
    missing: float = 0.0
    """Share of the history's values that are missing."""
    error: str | None = None
    """Why it failed; None if all outputs are there."""
    warnings: tuple[str, ...] = ()
    """What a reader should know, though the outputs are there."""


def iso(init_time: np.datetime64) -> str:
    """An init time as text: to the second, or as far as it takes."""
    whole = init_time == init_time.astype("datetime64[s]")
    return str(np.datetime_as_string(init_time, unit="s" if whole else "ns"))


def passes(
    init_times: Sequence[str] | np.ndarray, *, every: np.timedelta64, batch_size: int
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """`init_times` and `wanted` of each pass that it takes, in order of time.

    An init time's number is the count of whole `every` since 1970. Its pass is that number divided by
    `batch_size`, its place in the pass is the remainder: both depend on nothing else.

    Args:
        init_times: what is to be forecast, in any order.
        every: from one init time of the job to the next; the time step where there is no rhythm.
        batch_size: places in a pass.

    Raises:
        ValueError: `batch_size` or `every` is not above 0.
    """
    step = every.astype("timedelta64[ns]").astype("int64")
    if batch_size < 1 or step < 1:
        raise ValueError(
            f"batch_size and every must be above 0, but they are {batch_size} and {every}."
        )
    found: dict[tuple[int, int], dict[int, str]] = {}
    for moment in np.unique(np.asarray(init_times, dtype="datetime64[ns]")):
        whole, place = divmod(int((moment - _EPOCH).astype("int64") // step), batch_size)
        # Init times closer than `every` share a place: the later one goes into one more pass.
        turn = 0
        while place in found.setdefault((whole, turn), {}):
            turn += 1
        found[whole, turn][place] = iso(moment)
    cut = []
    for _, members in sorted(found.items()):
        filler = next(iter(members.values()))
        places = tuple(members.get(place, filler) for place in range(batch_size))
        cut.append((places, tuple(members.values())))
    return cut


def forecast_init_times(task: Task) -> list[Outcome]:
    """Forecast the wanted init times of a pass and publish their files; what became of each.

    What one init time lacks (a frame, a value, room for its file) is its own `error`.

    Raises:
        ValueError: there is no such forecaster, or the input cannot be read or does not fit it.
    """
    # The record and the plan know tasks, but not torch.
    from stforecast.batch.network_pass import run_task

    return run_task(task)
