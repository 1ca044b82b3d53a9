"""The doctor: every file opened as it is, each value read once, and all that is wrong told."""

from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipelines.checking.axes import axes_of, compare_grids
from pipelines.checking.blocks import blocks_of
from pipelines.checking.chunks import Absent, absent_chunks
from pipelines.checking.collected import CountedMap, Piece, judge_values, summarise
from pipelines.checking.copies import find_copies
from pipelines.checking.findings import Finding, finding, in_order, merged
from pipelines.checking.labels import Labelled, label
from pipelines.checking.of_series import check_series, opens_as_series
from pipelines.checking.opening import find_raw, open_raw
from pipelines.checking.quantities import Quantity, quantities_of
from pipelines.checking.report import Report
from pipelines.checking.tally import Tally, new_tally
from pipelines.checking.timeline import Stretch, judge_times, repeated_frames
from pipelines.grid import Placement

__all__ = ["Checked", "Examined", "check", "check_opened"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Examined:
    """One dataset of one file, opened and told what it is."""

    path: Path
    name: str
    """Relative to what is checked."""
    labelled: Labelled
    axes: tuple[str, str, Placement] | None
    quantities: tuple[Quantity, ...]
    reduced: bool
    """Whether members or lead times were left aside."""


@dataclass(frozen=True, eq=False)
class Checked:
    """A report, and what stands open behind it."""

    report: Report
    examined: tuple[Examined, ...]
    stretches: dict[str, list[tuple[Examined, Stretch]]]
    """The times of each variable in each file that is read."""
    copies: Set[tuple[Examined, str]]
    """Files and their variables that the reader passes over, since others hold the same."""
    timeless: tuple[str, ...]
    """Files without a time axis, such as constants."""


def check(path: str | Path, *, progress: Progress | None = None) -> Report:
    """What is wrong with raw files, a store, or a folder of files.

    A file that cannot be opened is a finding, and the rest goes on. Beside a few frames that units
    are told by, each value is read once, and some tens of megabytes are in memory at a time.

    Args:
        progress: called with the bytes of values that are read, and those that there are.

    Raises:
        ValueError: the path does not exist.
    """
    path = Path(path)
    if opens_as_series(path):
        return check_series(path, progress=progress)
    with ExitStack() as opened:
        return check_opened(path, opened, progress=progress).report


def check_opened(path: Path, opened: ExitStack, *, progress: Progress | None = None) -> Checked:
    """The check of raw files, with their datasets.

    Args:
        opened: closes them.
    """
    examined, files, findings = examine(path, opened)
    timeless = [each.examples[0] for each in findings if each.code == "no-time" and each.examples]
    placements = {each.name: each.axes[2] for each in examined if each.axes is not None}
    findings += compare_grids(placements)
    groups = _groups(examined)
    if not any(quantity.variable for group in groups.values() for _, quantity in group):
        findings = _unusable(findings)
    arrays = [quantity.array for group in groups.values() for _, quantity in group]
    total = sum(array.size * array.dtype.itemsize for array in arrays)
    count = _Counter(total, progress)
    variables, stretches = {}, {}
    copies, found = _copies(path, groups)
    findings += found
    for key, group in groups.items():
        pieces, maps = _scan(group, count)
        variables[key] = summarise(key, pieces, maps)
        own = [Stretch(piece.name, piece.times, piece.tally.digests) for piece in pieces]
        stretches[key] = [
            (each, at)
            for (each, _), at in zip(group, own, strict=True)
            if (each, key) not in copies
        ]
        findings += judge_values(key, pieces, maps, variables[key])
    findings += judge_times({key: [at for _, at in own] for key, own in stretches.items()})
    if files and not variables and not any(each.severity == "error" for each in findings):
        findings.append(finding("empty", f"{path} holds no variable with time, rows and columns"))
    report = Report(path, tuple(files), variables, in_order(merged(findings)), total)
    return Checked(report, tuple(examined), stretches, copies, tuple(timeless))


class _Counter:
    """Bytes that have been read."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def add(self, count: int) -> None:
        """Tell that so many bytes more have been read."""
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total)


_NOTHING = ("no-time", "unknown-variable")


def _unusable(findings: Sequence[Finding]) -> list[Finding]:
    """Notes on what cannot be used as errors, where nothing else is there and no error says why."""
    if any(each.severity == "error" for each in findings):
        return list(findings)
    return [replace(each, severity="error") if each.code in _NOTHING else each for each in findings]


_SEVERAL = ("ensemble", "expver-mixed", "init-valid-time")


def examine(path: Path, opened: ExitStack) -> tuple[list[Examined], list[str], list[Finding]]:
    """The datasets at a path, the files' names, and what is wrong with their labels.

    Args:
        opened: closes them.
    """
    places, findings = find_raw(path)
    examined, files = [], []
    for place in places:
        name = place.name if place == path else place.relative_to(path).as_posix()
        files.append(name)
        datasets, found = open_raw(place, name)
        findings += found
        for dataset in datasets:
            opened.callback(dataset.close)
            labelled, found = label(dataset, name)
            findings += found
            labels = found
            if labelled is None:
                continue
            axes, found = axes_of(labelled.dataset, name)
            findings += found
            quantities, found = quantities_of(place, labelled, name, has_grid=axes is not None)
            findings += found
            several = [each for each in (*labels, *found) if each.code in _SEVERAL]
            reduced = any(each.severity == "error" for each in several)
            examined.append(Examined(place, name, labelled, axes, tuple(quantities), reduced))
    return _by_levels(examined), files, findings


def _by_levels(examined: Sequence[Examined]) -> list[Examined]:
    """Variables at several levels told apart by these: files of other levels repeat no time."""
    found: dict[str, set[frozenset[float]]] = {}
    for each in examined:
        for quantity in each.quantities:
            if len(quantity.levels) > 1:
                found.setdefault(quantity.key, set()).add(frozenset(quantity.levels))
    several = {key for key, sets in found.items() if len(sets) > 1}
    return [
        replace(
            each,
            quantities=tuple(
                replace(one, apart=True) if one.key in several else one for one in each.quantities
            ),
        )
        for each in examined
    ]


def _groups(examined: Sequence[Examined]) -> dict[str, list[tuple[Examined, Quantity]]]:
    groups: dict[str, list[tuple[Examined, Quantity]]] = {}
    for each in examined:
        for quantity in each.quantities:
            groups.setdefault(quantity.key, []).append((each, quantity))
    for group in groups.values():
        group.sort(key=lambda pair: pair[0].labelled.times.min())
    return groups


def _copies(
    path: Path, groups: Mapping[str, Sequence[tuple[Examined, Quantity]]]
) -> tuple[set[tuple[Examined, str]], list[Finding]]:
    copies, findings = set(), []
    for key, group in groups.items():
        whole = [pair for pair in group if not pair[0].reduced]
        fields = [(each.name, quantity.field) for each, quantity in whole]
        places, found = find_copies(path, key, fields)
        copies |= {(whole[place][0], key) for place in places}
        findings += found
    return copies, findings


def _scan(
    group: Sequence[tuple[Examined, Quantity]], count: _Counter
) -> tuple[list[Piece], list[CountedMap]]:
    """Every value of a variable, counted; and the maps of what is missing, one for each layout."""
    repeated = repeated_frames([each.labelled.times for each, _ in group])
    low = min(quantity.sampled[0] for _, quantity in group)
    high = max(quantity.sampled[1] for _, quantity in group)
    bounds = _bounds(low, high)
    maps: dict[tuple, CountedMap] = {}
    pieces = []
    for (each, quantity), frames in zip(group, repeated, strict=True):
        array = quantity.array
        counted = maps.setdefault(
            _layout(each, array.shape),
            CountedMap(
                each.axes[2] if each.axes else None,
                np.zeros((array.shape[-2], array.shape[-1]), dtype="int64"),
            ),
        )
        tally = new_tally(
            array.shape,
            low=quantity.low,
            high=quantity.high,
            conversion=quantity.conversion,
            bounds=bounds,
            missing_map=counted.counts,
            digested=frames.tolist(),
        )
        counted.values += array.size // counted.counts.size
        read_into(tally, quantity, count.add)
        absent = _absent(each, quantity)
        pieces.append(Piece(each.name, quantity, tally, each.labelled.times, absent))
    return pieces, list(maps.values())


def read_into(tally: Tally, quantity: Quantity, tell: Callable[[int], None]) -> None:
    """Count all values of a variable of a file, block by block."""
    variable = quantity.array.variable
    for frames, rows in blocks_of(quantity.array):
        block = variable[frames, ..., rows, :]
        try:
            values = np.asarray(block.values)
        except Exception as error:  # damaged bytes make any library fail in any way
            why = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            tally.skip(frames=frames, rows=rows, why=why)
        else:
            tally.add(values, frames=frames, rows=rows)
        tell(block.size * block.dtype.itemsize)


def _absent(each: Examined, quantity: Quantity) -> Absent | None:
    if not each.path.is_dir():
        return None
    return absent_chunks(each.path, quantity.name, each.labelled)


def _bounds(low: float, high: float) -> tuple[float, float]:
    if not low <= high:
        return 0.0, 1.0
    beyond = 0.4 * (high - low)  # other seasons and places than those sampled
    return low - beyond, high + beyond


def _layout(each: Examined, shape: tuple[int, ...]) -> tuple:
    if each.axes is None:
        return shape[-2:]
    placement = each.axes[2]
    return (*shape[-2:], placement.rows.tobytes(), placement.columns.tobytes())
