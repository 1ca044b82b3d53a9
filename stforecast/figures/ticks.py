"""Ticks of maps: degrees, or the numbers of rows and columns where a grid has no degrees."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from stforecast.figures.coastlines import graticule_step
from stforecast.figures.geography import View
from stforecast.figures.palette import FAINT

__all__ = ["degrees_east", "degrees_north", "draw_ticks"]

_STEPS = (1, 1.5, 2, 3, 5, 10)
"""Digits of the steps between degrees: 15°, 20°, 30°."""
_WORLD, _WORLD_STEPS = 150.0, (1, 3, 6, 9, 10)
"""Degrees across above which the steps are 30°, 60° or 90°."""
_CELL_STEPS = (1, 2, 5, 10)
_SAMPLES = 721
"""Points of an edge at which degrees are looked up."""
_MOST = 8
"""Degrees along an edge that there is room for."""


def draw_ticks(axes: Axes, view: View, *, sides: str) -> None:
    """Ticks at the sides of a map that are named: "left", "bottom", both or none.

    Where the view has no degrees they are rows and columns, counted from 0 at the upper left.
    """
    axes.tick_params(length=2, width=0.5, color=FAINT, labelcolor=FAINT, labelsize=6, pad=1.5)
    if view.latitude is None:
        _number_cells(axes, view, sides)
        return
    if view.centre is None:
        _mark_frame(axes, view, sides)
        return
    centre = view.centre
    # In a city labels are long, and steps of 0.15° would be odd.
    most, fewest, steps = (5, 2, _STEPS) if view.coastlines else (3, 1, _CELL_STEPS)
    if view.extent[1] - view.extent[0] > _WORLD:
        most, steps = 6, _WORLD_STEPS
    if "bottom" in sides:
        axes.xaxis.set_major_locator(_Shifted(most, steps, centre))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: degrees_east(x + centre)))
    if "left" in sides:
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=steps, min_n_ticks=fewest))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: degrees_north(y)))


def _number_cells(axes: Axes, view: View, sides: str) -> None:
    top = view.extent[3]
    if "bottom" in sides:
        axes.xaxis.set_major_locator(_Shifted(5, _CELL_STEPS, -0.5, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x - 0.5:.0f}"))
    if "left" in sides:
        round_numbers = MaxNLocator(5, steps=_CELL_STEPS, integer=True).tick_values(0, top - 1)
        rows = [int(number) for number in round_numbers if 0 <= number < top]
        axes.set_yticks([top - 0.5 - row for row in rows], [str(row) for row in rows])


def _mark_frame(axes: Axes, view: View, sides: str) -> None:
    """Degrees where meridians and parallels meet the frame of a map that bends them."""
    left, right, bottom, top = view.extent
    step = graticule_step(view.paper.box)
    along = np.linspace(0, 1, _SAMPLES)
    if "bottom" in sides:
        x = left + along * (right - left)
        east, _ = view.paper.degrees(x, np.full(_SAMPLES, bottom))
        places, degrees = _crossings(x, _unwrapped(east, view.paper.middle), step)
        axes.set_xticks(places, [degrees_east(degree) for degree in degrees])
    if "left" in sides:
        y = bottom + along * (top - bottom)
        _, north = view.paper.degrees(np.full(_SAMPLES, left), y)
        places, degrees = _crossings(y, north, step)
        axes.set_yticks(places, [degrees_north(degree) for degree in degrees])


def _unwrapped(east: np.ndarray, middle: float) -> np.ndarray:
    """Longitudes without a jump within half a turn of a middle."""
    return middle + (east - middle + 180) % 360 - 180


def _crossings(
    places: np.ndarray, degrees: np.ndarray, step: float
) -> tuple[list[float], list[float]]:
    """Where an edge crosses multiples of a step, with room between them, and those multiples."""
    seen = np.isfinite(degrees)
    places, degrees = places[seen], degrees[seen]
    # Past the top of an arch the same parallels come again.
    rising = np.maximum.accumulate(degrees) == degrees
    places, degrees = places[rising], degrees[rising]
    if len(degrees) < 2:
        return [], []
    first, last = np.ceil(degrees[0] / step), np.floor(degrees[-1] / step)
    multiples = np.arange(first, last + 1) * step
    found = np.interp(multiples, degrees, places)
    kept, room = [], (places[-1] - places[0]) / _MOST
    for number in range(len(found)):
        if not kept or found[number] - found[kept[-1]] >= room:
            kept.append(number)
    return [float(found[number]) for number in kept], [float(multiples[n]) for n in kept]


class _Shifted(MaxNLocator):
    """Round numbers, though the axis counts from elsewhere: degrees from the middle of a region."""

    def __init__(
        self, most: int, steps: tuple[float, ...], shift: float, *, integer: bool = False
    ) -> None:
        super().__init__(most, steps=steps, integer=integer)
        self._shift = shift

    def tick_values(self, vmin: float, vmax: float) -> list[float]:
        ticks = super().tick_values(vmin + self._shift, vmax + self._shift)
        return [float(tick) - self._shift for tick in ticks]


def degrees_east(longitude: float) -> str:
    """A longitude for readers: "70°W"."""
    east = round((longitude + 180) % 360 - 180, 6)
    # The dateline and Greenwich are neither east nor west.
    side = "" if abs(east) in (0, 180) else "W" if east < 0 else "E"
    return f"{abs(east):g}°{side}"


def degrees_north(latitude: float) -> str:
    """A latitude for readers: "45°N"."""
    north = round(latitude, 6)
    return f"{abs(north):g}°{'S' if north < 0 else 'N' if north > 0 else ''}"
