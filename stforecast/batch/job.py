"""The job file: what a scheduled job forecasts from which data, when, and where the forecasts go."""

import tomllib
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from pipelines.time_range import parse_times
from stforecast.batch.cron import parse_cron
from stforecast.batch.duration import Duration
from stforecast.batch.output_path import check_distinct
from stforecast.batch.publish import is_url
from stforecast.batch.work import OutputSpec

__all__ = ["InitTimesConfig", "Job", "OutputConfig", "load_job"]


Region = tuple[float, float, float, float]


class _Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class InputConfig(_Config):
    """Where the histories come from."""

    data: str
    """A growing folder, file or store, or a URL, of which a copy is kept in the job's state."""


class InitTimesConfig(_Config):
    """Which init times a run of the job looks at; exactly one of `latest`, `every` and `range`."""

    latest: bool = False
    """The time of the newest frame."""
    every: Duration | None = None
    """All times so far apart, counted from the start of 1970; with `range`, those in the range."""
    offset: Duration = np.timedelta64(0, "ns")
    """Added to the times of `every`: every = "24h" and offset = "12h" is noon."""
    back: Duration | None = None
    """How far back from now `every` looks; two days unless given."""
    range: str | None = None
    """For a backfill: "first/last", inclusive, each a year, day or time."""

    @field_validator("range")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is not None:
            parse_times(value)
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> "InitTimesConfig":
        kinds = [self.latest, self.every is not None and self.range is None, self.range is not None]
        if sum(kinds) != 1:
            raise ValueError(
                'give exactly one of latest = true, every = "6h" and range = "first/last" '
                "(a range may have every beside it)"
            )
        if self.back is not None and (self.every is None or self.range is not None):
            raise ValueError(
                "back says how far every looks back; leave it out, or give every alone"
            )
        if self.every == np.timedelta64(0):
            raise ValueError("every must be above 0")
        if self.offset and self.every is None:
            raise ValueError("offset moves the times of every; leave it out, or give every")
        return self


class HistoryConfig(_Config):
    """The completeness gate: which histories are good enough to forecast from."""

    max_missing: float = Field(default=0.0, ge=0, lt=1)
    """Greatest share of missing values in a good history."""
    degraded: float | None = Field(default=None, gt=0, lt=1)
    """Up to this share of missing values it is forecast all the same, and marked degraded."""
    max_age: Duration | None = None
    """While the newest init time of the data is older than this, nothing new is forecast."""
    otherwise: Literal["wait", "skip", "fail"] = "wait"
    """What becomes of an init time whose history is not good."""
    give_up: Duration | None = None
    """Age at which an init time that waits is skipped, and one that failed is not tried again."""

    @model_validator(mode="after")
    def _in_order(self) -> "HistoryConfig":
        if self.degraded is not None and self.degraded <= self.max_missing:
            raise ValueError(
                f"degraded = {self.degraded} must be above max_missing = {self.max_missing}"
            )
        return self

    @property
    def limit(self) -> float:
        """Greatest share of missing values with which a forecast is made at all."""
        return self.max_missing if self.degraded is None else self.degraded


class OutputConfig(_Config):
    """A file or store for each init time."""

    path: str
    """With the init time in it: "out/{init_time:%Y%m%dT%H}.nc"; a path or a URL."""
    layout: str | None = None
    """A name of `LAYOUTS`; by the path's ending unless given."""

    @model_validator(mode="after")
    def _fits(self) -> "OutputConfig":
        check_distinct(self.spec, step=np.timedelta64(1, "D"))
        return self

    @property
    def spec(self) -> OutputSpec:
        """The same for a worker, with its layout known."""
        from stforecast.layouts import layout_of

        return OutputSpec(self.path, layout_of(Path(self.path), layout=self.layout))


class VerifyConfig(_Config):
    """How past forecasts are scored as truth arrives."""

    data: str | None = None
    """The truth; `input.data` unless given."""
    drift: float | None = Field(default=None, gt=0)
    """Warn when the RMSE of the last `window` exceeds the run's test scores by this share."""
    window: Duration = np.timedelta64(30, "D").astype("timedelta64[ns]")
    """Init times that drift is judged by."""
    regions: dict[str, Region] = Field(default_factory=dict)
    """Scored beside the whole grid: west, south, east and north in degrees."""

    @field_validator("regions")
    @classmethod
    def _boxes(cls, value: dict[str, Region]) -> dict[str, Region]:
        for name, (west, south, east, north) in value.items():
            if name == "all":
                raise ValueError('"all" is the whole grid; give the region another name')
            if not (-90 <= south < north <= 90 and west < east):
                raise ValueError(
                    f"{name} = {[west, south, east, north]} is no region; write [west, south, east, "
                    "north] in degrees, such as [-10, 35, 40, 70], and 170 to 190 across the date line"
                )
        return value


class KeepConfig(_Config):
    """What is removed in time."""

    outputs: Duration
    """Age at which outputs are removed; with `verify`, not before all of it is verified."""


