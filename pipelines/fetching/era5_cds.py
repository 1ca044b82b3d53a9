"""ERA5 from Copernicus' Climate Data Store: NetCDF files of a month, one request each."""

import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from pipelines.atomic import atomic_path
from pipelines.fetching.failure import FetchError
from pipelines.series import names, parse_step
from pipelines.time_range import parse_times
from pipelines.variables import VARIABLES, match_variable, parse_channel
from pipelines.weather_files import open_source

__all__ = ["Client", "fetch_era5_cds"]

_NOT_IN_CDS = ("tp6h", "tp24h")
_KEY = (
    "the Climate Data Store needs a key. Register at https://cds.climate.copernicus.eu, accept the "
    "licence of ERA5 there, and write the two lines that your profile shows (url: …, key: …) to "
    "~/.cdsapirc"
)


@runtime_checkable
class Client(Protocol):
    """What is used of `cdsapi.Client`."""

    def retrieve(self, name: str, request: dict[str, Any], target: str) -> Any:
        """Wait for a request, and save its result."""
        ...


@dataclass(frozen=True)
class _Job:
    """One request and the file that it gives."""

    name: str
    """Of the file, without its ending."""
    dataset: str
    request: dict[str, Any]
    variables: frozenset[str]
    times: np.ndarray


def fetch_era5_cds(
    out: Path,
    *,
    years: str,
    source: str | None = None,
    variables: Sequence[str] = ("t2m",),
    levels: Sequence[float] | None = None,
    time_step: str = "6h",
    retries: int = 5,
    progress: Callable[[int, int], None] = lambda done, total: None,
    say: Callable[[str], None] = lambda text: None,
    client: Client | None = None,
) -> list[Path]:
    """Fetch ERA5 to the folder `out`: a NetCDF file for each month and kind of level.

    Files that are there already and hold what is wanted are kept, so that asking again goes on.

    Args:
        out: a folder, new or of an earlier fetch.
        years: "2010/2018": years, months or days, inclusive.
        source: address of the API; that of ~/.cdsapirc unless given.
        variables: such as "t2m", "z500".
        levels: hPa, of variables named without one.
        time_step: between frames, from midnight UTC; a divisor of a day.
        retries: attempts after the first, at each call.
        progress: told the files done and in all.
        say: told what is about to be done.
        client: instead of `cdsapi.Client`.

    Raises:
        ValueError: there is no key, the store has no such variable, or the package is missing.
        FetchError: a request failed, or what came is not what was asked for.
    """
    jobs = list(_jobs(years, variables, levels, time_step))
    out.mkdir(parents=True, exist_ok=True)
    missing = [job for job in jobs if not _files(out, job)]
    say(f"{len(jobs)} requests, {len(jobs) - len(missing)} of them done; each may wait for hours")
    if missing and client is None:
        client = _open_client(source, retries)
    for count, job in enumerate(jobs):
        if client is not None and job in missing:
            _fetch_job(client, job, out)
        _check(job, _files(out, job))
        progress(count + 1, len(jobs))
    return [file for job in jobs for file in _files(out, job)]


def _jobs(
    years: str, variables: Sequence[str], levels: Sequence[float] | None, time_step: str
) -> Iterator[_Job]:
    step = parse_step(time_step)
    if np.timedelta64(1, "D") % step or step % np.timedelta64(1, "h"):
        raise ValueError(f"time step {time_step} is no divisor of a day in hours; give 1h, 3h, 6h.")
    surface, upper, wanted = set(), set(), set(levels or ())
    for text in variables:
        variable, level = parse_channel(text)
        if variable.short in _NOT_IN_CDS:
            there = [short for short in VARIABLES if short not in _NOT_IN_CDS]
            raise ValueError(f"ERA5 has no {variable.short} there; it has {names(there, most=20)}.")
        (upper if variable.has_level else surface).add(variable.short)
        wanted |= set() if level is None else {level}
    if upper and not wanted:
        raise ValueError(
            f"{names(sorted(upper))} are on pressure levels; name them, as in z500, or with "
            "--levels 500,850."
        )
    first, last = parse_times(years)
    times = np.arange(first, last + np.timedelta64(1, "ns"), step)
    month = times.astype("datetime64[M]")
    for start in np.unique(month):
        own = times[month == start]
        if surface:
            yield _job("single", surface, own, {})
        if upper:
            chosen = [f"{level:g}" for level in sorted(wanted)]
            yield _job("pressure", upper, own, {"pressure_level": chosen})


