"""Ticks of maps: degrees, or the numbers of rows and columns where a grid has no degrees."""

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from stforecast.figures.geography import View
from stforecast.figures.palette import FAINT

__all__ = ["degrees_east", "degrees_north", "draw_ticks"]

_STEPS = (1, 1.5, 2, 3, 5, 10)
"""Digits of the steps between degrees: 15°, 20°, 30°."""
_CELL_STEPS = (1, 2, 5, 10)


def draw_ticks(axes: Axes, view: View, *, sides: str) -> None:
    """Ticks at the sides of a map that are named: "left", "bottom", both or none.

    Where the view has no degrees they are rows and columns, counted from 0 at the upper left.
    """
    axes.tick_params(length=2, width=0.5, color=FAINT, labelcolor=FAINT, labelsize=6, pad=1.5)
    if view.centre is None:
        _number_cells(axes, view, sides)
        return
    centre = view.centre
    # In a city labels are long, and steps of 0.15° would be odd.
    most, fewest, steps = (5, 2, _STEPS) if view.coastlines else (3, 1, _CELL_STEPS)
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
    return f"{abs(east):g}°{'W' if east < 0 else 'E' if east > 0 else ''}"


def degrees_north(latitude: float) -> str:
    """A latitude for readers: "45°N"."""
    north = round(latitude, 6)
    return f"{abs(north):g}°{'S' if north < 0 else 'N' if north > 0 else ''}"
