"""All files of one variable together: their tallies joined, judged and summarised."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from pipelines.checking.chunks import Absent
from pipelines.checking.findings import Finding, finding
from pipelines.checking.quantities import Quantity
from pipelines.checking.report import VariableSummary
from pipelines.checking.tally import Tally
from pipelines.checking.timeline import time_text
from pipelines.grid import Placement

__all__ = ["CountedMap", "Piece", "judge_values", "summarise"]

_OUTLIER_STDS = 30.0


@dataclass(frozen=True, eq=False)
class Piece:
    """One variable of one file, counted."""

    name: str
    """Of the file."""
    quantity: Quantity
    tally: Tally
    times: np.ndarray
    absent: Absent | None


@dataclass(eq=False)
class CountedMap:
    """Missing values of each cell over the files that lie on one grid."""

    placement: Placement | None
    counts: np.ndarray
    """(rows, columns), in the order of the files."""
    values: int = 0
    """Values that each cell might have."""

    @property
    def share(self) -> xr.DataArray:
        """(y, x), 0 to 1, in the order of the grid where there is one."""
        share = self.counts / max(self.values, 1)
        if self.placement is None:
            return xr.DataArray(share, dims=("y", "x"))
        grid = self.placement.grid
        placed = share[self.placement.rows][:, self.placement.columns]
        coords = {"latitude": ("y", grid.latitude), "longitude": ("x", grid.longitude)}
        return xr.DataArray(placed, dims=("y", "x"), coords=coords)


def summarise(key: str, pieces: Sequence[Piece], maps: Sequence[CountedMap]) -> VariableSummary:
    """The numbers of one variable over all its files."""
    first = pieces[0].quantity
    times = np.concatenate([piece.times for piece in pieces])
    shares = np.concatenate([piece.tally.missing / piece.tally.per_frame for piece in pieces])
    order = np.argsort(times, kind="stable")
    missing = xr.DataArray(shares[order], dims="time", coords={"time": times[order]})
    count, mean, squares = _moments(pieces)
    values = sum(piece.tally.per_frame * len(piece.times) for piece in pieces)
    edges = pieces[0].tally.edges
    histogram = np.sum([piece.tally.histogram for piece in pieces], axis=0)
    nowhere = float("nan")
    return VariableSummary(
        name=key,
        file_names=tuple(dict.fromkeys(piece.quantity.name for piece in pieces)),
        units_declared=tuple(dict.fromkeys(piece.quantity.declared or "" for piece in pieces)),
        units=first.units,
        levels=first.levels,
        files=len({piece.name for piece in pieces}),
        minimum=min(piece.tally.minimum for piece in pieces) if count else nowhere,
        maximum=max(piece.tally.maximum for piece in pieces) if count else nowhere,
        mean=mean if count else nowhere,
        std=float(np.sqrt(squares / count)) if count else nowhere,
        share_missing=1 - count / max(values, 1),
        low=float(first.low.min()),
        high=float(first.high.max()),
        missing=missing,
        missing_map=maps[0].share,
        histogram=xr.DataArray(
            histogram, dims="bin", coords={"middle": ("bin", (edges[1:] + edges[:-1]) / 2)}
        ),
    )


def _moments(pieces: Sequence[Piece]) -> tuple[int, float, float]:
    count, mean, squares = 0, 0.0, 0.0
    for tally in (piece.tally for piece in pieces):
        if tally.count:
            total, apart = count + tally.count, tally.mean - mean
            squares += tally.squares + apart**2 * count * tally.count / total
            mean += apart * tally.count / total
            count = total
    return count, mean, squares


def judge_values(
    key: str, pieces: Sequence[Piece], maps: Sequence[CountedMap], summary: VariableSummary
) -> list[Finding]:
    """What is wrong with the values of one variable."""
    findings = [*_unreadable(key, pieces), *_absent(key, pieces)]
    findings += [*_missing(key, pieces, maps), *_numbers(key, pieces, summary)]
    flat_value = summary.minimum == summary.maximum
    if flat_value and summary.std == 0 and sum(len(piece.times) for piece in pieces) > 1:
        text = f"{key} is {summary.minimum:g} everywhere and always"
        findings.append(finding("constant", text, examples=[pieces[0].name]))
    else:
        findings += _stuck(key, pieces)
    return findings


def _unreadable(key: str, pieces: Sequence[Piece]) -> list[Finding]:
    findings = []
    for piece in pieces:
        if broken := piece.tally.unreadable:
            text = f"{piece.name}: {key} cannot be read in {len(broken)} place(s): {broken[0][1]}"
            places = [time_text(piece.times[frame]) for frame, _ in broken]
            way_out = "fetch or copy it again"
            findings.append(
                finding("unreadable", text, count=len(broken), examples=places, way_out=way_out)
            )
    return findings


def _absent(key: str, pieces: Sequence[Piece]) -> list[Finding]:
    findings = []
    for piece in pieces:
        if (absent := piece.absent) is None:
            continue
        first = piece.times[np.flatnonzero(absent.per_frame)]
        as_number = not np.isnan(absent.reads_as)
        text = (
            f"{piece.name}: {absent.chunks} of {absent.of} chunks of {key} are not there; their "
            f"values read as {f'{absent.reads_as:g}' if as_number else 'missing'}"
        )
        findings.append(
            finding(
                "absent-chunk",
                text + (", in the same cells at all times" if absent.everywhere else ""),
                severity="note" if absent.everywhere and not as_number else "error",
                count=absent.chunks,
                examples=map(time_text, np.sort(first)),
                way_out="fetch or copy the store again; a store may also leave out chunks that hold "
                "nothing else",
            )
        )
    return findings


def _missing(key: str, pieces: Sequence[Piece], maps: Sequence[CountedMap]) -> list[Finding]:
    findings = []
    always = sum(int((each.counts == each.values).sum()) for each in maps)
    cells = sum(each.counts.size for each in maps)
    if 0 < always < cells:
        share = always / cells
        text = f"{key}: {always} of {cells} cells ({share:.1%}) never hold a value"
        findings.append(finding("always-missing", text, count=always))
    share_always = always / max(cells, 1) if always < cells else 0.0
    whole, part, lost = [], [], 0
    for piece in pieces:
        tally = piece.tally
        expected = np.rint(share_always * tally.per_frame)
        gone = np.zeros(len(piece.times))
        if piece.absent is not None and np.isnan(piece.absent.reads_as):
            gone = piece.absent.per_frame
        own = tally.marked - np.maximum(expected, gone)
        full = tally.missing == tally.per_frame
        whole.append(piece.times[(own > 0) & full])
        part.append(piece.times[(own > 0) & ~full])
        lost += int(own[own > 0].sum())
    wholly, partly = np.sort(np.concatenate(whole)), np.sort(np.concatenate(part))
    if not len(wholly) and not len(partly):
        return findings
    told = [f"in {len(wholly)} whole frames"] * bool(len(wholly))
    told += [f"in part of {len(partly)} frames"] * bool(len(partly))
    values = sum(piece.tally.per_frame * len(piece.times) for piece in pieces)
    findings.append(
        finding(
            "missing-values",
            f"{key}: values are missing {' and '.join(told)} ({lost / values:.2%} of all values)",
            count=lost,
            examples=map(time_text, np.concatenate([wholly, partly])),
            way_out='fetch those times again, or train with missing = "mask"',
        )
    )
    return findings


def _numbers(key: str, pieces: Sequence[Piece], summary: VariableSummary) -> list[Finding]:
    """Infinite values, sentinels and values that do not occur in nature."""
    findings = []
    infinite = sum(piece.tally.infinite for piece in pieces)
    if infinite:
        places = _frames_of(pieces, "infinite_frames")
        text = f"{key}: {infinite} values are infinite, in {len(places)} frames"
        findings.append(finding("infinite", text, count=infinite, examples=places))
    sentinels: dict[float, int] = {}
    for piece in pieces:
        for value, count in piece.tally.sentinels.items():
            sentinels[value] = sentinels.get(value, 0) + count
    for value, count in sentinels.items():
        text = f"{key}: {count} values are {value:g}, which stands for missing and is not marked so"
        known = pieces[0].quantity.conversion is not None
        findings.append(
            finding("fill-value", text, count=count, fixable=known, examples=[f"{value:g}"])
        )
    outside = sum(piece.tally.outside for piece in pieces)
    if outside:
        places = _frames_of(pieces, "outside_frames")
        low = min(piece.tally.outside_low for piece in pieces)
        high = max(piece.tally.outside_high for piece in pieces)
        text = (
            f"{key}: {outside} values do not occur in nature: they lie between {low:g} and {high:g} "
            f"{summary.units}, outside {summary.low:g} to {summary.high:g}, in {len(places)} frames"
        )
        findings.append(finding("out-of-range", text, count=outside, examples=places))
    beyond = max(summary.maximum - summary.mean, summary.mean - summary.minimum)
    if not np.isfinite(summary.low) and summary.std > 0 and beyond > _OUTLIER_STDS * summary.std:
        text = (
            f"{key}: values reach from {summary.minimum:g} to {summary.maximum:g}, up to "
            f"{beyond / summary.std:.0f} standard deviations from the mean"
        )
        findings.append(finding("outlier", text, way_out="look at them: the largest may be wrong"))
    return findings


def _frames_of(pieces: Sequence[Piece], name: str) -> list[str]:
    times = [piece.times[sorted(set(getattr(piece.tally, name)))] for piece in pieces]
    return [time_text(time) for time in np.sort(np.concatenate(times))]


def _stuck(key: str, pieces: Sequence[Piece]) -> list[Finding]:
    times, count = [], 0
    for piece in pieces:
        tally = piece.tally
        moved = np.diff(piece.times, prepend=piece.times[:1]) != np.timedelta64(0)
        # Dry frames are alike, and so are missing ones; a repeated time is told as such.
        frozen = tally.stuck & ~tally.flat & (tally.missing < tally.per_frame) & moved
        count += int(frozen.sum())
        times.append(piece.times[frozen])
    if not count:
        return []
    text = f"{key}: {count} frames equal the frame before, value by value"
    examples = map(time_text, np.sort(np.concatenate(times)))
    return [finding("stuck", text, count=count, examples=examples, way_out="fetch them again")]
