"""The completeness gate: whether a history is good enough to forecast from, and if not, why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pipelines.series import name_step, names
from stforecast.batch.fingerprint import FrameFacts, input_fingerprint
from stforecast.batch.job import HistoryConfig
from stforecast.batch.work import iso

__all__ = ["Verdict", "hold", "judge", "stale_reason"]

Judgement = Literal["good", "degraded", "waiting", "skipped", "failed"]
_REFUSALS: dict[str, Judgement] = {"wait": "waiting", "skip": "skipped", "fail": "failed"}


@dataclass(frozen=True)
class Verdict:
    """What the gate says of one init time."""

    init_time: str
    """As ISO text."""
    judgement: Judgement
    """"good" and "degraded" are forecast, the others not."""
    reason: str = ""
    """Why it is not good."""
    missing: float | None = None
    """Share of the history's values that are missing; None if a whole frame is absent."""
    input_fingerprint: str | None = None
    """Of the history; None if a whole frame is absent."""
    held: bool = False
    """Whether it is turned down for a reason outside its history."""

    @property
    def passes(self) -> bool:
        """Whether it may be forecast."""
        return self.judgement in ("good", "degraded")


def judge(
    init_time: np.datetime64,
    facts: Mapping[np.datetime64, FrameFacts],
    *,
    offsets: np.ndarray,
    channels: Sequence[str],
    frame_size: int,
    labels: bytes,
    config: HistoryConfig,
    now: np.datetime64,
) -> Verdict:
    """The verdict on the history of one init time.

    Args:
        facts: of all frames that there are.
        offsets: of the frames of a history from its init_time.
        channels: names, in order.
        frame_size: values that a whole frame holds.
        labels: digest of what the frames share.
        now: in the data's own time.
    """
    wanted = init_time + offsets
    frames = [facts.get(time) for time in wanted]
    there = [frame for frame in frames if frame is not None]
    if len(there) < len(frames):
        absent = [iso(time) for time, frame in zip(wanted, frames, strict=True) if frame is None]
        reason = f"{len(absent)} of {len(frames)} frames are absent: {names(absent, most=3)}"
        return _refusal(init_time, reason, config=config, now=now)
    missing = sum(frame.missing for frame in there) / (frame_size * len(there))
    fingerprint = input_fingerprint(iso(init_time), there, labels=labels)
    seen = np.any([frame.seen for frame in there], axis=0)
    empty = [name for name, has in zip(channels, seen, strict=True) if not has]
    infinite = sum(frame.infinite for frame in there)
    if infinite:
        reason = f"{infinite} values are infinite"
    elif empty:
        reason = f"there is no value of {names(empty)}"
    elif missing > config.limit:
        reason = f"{_percent(missing)} of the values are missing, above {_percent(config.limit)}"
    else:
        degraded = missing > config.max_missing
        return Verdict(
            iso(init_time),
            "degraded" if degraded else "good",
            reason=f"{_percent(missing)} of the values are missing" if degraded else "",
            missing=missing,
            input_fingerprint=fingerprint,
        )
    verdict = _refusal(init_time, reason, config=config, now=now)
    return replace(verdict, missing=missing, input_fingerprint=fingerprint)


def stale_reason(newest: np.datetime64, *, config: HistoryConfig, now: np.datetime64) -> str | None:
    """Why nothing new is forecast while the newest whole init time is too old; None if it is not."""
    if config.max_age is None or now - newest <= config.max_age:
        return None
    hours = (now - newest) / np.timedelta64(1, "h")
    return (
        f"the input is stale: its newest init time {iso(newest)} is {hours:.4g} h old, more than "
        f"{name_step(config.max_age)}"
    )


def hold(verdict: Verdict, reason: str, *, config: HistoryConfig, now: np.datetime64) -> Verdict:
    """A verdict that is turned down for a reason that its history knows nothing of."""
    init_time = np.datetime64(verdict.init_time, "ns")
    refused = _refusal(init_time, reason, config=config, now=now)
    return replace(verdict, judgement=refused.judgement, reason=refused.reason, held=True)


def _refusal(
    init_time: np.datetime64, reason: str, *, config: HistoryConfig, now: np.datetime64
) -> Verdict:
    judgement = _REFUSALS[config.otherwise]
    if judgement == "waiting" and config.give_up is not None and now - init_time > config.give_up:
        judgement = "skipped"
        reason += f"; given up after {name_step(config.give_up)}"
    return Verdict(iso(init_time), judgement, reason=reason)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
