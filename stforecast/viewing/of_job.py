"""Forecasts that a batch job has made, as its record tells of them."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from stforecast.batch.job import Job, load_job
from stforecast.batch.publish import is_url
from stforecast.batch.record import Record
from stforecast.layouts import LAYOUTS, layout_of
from stforecast.run import Run
from stforecast.viewing.beside import Beside, baselines_beside, find_series
from stforecast.viewing.catalogue import Entry
from stforecast.viewing.forecast_files import Kind, is_remote, look_into
from stforecast.viewing.of_files import FileForecasts, file_forecasts
from stforecast.viewing.run_head import Head, read_head

__all__ = ["open_job_forecasts"]


def open_job_forecasts(entry: Entry, *, data: str | Path | None = None) -> FileForecasts:
    """The forecasts that a job has made and that are still there.

    Raises:
        ValueError: the job file, its record or its data are damaged.
        OSError: the record cannot be read.
    """
    job = load_job(entry.path)
    places: dict[np.datetime64, Sequence[str]] = {}
    for row in Record(job.status_file).states():
        left = [place for place in row.outputs if _is_readable(place)] if row.is_good else []
        if left:
            places[np.datetime64(row.init_time, "ns")] = left
    head, beside, notes = _beside_job(job, data)
    if not places:
        notes += (f"The job has no forecast yet: run `stforecast batch run {entry.path}`.",)
    kind, problems = look_into(places)
    if kind is None and head is None:
        raise ValueError(f"Neither a forecast nor the run of {entry.path} can be read: {notes[0]}")
    if kind is None:
        assert head is not None
        steps = np.arange(1, (job.steps or head.experiment.horizon) + 1)
        grid = head.grid(beside.place).assign_attrs(dataset=head.experiment.dataset)
        kind = Kind(head.channels, steps * head.time_step, grid)
    return file_forecasts(
        entry, places, kind, beside, notes + problems, experiment=head.experiment if head else None
    )


def _beside_job(job: Job, data: str | Path | None) -> tuple[Head | None, Beside, tuple[str, ...]]:
    """The head of a job's run, what stands beside its forecasts, and notes on what is missing."""
    folder = Path(job.run) if Path(job.run).is_dir() else Path(job.run).parent
    try:
        head = read_head(
            folder / "forecaster.safetensors" if Path(job.run).is_dir() else Path(job.run)
        )
    except ValueError as error:
        return (
            None,
            Beside(),
            (f"The job's run cannot be read, so that there is no truth: {error}",),
        )
    experiment = head.experiment
    # What grows is read where it lies: a copy would be made anew with every delivery.
    series, notes = find_series(experiment, data or _truth_of(job), may_copy=False)
    if series is None:
        return head, Beside(place=experiment.place.find()), notes
    models, more = baselines_beside(
        Run(folder), series, dataset=experiment.dataset, time_step=head.time_step
    )
    place = experiment.place.find(series.attrs.get("place"))
    beside = Beside(series, head.time_step, experiment.history, place, models)
    return head, beside, notes + more


def _truth_of(job: Job) -> str:
    """Where the truth of a job's forecasts lies on this machine."""
    named = job.verify.data if job.verify else None
    data = named or job.input.data
    if not is_url(data):
        return data
    part = "input" if data == job.input.data else "truth"
    return str(Path(job.state) / part / (PurePosixPath(data.rstrip("/")).name or "data"))


def _is_readable(output: str) -> bool:
    """Whether an output of a job can be read back, and is there as far as this machine can tell."""
    if layout_of(Path(output)) == LAYOUTS["tidy"].name:
        return False
    return is_remote(output) or Path(output.removeprefix("file://")).exists()
