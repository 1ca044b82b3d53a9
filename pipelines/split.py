"""Splits: train, validation and test, disjoint in time and a window apart."""

from itertools import pairwise

import numpy as np
from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from pipelines.protocols import PROTOCOLS, test_frames
from pipelines.time_range import describe_span, parse_times, range_between

__all__ = ["SPLITS", "SplitConfig", "resolve_split"]

# Where two splits lie closer than the gap, the earlier one in this list gives way: the test split
# keeps the times that a published protocol names.
SPLITS = ("train", "validation", "test")


class SplitConfig(BaseModel):
    """Which times belong to which split."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    train: str | float = 0.7
    """Inclusive years, dates or times "first/last" ("2010/2015", "2019-03-01/2019-03-22", "2016"),
    or the fraction of the frames, in order of time: train, validation, test."""
    validation: str | float = 0.1
    """As `train`; the best epoch is chosen on it."""
    test: str | float = 0.2
    """As `train`; scores are reported on it, nothing is chosen."""
    protocol: str | None = None
    """A name of `PROTOCOLS`, which says what is tested on; `validation` is then a fraction of the
    frames before, and training is the rest. `train` and `test` are not looked at."""
    gap: int | None = None
    """Steps left out between neighbouring splits; one window (history + horizon) unless given."""

    @field_validator("train", "validation", "test", mode="before")
    @classmethod
    def _year_is_text(cls, value: object) -> object:
        """A bare year in TOML is a number; 1 or less is a fraction."""
        if isinstance(value, int) and not isinstance(value, bool) and value > 1:
            return str(value)
        if isinstance(value, str):
            try:
                fraction = float(value)
            except ValueError:
                return value
            return fraction if fraction <= 1 else value
        return value

    @field_validator("train", "validation", "test")
    @classmethod
    def _readable(cls, value: str | float) -> str | float:
        if isinstance(value, str):
            parse_times(value)
        elif not 0 < value < 1:
            raise ValueError(f"a fraction lies between 0 and 1, but it is {value}")
        return value

    @field_validator("protocol")
    @classmethod
    def _known_protocol(cls, value: str | None) -> str | None:
        if value is not None and value not in PROTOCOLS:
            raise ValueError(f"known are {', '.join(PROTOCOLS)}")
        return value

    @field_validator("gap")
    @classmethod
    def _gap_is_not_negative(cls, value: int | None) -> int | None:
        if value is not None and value < 0:
            raise ValueError(f"gap is a number of steps, 0 or more, but it is {value}")
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> "SplitConfig":
        fractions = [value for value in self._parts() if not isinstance(value, str)]
        if self.protocol is not None and len(fractions) < len(SPLITS):
            raise ValueError(
                f"split: protocol {self.protocol!r} says what is tested on; beside it `validation` "
                "is a fraction, and no times are named"
            )
        if fractions and len(fractions) < len(SPLITS):
            raise ValueError(
                "split: train, validation and test are all times or all fractions, but they are "
                f"{self.train!r}, {self.validation!r}, {self.test!r}; name all three"
            )
        if self.protocol is None and sum(fractions) > 1 + 1e-9:
            raise ValueError(f"split: the fractions add up to {sum(fractions):g}, more than 1")
        return self

    def _parts(self) -> list[str | float]:
        return [self.train, self.validation, self.test]


def resolve_split(
    times: np.ndarray,
    config: SplitConfig,
    *,
    window_steps: int,
    time_step: np.timedelta64,
    parts: np.ndarray | None = None,
) -> dict[str, range]:
    """The frames of each split, as ranges of indices into `times`.

    Between neighbouring splits at least `config.gap` steps (one window unless given) are left out;
    training gives way to validation, and validation to test.

    Args:
        times: strictly increasing.
        window_steps: history + horizon.
        parts: of each time, its place in the published split: 0 training, 1 validation, 2 test, in this
            order. They count unless the experiment names a split; None where the data have none.

    Raises:
        ValueError: splits overlap, or one holds no frame, or the data have no published split.
    """
    plain = config.model_copy(update={"gap": None}) == SplitConfig()
    if config.protocol == "published" or (plain and parts is not None):
        return _published(parts)
    wanted = config._parts()
    if config.protocol is not None:
        tested = test_frames(times, config.protocol, window_steps=window_steps, time_step=time_step)
        validated = round(tested.start * (1 - float(config.validation)))
        ranges = {
            "train": range(validated),
            "validation": range(validated, tested.start),
            "test": tested,
        }
    elif isinstance(wanted[0], str):
        ranges = {
            name: range_between(times, str(part), name)
            for name, part in zip(SPLITS, wanted, strict=True)
        }
    else:
        edges = np.rint(np.cumsum([0.0, *map(float, wanted)]) * len(times)).astype(int)
        ranges = {
            name: range(int(start), int(stop))
            for name, (start, stop) in zip(SPLITS, pairwise(edges), strict=True)
        }
    gap = window_steps if config.gap is None else config.gap
    ordered = sorted(SPLITS, key=lambda name: ranges[name].start)
    for earlier, later in pairwise(ordered):
        _check_disjoint(times, earlier, ranges[earlier], later, ranges[later])
    for earlier, later in pairwise(ordered):
        if ranges[earlier] and ranges[later]:
            _leave_gap(times, ranges, earlier, later, steps=gap, time_step=time_step)
    for name, part in zip(SPLITS, wanted, strict=True):
        if not ranges[name]:
            meant, way_out = f"split.{name} = {part!r}", "Name other times"
            if config.protocol is not None:
                meant = f"split.{name} beside split.protocol = {config.protocol!r}"
                way_out = f"Set another split.validation than {config.validation}"
            raise ValueError(
                f"{meant} holds no frame, gap of {gap} steps taken off: the data have {len(times)} "
                f"frames {describe_span(times)}. {way_out}, or a smaller split.gap."
            )
    return ranges


def _published(parts: np.ndarray | None) -> dict[str, range]:
    """The frames of each split where each time says to which one it belongs.

    Its clips lie further apart than any window: nothing is left out between the splits.
    """
    if parts is None:
        raise ValueError(
            "split.protocol = 'published' is for video whose split is published, but these data say "
            "none; name fractions or times instead."
        )
    edges = np.searchsorted(parts, range(len(SPLITS) + 1))
    ranges = {
        name: range(int(start), int(stop))
        for name, (start, stop) in zip(SPLITS, pairwise(edges), strict=True)
    }
    for name, frames in ranges.items():
        if not frames:
            raise ValueError(
                f"split.protocol = 'published': the data have no clip for {name}. Give all of the "
                "dataset's files, or name fractions instead."
            )
    return ranges


def _check_disjoint(
    times: np.ndarray, earlier: str, first: range, later: str, second: range
) -> None:
    if second.start < first.stop:
        raise ValueError(
            f"split.{earlier} and split.{later} overlap from {times[second.start]:} on; "
            "scores on frames that training has seen mean nothing. Name times that are disjoint."
        )


def _leave_gap(
    times: np.ndarray,
    ranges: dict[str, range],
    earlier: str,
    later: str,
    *,
    steps: int,
    time_step: np.timedelta64,
) -> None:
    distance = (steps + 1) * time_step
    first, second = ranges[earlier], ranges[later]
    if SPLITS.index(earlier) < SPLITS.index(later):
        last_allowed = times[second.start] - distance
        stop = int(np.searchsorted(times, last_allowed, side="right"))
        ranges[earlier] = range(first.start, max(min(stop, first.stop), first.start))
    else:
        first_allowed = times[first.stop - 1] + distance
        start = int(np.searchsorted(times, first_allowed, side="left"))
        ranges[later] = range(min(max(start, second.start), second.stop), second.stop)
