"""Coastlines and borders of Natural Earth, cropped and laid on paper; nothing is ever downloaded."""

from functools import cache
from pathlib import Path

import numpy as np
import shapely
from shapely import LineString

from stforecast.figures.boxes import Box
from stforecast.figures.projections import Paper

__all__ = ["Lines", "coastlines_on", "graticule_on", "graticule_step", "natural_earth"]

_FOLDER = Path(__file__).parents[1] / "data/natural_earth"

_CLOSE = 60.0
"""Degrees across below which a map shows the detail of 1:50 million, and above which it drowns in it."""
_COUNTRIES = 110.0
"""Degrees across above which borders are a tangle."""
_STEP = 1.0
"""Longest straight piece of a line in degrees, before it is bent by a projection."""
_SEAM = 1e-3
"""Degrees that lines keep away from where the Earth is cut."""

Lines = tuple[np.ndarray, ...]
"""Polylines, each (n, 2), in the coordinates of a paper."""


@cache
def natural_earth(name: str) -> tuple[LineString, ...]:
    """Lines of a bundled file, in degrees: "coastlines_110m", "borders_50m"."""
    with np.load(_FOLDER / f"{name}.npz") as file:
        starts, lengths, steps, scale = (
            file[key] for key in ("starts", "lengths", "steps", "scale")
        )
    # The first step of each line is 0: what was summed up to there is not its own.
    walked = np.cumsum(steps, axis=0, dtype="int64")
    before = walked[np.cumsum(lengths) - lengths]
    points = (walked + np.repeat(starts - before, lengths, axis=0)) * scale[:2] + scale[2:]
    return tuple(map(LineString, np.split(points, np.cumsum(lengths)[:-1])))


def coastlines_on(paper: Paper) -> tuple[Lines, Lines]:
    """Coastlines and borders on a paper; borders where single countries can be told apart."""
    box, across = paper.box, paper.degrees_across
    detail = "50m" if across < _CLOSE else "110m"
    coastlines = _lay(natural_earth(f"coastlines_{detail}"), paper, box)
    if across > _COUNTRIES:
        return coastlines, ()
    return coastlines, _lay(natural_earth(f"borders_{detail}"), paper, box)


def graticule_step(box: Box) -> float:
    """Degrees between the meridians and parallels of a map."""
    span = box[3] - box[1]
    return next((step for step in (1.0, 2.0, 5.0, 10.0, 15.0) if span <= 7 * step), 30.0)


def graticule_on(paper: Paper) -> Lines:
    """Meridians and parallels on a paper that has no axes in degrees."""
    if paper.projection is None:
        return ()
    west, south, east, north = box = paper.box
    step = graticule_step(box)
    # Where meridians draw together they would blacken the pole.
    across = 30.0 if east - west >= 300 else step
    up = np.linspace(max(south, -90 + step / 2), min(north, 90 - step / 2), 181)
    along = np.linspace(west + _SEAM, east - _SEAM, 361)
    lines = [
        np.stack([np.full(181, meridian), up], axis=1)
        for meridian in np.arange(np.ceil(west / across), np.floor(east / across) + 1) * across
    ]
    lines += [
        np.stack([along, np.full(361, parallel)], axis=1)
        for parallel in np.arange(np.ceil(south / step), np.floor(north / step) + 1) * step
        if abs(parallel) < 90
    ]
    return _project(lines, paper)


def _lay(lines: tuple[LineString, ...], paper: Paper, box: Box) -> Lines:
    """Lines on a paper, cropped to what it shows of the Earth."""
    west, south, east, north = box
    every, pieces = np.array(lines, dtype=object), []
    # The lines lie between -180 and 180; a box may begin or end anywhere.
    for turn in (-360.0, 0.0, 360.0):
        first, last = west - turn + _SEAM, east - turn - _SEAM
        if first < 180.5 and last > -180.5:
            cropped = shapely.clip_by_rect(every, first, south, last, north)
            parts = shapely.get_parts(cropped[~shapely.is_empty(cropped)])
            pieces += [(part, turn) for part in parts]
    if not pieces:
        return ()
    parts = np.array([part for part, _ in pieces], dtype=object)
    if paper.projection is not None:
        parts = shapely.segmentize(parts, _STEP)
    points, numbers = shapely.get_coordinates(parts, return_index=True)
    points[:, 0] += np.array([turn for _, turn in pieces])[numbers]
    return _project(np.split(points, np.flatnonzero(np.diff(numbers)) + 1), paper)


def _project(lines: list[np.ndarray], paper: Paper) -> Lines:
    """Polylines in degrees laid on a paper, cut where they are out of sight."""
    lengths = [len(line) for line in lines]
    points = np.concatenate(lines)
    placed = np.stack(paper.place(points[:, 0], points[:, 1]), axis=1)
    runs = []
    for line in np.split(placed, np.cumsum(lengths)[:-1]):
        seen = np.isfinite(line[:, 0])
        if seen.all():
            runs.append(line)
            continue
        cuts = np.flatnonzero(np.diff(seen.astype(int))) + 1
        runs += [run for run in np.split(line, cuts) if np.isfinite(run[0, 0])]
    return tuple(run for run in runs if len(run) > 1)
