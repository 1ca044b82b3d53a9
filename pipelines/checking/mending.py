"""A mended copy of raw files: what can be put right without guessing, and a list of it."""

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from dask import config

from pipelines.atomic import atomic_path
from pipelines.checking.check import Checked, Examined, check, check_opened
from pipelines.checking.findings import Finding
from pipelines.checking.mended_dataset import mended_dataset
from pipelines.checking.of_series import opens_as_series
from pipelines.checking.opening import kind_of
from pipelines.checking.report import Report

__all__ = ["Mended", "mend"]

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Mended:
    """What became of raw files in their mended copy."""

    before: Report
    after: Report
    files: tuple[str, ...]
    """Written, relative to the copy."""
    left_out: tuple[str, ...]
    """Files that are not in the copy."""

    @property
    def changes(self) -> tuple[str, ...]:
        """What was mended."""
        return tuple(each.message for each in self.before.fixable)

    @property
    def not_mended(self) -> tuple[Finding, ...]:
        """What is wrong with the raw files and could not be mended."""
        return tuple(
            each for each in self.before.findings if not each.fixable and each.severity != "note"
        )


def mend(path: str | Path, out: str | Path, *, progress: Tell | None = None) -> Mended:
    """Write a mended copy of raw files, check it again, and say what was changed.

    NetCDF and GRIB become NetCDF, Zarr becomes Zarr, under the same relative names; the copy appears
    whole or not at all. Frames are in order of time, equal repetitions and preliminary values beside
    final ones are gone; rows run from north to south and columns from west to east; values are in the
    units of the table, and what is infinite, stands for missing or does not occur in nature is missing.
    Files that cannot be read, or hold members or several lead times, are left out and named.

    Args:
        progress: called with what is done, how much of it, out of how much.

    Raises:
        ValueError: the path does not exist or is no raw weather, or `out` exists or lies within it.
    """
    path, out = Path(path), Path(out)
    if opens_as_series(path):
        raise ValueError(
            f"{path} is a store or traffic; --fix mends NetCDF, Zarr and GRIB. Prepare the store again."
        )
    if out.exists():
        raise ValueError(f"{out} exists already; name a new place for the mended copy.")
    if path.is_dir() and out.resolve().is_relative_to(path.resolve()):
        raise ValueError(f"{out} lies within {path}; name a place outside of it.")

    def told(what: str) -> Callable[[int, int], None]:
        return lambda done, total: None if progress is None else progress(what, done, total)

    with ExitStack() as opened:
        checked = check_opened(path, opened, progress=told("checking"))
        kept = _kept_frames(checked)
        single = path.is_file() or (kind_of(path) == "zarr" and _is_store(path))
        _check_name(path, out, checked, single=single)
        with atomic_path(out) as temporary:
            files = _write(checked, kept, temporary, single=single, tell=told("mending"))
    after = check(out, progress=told("checking again"))
    left_out = tuple(
        name for name in checked.report.files if name not in {source for source, _ in files}
    )
    written = tuple(target for _, target in files if target)
    return Mended(checked.report, after, written, left_out)


def _is_store(path: Path) -> bool:
    return any((path / name).is_file() for name in ("zarr.json", ".zgroup"))


def _check_name(path: Path, out: Path, checked: Checked, *, single: bool) -> None:
    if not any(not each.reduced for each in checked.examined):
        raise ValueError(f"{path} holds nothing that can be mended: see what `check` says of it.")
    if single and path.is_file() and out.suffix.lower() not in (".nc", ".nc4"):
        raise ValueError(f"{out}: the mended copy of a file is NetCDF; end its name in .nc.")
    if single and len(checked.examined) > 1:
        raise ValueError(
            f"{path} becomes {len(checked.examined)} files, since its variables differ in times or "
            "levels; put it into a folder and name that."
        )


def _kept_frames(checked: Checked) -> dict[int, np.ndarray]:
    """The frames of each dataset in order of time, without those that stand before with equal values.

    A frame is left out only if that holds for all variables of its file.
    """
    seen: dict[str, dict[int, int]] = {key: {} for key in checked.stretches}
    kept = {}
    for each in checked.examined:
        keys = [quantity.key for quantity in each.quantities]
        if keys and all((each, key) in checked.copies for key in keys):
            kept[id(each)] = np.empty(0, dtype="int64")
            continue
        own = [
            (key, stretch)
            for key, stretches in checked.stretches.items()
            for other, stretch in stretches
            if other is each
        ]
        chosen = []
        times = each.labelled.times.astype("int64").tolist()
        for frame in np.argsort(each.labelled.times, kind="stable").tolist():
            digests = [(key, stretch.digests.get(frame)) for key, stretch in own]
            time = times[frame]
            if digests and all(
                digest is not None and seen[key].get(time) == digest for key, digest in digests
            ):
                continue
            chosen.append(frame)
            for key, digest in digests:
                if digest is not None:
                    seen[key].setdefault(time, digest)
        kept[id(each)] = np.array(chosen, dtype="int64")
    return kept


def _write(
    checked: Checked,
    kept: dict[int, np.ndarray],
    root: Path,
    *,
    single: bool,
    tell: Callable[[int, int], None],
) -> list[tuple[str, str]]:
    """The names of the raw files that are mended, and those of their copies; "" if nothing is left."""
    written = []
    path = checked.report.path
    whole = [each for each in checked.examined if not each.reduced]
    for number, each in enumerate(whole):
        target = each.name
        if kind_of(each.path) == "grib" and not single:
            several = sum(other.path == each.path for other in whole) > 1
            suffix = (
                f"_{number + 1}_{each.quantities[0].key}" if several and each.quantities else ""
            )
            target = f"{target}{suffix}.nc"
        frames = kept[id(each)]
        if len(frames):
            _write_one(each, frames, root if single else root / target)
        written.append((each.name, target if len(frames) else ""))
        tell(number + 1, len(whole))
    constants = [
        name
        for name in checked.timeless
        if name not in {source for source, _ in written} and not single
    ]
    for name in constants:
        place = path / name
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if place.is_dir() else shutil.copyfile)(place, root / name)
        written.append((name, name))
    return written


def _write_one(each: Examined, frames: np.ndarray, target: Path) -> None:
    dataset = mended_dataset(each, frames)
    target.parent.mkdir(parents=True, exist_ok=True)
    with config.set(scheduler="synchronous"):  # block by block
        if kind_of(each.path) == "zarr":
            version = 3 if (each.path / "zarr.json").is_file() else 2
            dataset.to_zarr(
                target,
                mode="w",
                consolidated=version == 2,  # not part of the format of version 3
                zarr_format=version,
                write_empty_chunks=True,
            )
        else:
            dataset.to_netcdf(target, engine="netcdf4")
