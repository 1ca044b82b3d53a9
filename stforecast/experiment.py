"""The experiment: everything that makes a run, read from TOML, checked, written back whole."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pipelines.atomic import atomic_path
from pipelines.clips import ClipConfig
from pipelines.input_names import GROUPS, INPUTS
from pipelines.places import PlaceConfig
from pipelines.resample import Rule
from pipelines.series import parse_step
from pipelines.split import SplitConfig

__all__ = [
    "Experiment",
    "NetworkConfig",
    "TrainingConfig",
    "load_experiment",
    "read_tree",
    "save_experiment",
]


class NetworkConfig(BaseModel):
    """Which network, and its options; the network itself knows and checks them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str = "simvp"
    """A name that `stforecast networks` lists."""

    def options(self) -> dict[str, Any]:
        """The network's own options."""
        return dict(self.model_extra or {})


class TrainingConfig(BaseModel):
    """How the network is trained."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(default=50, ge=1)
    """Passes over the training windows."""
    batch_size: int = Field(default=16, ge=1)
    """Windows a step, over all processes together."""
    learning_rate: float = Field(default=1e-3, gt=0)
    """Highest learning rate of the schedule (Adam)."""
    schedule: Literal["cosine", "onecycle", "constant"] = "cosine"
    """"cosine": a step an epoch, down to 1e-6; "onecycle": a step a batch (Smith 2018)."""
    warmup_epochs: int = Field(default=0, ge=0)
    """Cosine only: epochs of a linear rise from 1e-5."""
    weight_decay: float = Field(default=0.0, ge=0)
    """Adam's weight decay."""
    area_weights: bool = False
    """Weigh the loss by the area of the grid cells, as the scores do."""
    gradient_clip: float | None = Field(default=None, gt=0)
    """Largest norm of the gradient; none unless given."""
    early_stopping: int | None = Field(default=None, ge=1)
    """Stop after so many epochs without a better validation loss; never unless given."""
    window_stride: int = Field(default=1, ge=1)
    """Steps between the starts of neighbouring training windows."""
    windows_per_epoch: int = Field(default=10_000, ge=1)
    """Of training windows that are made on the fly, how many an epoch has; no two have the same."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """"auto": bfloat16 mixed precision on a GPU that has it, float32 elsewhere."""
    checkpoint_gradients: bool = False
    """Keep only what goes into each block of SimVP's translator and compute the rest again for the
    gradients: the same training in a fraction of the memory, for about a third more time."""


class Experiment(BaseModel):
    """Dataset, window, split, network and training of one run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    """A name that `stforecast datasets` lists."""
    data: str | None = None
    """File, folder or store that the run was trained on."""
    variables: tuple[str, ...] | None = None
    """Such as ["t2m", "z500"]; all that the data have unless given."""
    time_step: str | None = None
    """Such as "6h"; the data's own unless given."""
    days: Literal["all", "complete"] = "all"
    """"complete" leaves out the days that lack a frame, as the TaxiBJ literature does."""
    missing: Literal["drop", "mask"] = "drop"
    """"drop": a time at which a frame or one of its channels is missing is a gap, and no window crosses
    it; "mask": it is kept as missing values, which enter a history as the training mean and count
    neither in the loss nor in the scores."""
    resample: Rule = "none"
    """How frames at irregular times come onto the axis of `time_step`, in UTC from midnight: "nearest",
    "linear" (between neighbours at most two steps apart) or "mean" (over the step before)."""
    inputs: tuple[str, ...] = ()
    """Extra inputs: names of `pipelines.inputs.INPUTS` and of its `GROUPS`, such as "calendar" or
    "where"; none in the published networks."""
    place: PlaceConfig = PlaceConfig()
    """Where a grid without coordinates lies, for maps and files; no forecast depends on it."""
    clips: ClipConfig = ClipConfig()
    """Video only: how its clips are made."""
    history: int = Field(default=12, ge=1)
    """Steps seen; the last one is the init_time."""
    horizon: int = Field(default=12, ge=1)
    """Steps forecast in one pass."""
    normalisation: Literal["zscore", "minmax01", "minmax11"] = "zscore"
    """Per channel, fitted on the training split."""
    target: Literal["field", "tendency"] = "field"
    """What the network puts out: whole frames, as published, or changes from the last seen one."""
    seed: int = Field(default=0, ge=0)
    """Initial weights, order of the windows and drop path all follow from it."""
    split: SplitConfig = SplitConfig()
    """Which times belong to train, validation and test."""
    network: NetworkConfig = NetworkConfig()
    """The network and its options."""
    training: TrainingConfig = TrainingConfig()
    """How it is trained."""

    @field_validator("variables", "inputs", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        """`--set variables=t2m,z500` arrives as one text."""
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("inputs")
    @classmethod
    def _known_inputs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = set(value) - {*INPUTS, *GROUPS}
        if unknown:
            raise ValueError(f"known are {', '.join([*GROUPS, *INPUTS])}")
        return value

    @field_validator("time_step", mode="before")
    @classmethod
    def _readable_step(cls, value: object) -> object:
        """`--set time_step=30` arrives as a number."""
        if value is not None:
            parse_step(str(value))
        return value

    @field_validator("resample")
    @classmethod
    def _names_its_step(cls, value: Rule, info: Any) -> Rule:
        if value != "none" and "time_step" in info.data and info.data["time_step"] is None:
            raise ValueError("it needs the step of the new series: set time_step, such as 6h")
        return value


def load_experiment(
    file: Path | None = None, *, base: dict[str, Any] | None = None, settings: Sequence[str] = ()
) -> Experiment:
    """The experiment that a base, a TOML file and `key=value` settings make, later ones first.

    Args:
        file: TOML with the fields of `Experiment`.
        base: values where neither file nor settings say anything, such as a preset's.
        settings: "split.train=2001/2007", "history=8"; values as in TOML, quotes may be left out.

    Raises:
        ValueError: a file cannot be read, a key is unknown, or a value is out of its range.
    """
    tree = _merge(dict(base or {}), read_tree(file, settings=settings))
    try:
        return Experiment.model_validate(tree)
    except ValidationError as error:
        raise ValueError(_explain(error, file)) from error


def read_tree(file: Path | None = None, *, settings: Sequence[str] = ()) -> dict[str, Any]:
    """What a TOML file and `key=value` settings say, settings last; not checked yet.

    Raises:
        ValueError: the file cannot be read, or a setting is no key=value.
    """
    tree: dict[str, Any] = {}
    if file is not None:
        try:
            tree = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ValueError(f"experiment {file} cannot be read: {error}") from error
    for setting in settings:
        tree = _merge(tree, _parse_setting(setting))
    return tree


def save_experiment(experiment: Experiment, file: Path) -> None:
    """Write an experiment as TOML that `load_experiment` reads back unchanged."""
    with atomic_path(file) as temporary:
        temporary.write_text(tomli_w.dumps(as_tree(experiment)), encoding="utf-8")


def as_tree(experiment: Experiment) -> dict[str, Any]:
    """The experiment as plain tables and values, as TOML and JSON hold them."""
    return experiment.model_dump(mode="json", exclude_none=True)


def _parse_setting(setting: str) -> dict[str, Any]:
    key, equals, text = setting.partition("=")
    if not equals or not key.strip():
        raise ValueError(f"--set takes key=value, such as history=8, but it is {setting!r}.")
    value: Any
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    if not isinstance(value, str | int | float | bool | list):
        value = text  # a date without quotes: the fields take texts
    *tables, last = key.strip().split(".")
    tree: dict[str, Any] = {last: value}
    for table in reversed(tables):
        tree = {table: tree}
    return tree


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        inner = merged.get(key)
        if isinstance(inner, dict) and isinstance(value, dict):
            merged[key] = _merge(inner, value)
        else:
            merged[key] = value
    return merged


def _explain(error: ValidationError, file: Path | None) -> str:
    where = f" in {file}" if file is not None else ""
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            known = _fields_at(problem["loc"][:-1])
            lines.append(f"{key} is no key of an experiment{where}; known: {', '.join(known)}")
        elif problem["type"] in ("model_type", "model_attributes_type"):
            known = ", ".join(f"{key}.{field}" for field in _fields_at(problem["loc"]))
            lines.append(f"{key} = {problem['input']!r}{where} is a table; set its keys: {known}")
        elif problem["type"] == "missing":
            lines.append(f"{key} is missing{where}")
        else:
            message = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{key} = {problem['input']!r}{where}: {message}")
    return "; ".join(lines)


def _fields_at(location: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = Experiment
    for part in location:
        inner = model.model_fields[str(part)].annotation
        assert isinstance(inner, type) and issubclass(inner, BaseModel)  # noqa: PT018
        model = inner
    return list(model.model_fields)
