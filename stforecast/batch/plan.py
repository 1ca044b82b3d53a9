"""The plan of a run: what is to be done about each init time, decided before anything is done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import xarray as xr

from stforecast.batch.fingerprint import frame_facts, join_fingerprints, label_digest
from stforecast.batch.gate import Verdict, hold, judge, stale_reason
from stforecast.batch.job import Job
from stforecast.batch.publish import exists_whole
from stforecast.batch.rows import NOT_SEEN, Row

__all__ = ["Step", "decide", "judge_all", "unfinished"]

Action = Literal["forecast", "unchanged", "keep", "wait", "skip", "fail"]
_ACTIONS: dict[str, Action] = {"waiting": "wait", "skipped": "skip", "failed": "fail"}


@dataclass(frozen=True)
class Step:
    """What is to be done about one init time, and why."""

    verdict: Verdict
    """Of the gate."""
    action: Action
    """"keep" leaves a forecast as it is although the input has changed; "unchanged" has nothing to
    do."""
    reason: str
    """In a few words."""
    warning: str | None = None
    """What a reader of the forecast should know."""
    fingerprint: str | None = None
    """Of the forecast that would be made."""
    token: tuple[int, str | None] = NOT_SEEN
    """Of the record's row, as it was when this was decided."""
    lost: bool = False
    """Whether a forecast was made before, but is not there any more."""

    @property
    def init_time(self) -> str:
        """As ISO text."""
        return self.verdict.init_time


def unfinished(rows: Mapping[str, Row], *, job: Job, now: np.datetime64) -> np.ndarray:
    """The init times that earlier runs have left: waiting, failed, or claimed by a run that is gone.

    What waits past `history.give_up` is among them, to be given up; what failed is not.
    """
    give_up = job.history.give_up
    left = []
    for row in rows.values():
        init_time = np.datetime64(row.init_time, "ns")
        tired = give_up is not None and now - init_time > give_up
        claimed = row.owner is not None
        if claimed or row.state == "waiting" or (row.state == "failed" and not tired):
            left.append(init_time)
    return np.array(left, dtype="datetime64[ns]")


def judge_all(
    series: xr.DataArray,
    init_times: np.ndarray,
    *,
    offsets: np.ndarray,
    job: Job,
    now: np.datetime64,
    named: bool,
    empty: np.ndarray | None = None,
    progress: Callable[[int, int], None],
) -> list[Verdict]:
    """The gate's verdict on each init time, every frame read once.

    Args:
        series: the forecaster's channels alone.
        offsets: of the frames of a history from its init_time.
        now: in the data's own time.
        named: whether somebody asks for just these: then no input is too old.
        empty: cells (channel, y, x) that never hold a value, and so miss none.
    """
    wanted = np.unique((init_times[:, None] + offsets).ravel())
    facts = frame_facts(series, wanted, empty=empty, progress=progress)
    channels = [str(name) for name in series["channel"].values]
    labels = label_digest(series)
    verdicts = [
        judge(
            init_time,
            facts,
            offsets=offsets,
            channels=channels,
            frame_size=int(np.prod(series.shape[1:]) - (0 if empty is None else empty.sum())),
            labels=labels,
            config=job.history,
            now=now,
        )
        for init_time in init_times
    ]
    whole = [np.datetime64(v.init_time, "ns") for v in verdicts if v.missing is not None]
    stale = None if named or not whole else stale_reason(max(whole), config=job.history, now=now)
    if stale is None:
        return verdicts
    return [
        hold(verdict, stale, config=job.history, now=now) if verdict.passes else verdict
        for verdict in verdicts
    ]


def decide(
    verdict: Verdict, row: Row | None, *, forecaster: str, settings: str, redo: bool
) -> Step:
    """What is to be done about one init time.

    Args:
        row: of the record.
        forecaster, settings: their fingerprints.
        redo: make again what is finished and unchanged.
    """
    token = row.token if row else NOT_SEEN
    good = row if row is not None and row.is_good else None
    gone = [path for path in good.outputs if not exists_whole(path)] if good else []
    lost = good is not None and len(gone) == len(good.outputs) > 0
    if good is None or lost:
        step = _begin(verdict, row, join_fingerprints(forecaster, _of(verdict), settings))
        return replace(step, reason=f"{gone[0]} is gone", lost=True) if lost else step
    if not verdict.passes:
        return _refuse(verdict, good)
    made_by = join_fingerprints(forecaster, _of(verdict), settings)
    if good.fingerprint != made_by and _is_worse(verdict, good):
        return _keep(verdict, good)
    if not redo and not good.outputs:
        return Step(verdict, "unchanged", good.reason, token=token)
    if not redo and not gone and good.fingerprint == made_by:
        return Step(verdict, "unchanged", "finished", fingerprint=made_by, token=token)
    reason = _why_again(good, verdict, forecaster, gone, same=good.fingerprint == made_by)
    return Step(verdict, "forecast", reason, fingerprint=made_by, token=token)


def _of(verdict: Verdict) -> str:
    return verdict.input_fingerprint or ""


def _begin(verdict: Verdict, row: Row | None, made_by: str) -> Step:
    """What becomes of an init time that has no forecast."""
    token = row.token if row else NOT_SEEN
    if not verdict.passes:
        return Step(verdict, _ACTIONS[verdict.judgement], verdict.reason, token=token)
    reason = "new" if row is None else f"{row.state} before"
    return Step(verdict, "forecast", reason, fingerprint=made_by, token=token)


def _is_worse(verdict: Verdict, good: Row) -> bool:
    if good.state == "done" and verdict.judgement == "degraded":
        return True
    return verdict.missing is not None and verdict.missing > (good.missing or 0.0)


def _refuse(verdict: Verdict, good: Row) -> Step:
    """What becomes of a forecast whose history does not pass the gate any more."""
    same = good.input_fingerprint == verdict.input_fingerprint
    if same or verdict.held or verdict.missing is None:
        # An input that is emptied in time is the rule, and no fault of the forecast's.
        return Step(verdict, "unchanged", f"finished; {verdict.reason}", token=good.token)
    return _keep(verdict, good)


def _keep(verdict: Verdict, good: Row) -> Step:
    why = f"the input has become worse: {verdict.reason}"
    return Step(verdict, "keep", why, warning=f"kept as it was, {why}", token=good.token)


def _why_again(
    row: Row, verdict: Verdict, forecaster: str, gone: Sequence[str], *, same: bool
) -> str:
    if row.forecaster_fingerprint != forecaster:
        return "the forecaster has changed"
    if row.input_fingerprint != verdict.input_fingerprint:
        return "the input has changed"
    if not same:
        return "the settings have changed"
    return f"{gone[0]} is gone" if gone else "asked for again"