def _job(kind: str, shorts: set[str], times: np.ndarray, levels: dict[str, list[str]]) -> _Job:
    stamps = pd.DatetimeIndex(times)
    first, last = pd.Timestamp(times[0]), pd.Timestamp(times[-1])
    month = f"{first:%Y-%m}"
    whole = first.day == 1 and last.day == last.days_in_month
    days = "" if whole else f"-{first:%d}-to-{last:%d}"
    request = {
        "product_type": ["reanalysis"],
        "variable": [VARIABLES[short].wb2_name for short in sorted(shorts)],
        "year": [f"{first:%Y}"],
        "month": [f"{first:%m}"],
        "day": sorted({f"{day:02d}" for day in stamps.day}),
        "time": sorted({f"{stamp:%H:%M}" for stamp in stamps}),
        **levels,
        "data_format": "netcdf",
        "download_format": "unarchived",
    }
    dataset = f"reanalysis-era5-{kind}-levels"
    return _Job(f"era5-{kind}-{month}{days}", dataset, request, frozenset(shorts), times)


def _open_client(source: str | None, retries: int) -> Client:
    try:
        import cdsapi
    except ImportError as error:
        raise ValueError("fetching ERA5 needs cdsapi: pip install 'stforecast[ecmwf]'.") from error
    try:
        return cdsapi.Client(url=source, retry_max=retries + 1, quiet=True, progress=False)
    # It raises nothing narrower.
    except Exception as error:
        raise ValueError(f"{_KEY} ({error}).") from error


def _files(out: Path, job: _Job) -> list[Path]:
    """Files of a job that is done: one, or those of the archive that came instead."""
    single = out / f"{job.name}.nc"
    return [single] if single.is_file() else sorted((out / job.name).glob("*.nc"))


def _fetch_job(client: Client, job: _Job, out: Path) -> None:
    received = out / f".{job.name}.partial"
    try:
        try:
            client.retrieve(job.dataset, job.request, str(received))
        # The client raises bare exceptions, with the server's words in them.
        except Exception as error:
            raise FetchError(f"{job.name}: the Climate Data Store says: {error}") from error
        if not received.is_file():
            raise FetchError(f"{job.name}: nothing came; try again.")
        if zipfile.is_zipfile(received):
            with atomic_path(out / job.name) as folder:
                _unpack(received, folder)
                _check(job, sorted(folder.glob("*.nc")))
        else:
            with atomic_path(out / f"{job.name}.nc") as temporary:
                received.replace(temporary)
                _check(job, [temporary])
    finally:
        received.unlink(missing_ok=True)


def _unpack(archive: Path, folder: Path) -> None:
    """The NetCDF files of an archive, side by side: names that lead elsewhere are not followed."""
    folder.mkdir()
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            if member.filename.endswith(".nc"):
                file = folder / Path(member.filename).name
                with opened.open(member) as packed, file.open("wb") as stream:
                    shutil.copyfileobj(packed, stream)


def _check(job: _Job, files: Sequence[Path]) -> None:
    """See that files are NetCDF with the variables and times asked for.

    Raises:
        FetchError: they are not.
    """
    found: set[str] = set()
    for file in files:
        try:
            source = open_source(file)
        except ValueError as error:
            raise FetchError(f"{job.name}: {error}") from error
        with source.dataset as dataset:
            known = (match_variable(str(name)) for name in dataset.data_vars)
            found |= {variable.short for variable in known if variable is not None}
        lacking = np.setdiff1d(job.times, source.times)
        if len(lacking):
            raise FetchError(
                f"{job.name}: {len(lacking)} times did not come: "
                f"{names(np.datetime_as_string(lacking, unit='m'), most=5)}. ERA5 ends about five "
                "days ago; ask for --years that do."
            )
    if job.variables - found:
        raise FetchError(
            f"{job.name} lacks {names(sorted(job.variables - found))}. If an earlier fetch of others "
            "left it there, name another folder."
        )