class FreshnessConfig(_Config):
    """When `batch status` complains."""

    max_age: Duration
    """Greatest age of the newest good forecast."""


class ScheduleConfig(_Config):
    """When the job runs; exactly one of the two."""

    cron: str | None = None
    """Five fields: minute, hour, day of month, month, day of week; in UTC."""
    every: Duration | None = None
    """Time between two runs."""

    @model_validator(mode="after")
    def _one_kind(self) -> "ScheduleConfig":
        if (self.cron is None) == (self.every is None):
            raise ValueError('give cron = "15 0,6,12,18 * * *" or every = "6h", one of them')
        if self.cron is not None:
            parse_cron(self.cron)
        if self.every == np.timedelta64(0):
            raise ValueError("every must be above 0")
        return self


class Job(_Config):
    """A job, with every path absolute."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    """Small letters, digits and hyphens."""
    run: str
    """Folder of a run, or a forecaster.safetensors."""
    steps: int | None = Field(default=None, ge=1)
    """Lead times; the network's horizon unless given."""
    batch_size: int = Field(default=8, ge=1)
    """Init times in one pass of the network, which is filled up; 1 for `latest` unless given."""
    threads: int = Field(default=1, ge=1)
    """Of torch, on each worker."""
    device: Literal["auto", "cpu", "cuda"] = "cpu"
    """Where the network computes."""
    engine: Literal["auto", "onnx", "torch"] = "auto"
    """What computes it on a CPU: the one named, or onnx where an export is kept that was faster."""
    state: str
    """Folder of the record and of work in progress; NAME.state beside the job file unless given."""
    input: InputConfig
    """Where the histories come from."""
    init_times: InitTimesConfig
    """What is due."""
    history: HistoryConfig = HistoryConfig()
    """What is good enough."""
    output: tuple[OutputConfig, ...] = Field(min_length=1)
    """What is written."""
    verify: VerifyConfig | None = None
    """How past forecasts are scored; not at all unless given."""
    keep: KeepConfig | None = None
    """What is removed in time; nothing unless given."""
    freshness: FreshnessConfig | None = None
    """When `batch status` complains; never unless given."""
    schedule: ScheduleConfig | None = None
    """When the job runs; for `batch schedule`."""

    @model_validator(mode="after")
    def _fits_together(self) -> "Job":
        if self.history.max_age is not None and self.init_times.range is not None:
            raise ValueError(
                "history.max_age is about now, and init_times.range about then; leave out one of them"
            )
        if is_url(self.state):
            raise ValueError(
                f"state = {self.state} must be a folder on a disk: it holds the record"
            )
        paths = [output.path for output in self.output]
        if len(set(paths)) < len(paths):
            raise ValueError(f"two outputs have the same path: {', '.join(paths)}")
        if self.verify is not None and {one.spec.layout for one in self.output} == {"tidy"}:
            raise ValueError(
                "verify reads the forecasts back, and tables cannot be read back; add an [[output]] "
                "that ends in .nc (cf) or .zarr (wb2), or leave out [verify]"
            )
        return self

    @property
    def status_file(self) -> Path:
        """The record of the job."""
        return Path(self.state) / "status.sqlite"


def load_job(path: str | Path) -> Job:
    """The job in a TOML file; relative paths are relative to its folder.

    Raises:
        ValueError: the file cannot be read, a key is unknown, or a value does not fit.
    """
    file = Path(path)
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"job {file} cannot be read: {error}") from error
    tree.setdefault("state", f"{tree.get('name')}.state")
    due = tree.get("init_times")
    if isinstance(due, dict) and due.get("latest"):
        tree.setdefault("batch_size", 1)  # more places would be computed for nothing
    try:
        return Job.model_validate(_placed(tree, file.resolve().parent))
    except ValidationError as error:
        raise ValueError(_explain(error, file)) from error


_PLACES = {"": ("run", "state"), "input": ("data",), "verify": ("data",), "output": ("path",)}


def _placed(tree: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The tree with its relative paths put below a folder; what is no path is left to the checks."""
    for name, keys in _PLACES.items():
        found = tree if name == "" else tree.get(name)
        tables = found if isinstance(found, list) else [found]
        for table in (table for table in tables if isinstance(table, dict)):
            for key in keys:
                value = table.get(key)
                if isinstance(value, str) and not is_url(value):
                    table[key] = str(folder / value)
    return tree


def _explain(error: ValidationError, file: Path) -> str:
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"]) or "job"
        if problem["type"] == "extra_forbidden":
            lines.append(f"{key} is no key of a job; docs/batch.md lists them")
        elif problem["type"] == "missing":
            lines.append(f"{key} is missing")
        elif problem["loc"] and not isinstance(problem["input"], dict | BaseModel):
            message = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{key} = {problem['input']!r}: {message}")
        else:
            lines.append(f"{key}: {problem['msg'].removeprefix('Value error, ')}")
    return f"job {file}: " + "; ".join(lines)
