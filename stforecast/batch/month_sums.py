"""Score sums of a job's past forecasts, in one file for each month of init times.

A file holds the sums of each init time, and beside them which lead times of which forecast are in
them; both appear at once. So nothing can be counted twice, whenever a verification is killed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.atomic import atomic_path
from stforecast.batch.folders import sweep_beside
from stforecast.verification.sums import ScoreSums

__all__ = [
    "ALL",
    "FORECAST",
    "PERSISTENCE",
    "MonthSums",
    "add_up",
    "load_month",
    "merge",
    "save_month",
]

FORECAST, PERSISTENCE = "forecast", "persistence"
"""Names along `forecaster`."""
ALL = "all"
"""The region that is the whole grid."""

_MADE = ("fingerprint", "made_by", "degraded", "leads", "verified")
_BOXES = "boxes"


@dataclass(frozen=True, eq=False)
class MonthSums:
    """Score sums of some forecasts, and what is in them."""

    sums: ScoreSums
    """(region, forecaster, init_time, lead_time, channel)."""
    made: xr.Dataset
    """Of each forecast: `fingerprint`, `made_by` (its forecaster's fingerprint), `degraded` (0 or 1)
    and `leads` (how many it has), all (init_time); `verified` (init_time, lead_time), 1 where the lead
    time is in the sums."""
    boxes: Mapping[str, tuple[float, ...]]
    """West, south, east and north of each region but `all`, in degrees."""

    def verified(self, init_time: str, fingerprint: str) -> np.ndarray:
        """The lead times of a forecast that are in the sums."""
        if not self._holds(init_time, fingerprint):
            return np.array([], dtype="timedelta64[ns]")
        flags = self.made["verified"].sel(init_time=np.datetime64(init_time, "ns"))
        return self.made["lead_time"].values[flags.values > 0]

    def leads(self, init_time: str, fingerprint: str) -> int | None:
        """How many lead times a forecast has; None where none of it is in the sums."""
        if not self._holds(init_time, fingerprint):
            return None
        return int(self.made["leads"].sel(init_time=np.datetime64(init_time, "ns")))

    def at(self, init_times: np.ndarray) -> "MonthSums":
        """Those of some init times alone."""
        chosen = {"init_time": init_times}
        return MonthSums(ScoreSums(self.sums.data.sel(chosen)), self.made.sel(chosen), self.boxes)

    def _holds(self, init_time: str, fingerprint: str) -> bool:
        moment = np.datetime64(init_time, "ns")
        if moment not in self.made["init_time"].values:
            return False
        return str(self.made["fingerprint"].sel(init_time=moment).values) == fingerprint


def merge(before: MonthSums, scored: MonthSums) -> MonthSums:
    """The sums before, and what was scored since: lead times are added, replaced forecasts replaced.

    Args:
        scored: of a forecast that was there before, only lead times that are not in its sums.

    Raises:
        ValueError: they were not computed by the same rules, or a region has moved.
    """
    moved = [name for name, box in scored.boxes.items() if before.boxes.get(name, box) != box]
    if moved:
        raise ValueError(
            f"region {moved[0]} was {list(before.boxes[moved[0]])} and is now "
            f"{list(scored.boxes[moved[0]])}; give the new box another name"
        )
    times, again = before.made["init_time"].values, scored.made["init_time"].values
    common = np.intersect1d(times, again)
    same = common[
        before.made["fingerprint"].sel(init_time=common).values.astype(str)
        == scored.made["fingerprint"].sel(init_time=common).values.astype(str)
    ]
    kept, grown = before.at(np.setdiff1d(times, common)), before.at(same)
    boxes = {**before.boxes, **scored.boxes}
    regions = [ALL, *boxes]
    old, part, new = (_in_regions(one.sums, regions) for one in (kept, grown, scored))
    leads = np.union1d(part.data["lead_time"], new.data["lead_time"])
    # Each lead time is 0 in one of the two.
    before_it = part.data.reindex(init_time=again, lead_time=leads, fill_value=0)
    topped = new.data.reindex(lead_time=leads, fill_value=0) + before_it
    sums = old + ScoreSums(topped.assign_attrs(new.data.attrs))
    lead_times = sums.data["lead_time"].values
    flags = [one.made.reindex(lead_time=lead_times, fill_value=0) for one in (kept, grown, scored)]
    seen = flags[1][["verified"]].reindex(init_time=again, fill_value=0)
    flags[2] = flags[2].assign(verified=flags[2]["verified"] + seen["verified"])
    made = xr.concat([flags[0], flags[2]], "init_time", join="exact").sortby("init_time")
    return MonthSums(sums, made, boxes)


def _in_regions(sums: ScoreSums, regions: Sequence[str]) -> ScoreSums:
    """Sums with all these regions; what was not asked for then counts nothing."""
    return ScoreSums(sums.data.reindex(region=list(regions), fill_value=0))


def add_up(months: Sequence[MonthSums]) -> MonthSums:
    """Several months as one.

    Raises:
        ValueError: they were not computed by the same rules, or a region has moved.
    """
    return reduce(merge, months)


def save_month(month: MonthSums, file: Path) -> None:
    """Write a month, whole or not at all; only one process at a time may.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    sweep_beside(file)
    attrs = {**month.sums.data.attrs, _BOXES: json.dumps(month.boxes)}
    whole = xr.merge(
        [month.sums.data, month.made], join="exact", compat="override", combine_attrs="override"
    )
    with atomic_path(file) as temporary:
        whole.assign_attrs(attrs).to_netcdf(temporary, engine="netcdf4")


def load_month(file: Path) -> MonthSums:
    """The month in a file that `save_month` wrote.

    Raises:
        ValueError: it is damaged.
    """
    try:
        with xr.open_dataset(file, engine="netcdf4", decode_timedelta=True) as opened:
            whole = opened.load().drop_encoding()
        boxes = {name: tuple(box) for name, box in json.loads(whole.attrs.pop(_BOXES)).items()}
        made = whole[list(_MADE)].drop_attrs().reset_coords(drop=True)
        return MonthSums(ScoreSums(whole.drop_vars(list(_MADE))), made, boxes)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise ValueError(
            f"{file} is no whole file of score sums ({error}); move it away, and `stforecast batch "
            "verify` scores that month anew from the forecasts that are still there."
        ) from error
