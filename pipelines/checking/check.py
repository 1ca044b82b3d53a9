"""The doctor: every file opened as it is, each value read once, and all that is wrong told."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.checking.axes import axes_of, compare_grids
from pipelines.checking.blocks import blocks_of
from pipelines.checking.chunks import Absent, absent_chunks
from pipelines.checking.collected import CountedMap, Piece, judge_values, summarise
from pipelines.checking.findings import CODES, Finding, finding
from pipelines.checking.labels import Labelled, label
from pipelines.checking.of_series import check_series, opens_as_series
from pipelines.checking.opening import find_raw, open_raw
from pipelines.checking.quantities import Quantity, quantities_of
from pipelines.checking.report import Report
from pipelines.checking.tally import Tally, new_tally
from pipelines.checking.timeline import Stretch, judge_times, repeated_frames
from pipelines.grid import Placement
from pipelines.series import names

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
    """The times of each variable in each file."""
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
    arrays = [quantity.array for group in groups.values() for _, quantity in group]
    total = sum(array.size * array.dtype.itemsize for array in arrays)
    count = _Counter(total, progress)
    variables, stretches = {}, {}
    for key, group in groups.items():
        pieces, maps = _scan(group, count)
        variables[key] = summarise(key, pieces, maps)
        own = [Stretch(piece.name, piece.times, piece.tally.digests) for piece in pieces]
        stretches[key] = [(each, at) for (each, _), at in zip(group, own, strict=True)]
        findings += judge_values(key, pieces, maps, variables[key])
    findings += judge_times({key: [at for _, at in own] for key, own in stretches.items()})
    if files and not variables and not any(each.severity == "error" for each in findings):
        findings.append(finding("empty", f"{path} holds no variable with time, rows and columns"))
    report = Report(path, tuple(files), variables, _sorted(_merged(findings)), total)
    return Checked(report, tuple(examined), stretches, tuple(timeless))


class _Counter:
    """Bytes that have been read."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def add(self, count: int) -> None:
        """Tell that so many bytes more have been read."""
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total)


_SEVERAL = ("ensemble", "init-valid-time")


def examine(path: Path, opened: ExitStack) -> tuple[list[Examined], list[str], list[Finding]]:
    """The datasets at a path, the files' names, and what is wrong with their labels.

    Args:
        opened: closes them.
    """
    places, findings = find_raw(path)
    examined, files, timeless = [], [], []
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
                timeless += [each for each in found if each.code == "no-time"]
                continue
            axes, found = axes_of(labelled.dataset, name)
            findings += found
            quantities, found = quantities_of(place, labelled, name, has_grid=axes is not None)
            findings += found
            several = [each for each in (*labels, *found) if each.code in _SEVERAL]
            reduced = any(each.severity == "error" for each in several)
            examined.append(Examined(place, name, labelled, axes, tuple(quantities), reduced))
    if timeless and not examined:
        findings.append(finding("no-time", f"no file in {path} has a time axis", severity="error"))
    return examined, files, findings


def _groups(examined: Sequence[Examined]) -> dict[str, list[tuple[Examined, Quantity]]]:
    groups: dict[str, list[tuple[Examined, Quantity]]] = {}
    for each in examined:
        for quantity in each.quantities:
            groups.setdefault(quantity.key, []).append((each, quantity))
    for group in groups.values():
        group.sort(key=lambda pair: pair[0].labelled.times.min())
    return groups


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


def _merged(findings: Sequence[Finding]) -> list[Finding]:
    """Findings that several files share, told once."""
    groups: dict[tuple, list[Finding]] = {}
    for each in findings:
        name = each.examples[0] if each.examples else ""
        body = each.message.removeprefix(f"{name}: ")
        key = (each.severity, each.code, body, each.way_out, each.fixable)
        groups.setdefault(key if body != each.message else (*key, id(each)), []).append(each)
    merged = []
    for key, group in groups.items():
        if len(group) == 1:
            merged += group
            continue
        files = [each.examples[0] for each in group]
        merged.append(
            finding(
                group[0].code,
                f"{len(files)} files ({names(files, most=2)}): {key[2]}",
                severity=group[0].severity,
                fixable=group[0].fixable,
                count=sum(each.count for each in group),
                examples=files,
                way_out=group[0].way_out,
            )
        )
    return merged


def _sorted(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    severities, codes = ("error", "warning", "note"), list(CODES)
    return tuple(
        sorted(findings, key=lambda each: (severities.index(each.severity), codes.index(each.code)))
    )
