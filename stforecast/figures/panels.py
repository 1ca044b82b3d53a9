"""Panels: maps in rows and columns on one sheet, sized in inches around the shape of the grid."""

from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Polygon
from matplotlib.ticker import MaxNLocator

from stforecast.figures.geography import View
from stforecast.figures.palette import FAINT, INK, MISSING
from stforecast.figures.ticks import draw_ticks

__all__ = ["Scale", "Sheet", "draw_colour_bar", "draw_panel", "make_figure"]

_HEAD, _FOOT, _LEFT, _RIGHT = 1.0, 0.14, 0.34, 0.72
"""Margins in inches: titles, foot, names of rows, colour bars."""
_TICKS = 0.22
"""Room for degrees, or numbers of cells, at the left and at the foot, in inches."""
_HUNDREDTHS = 0.14
"""More of it at the left, for degrees of a city: "40.75°N"."""
_GAP = 0.09
_AREAS = {1: 11.0, 2: 7.0, 3: 4.6, 4: 3.6}
_AREA = 2.2
"""Square inches of one map, by the number of columns; of more columns."""


@dataclass(frozen=True)
class Scale:
    """Values to colours; the same for all panels that share it."""

    low: float
    high: float
    colours: Colormap
    units: str = ""
    """What the numbers at the colour bar are."""
    beyond: str = "neither"
    """Values that are shown lie "neither", "min", "max" or "both" beyond the ends."""
    bands: tuple[float, ...] = ()
    """Bounds of bands of one colour each, from low to high; none of them: colours without steps."""

    @property
    def norm(self) -> Normalize:
        """Values to fractions of the colour map."""
        if not self.bands:
            return Normalize(self.low, self.high)
        return BoundaryNorm(self.bands, self.colours.N)


@dataclass(frozen=True)
class Sheet:
    """Where the panels of a figure stand, in inches."""

    n_rows: int
    n_columns: int
    view: View
    block: int = 1
    """Rows that stand close together."""
    block_gap: float = _GAP
    """Room above each block of rows but the first, for titles of its own."""

    @property
    def left(self) -> float:
        """Where the first column begins."""
        in_city = self.view.centre is not None and not self.view.coastlines
        return _LEFT + self.ticks + (_HUNDREDTHS if in_city else 0.0)

    @property
    def panel(self) -> tuple[float, float]:
        """Width and height of one map."""
        shape = float(np.clip(self.view.width_over_height, 0.4, 4.0))
        area = _AREAS.get(self.n_columns, _AREA)
        width = min(float(np.sqrt(area * shape)), 1.8 * float(np.sqrt(area)))
        return width, width / self.view.width_over_height

    @property
    def ticks(self) -> float:
        """Room for degrees, or numbers of cells, beside the outer maps."""
        return _TICKS if self.view.outline is None else 0.0

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the whole sheet; never too narrow for its titles."""
        width, height = self.panel
        across = self.n_columns * width + (self.n_columns - 1) * _GAP
        return (
            max(self.left + across + _RIGHT, 4.6),
            self._top(self.n_rows - 1) + height + self.ticks + _FOOT,
        )

    def _top(self, row: int) -> float:
        """Where a row begins, in inches from above."""
        gaps = row * _GAP + row // self.block * (self.block_gap - _GAP)
        return _HEAD + row * self.panel[1] + gaps

    def box(self, row: int, column: int) -> tuple[float, float, float, float]:
        """Left, bottom, width, height of a panel, as fractions of the sheet."""
        width, height = self.panel
        left = self.left + column * (width + _GAP)
        return self._fractions(left, self._top(row) + height, width, height)

    def bar_box(self, first_row: int, last_row: int) -> tuple[float, float, float, float]:
        """The same of a colour bar beside some rows."""
        width, height = self.panel
        left = self.left + self.n_columns * (width + _GAP) + 0.02
        top, bottom = self._top(first_row), self._top(last_row) + height
        # Room for the units above.
        return self._fractions(left, bottom - 0.06, 0.1, bottom - top - 0.26)

    def at(self, left: float, top: float) -> tuple[float, float]:
        """A place in inches from the upper left corner, as fractions of the sheet."""
        width, height = self.size
        return left / width, 1 - top / height

    def _fractions(
        self, left: float, bottom: float, width: float, height: float
    ) -> tuple[float, float, float, float]:
        sheet_width, sheet_height = self.size
        return (
            left / sheet_width,
            1 - bottom / sheet_height,
            width / sheet_width,
            height / sheet_height,
        )


def make_figure(width: float, height: float) -> Figure:
    """An empty figure of a size in inches, apart from pyplot, so that threads may draw at once."""
    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def draw_panel(
    axes: Axes, field: np.ndarray, view: View, *, scale: Scale, smooth: bool, ticks: str = ""
) -> AxesImage:
    """One map: a field in its colours, coastlines and edge.

    Args:
        ticks: sides that show degrees or numbers of cells: "left", "bottom", both or none.
    """
    axes.set_aspect(view.aspect)
    image = axes.imshow(
        np.ma.masked_invalid(view.image(field, smooth=smooth)),
        extent=view.extent,
        cmap=scale.colours.with_extremes(bad=MISSING),
        norm=scale.norm,
        aspect=view.aspect,
        interpolation="nearest",
        zorder=1,
    )
    if view.outline is not None:
        image.set_clip_path(Polygon(view.outline, closed=True, transform=axes.transData))
    draw_lines(axes, view, ticks=ticks)
    return image


def draw_lines(axes: Axes, view: View, *, ticks: str = "") -> None:
    """What of a map is the same whatever it shows: coastlines, meridians, edge and ticks."""
    left, right, bottom, top = view.extent
    drawn: list[Artist] = []
    for lines, width in ((view.borders, 0.3), (view.coastlines, 0.5)):
        # Dark on a light edge: to be seen on both ends of a colour map.
        light = LineCollection(lines, colors="white", linewidths=width + 0.5, alpha=0.35, zorder=2)
        dark = LineCollection(lines, colors="#15181c", linewidths=width, alpha=0.85, zorder=3)
        drawn += [axes.add_collection(light), axes.add_collection(dark)]
    faint = LineCollection(view.graticule, colors=FAINT, linewidths=0.3, alpha=0.6, zorder=1.5)
    drawn.append(axes.add_collection(faint))
    axes.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color=FAINT, linewidth=0.6, visible=view.outline is None)
    if view.outline is None:
        draw_ticks(axes, view, sides=ticks)
        return
    edge = Polygon(view.outline, closed=True, transform=axes.transData)
    for artist in drawn:
        artist.set_clip_path(edge)
    frame = Polygon(view.outline, fill=False, edgecolor=FAINT, linewidth=0.6, zorder=4)
    axes.add_patch(frame).set_clip_on(False)
    axes.patch.set_visible(False)


def draw_colour_bar(
    figure: Figure, box: tuple[float, float, float, float], *, scale: Scale
) -> None:
    """A colour bar with its units, at a place that `Sheet.bar_box` gives."""
    mappable = ScalarMappable(scale.norm, scale.colours)
    bar = figure.colorbar(
        mappable,
        cax=figure.add_axes(box),
        extend=scale.beyond,
        extendfrac=0.04,
        spacing="proportional",
    )
    bar.outline.set(linewidth=0.5, edgecolor=FAINT)  # pyright: ignore[reportCallIssue]
    bar.ax.tick_params(
        length=2, width=0.5, color=FAINT, labelcolor=INK, labelsize=7, pad=2, which="both"
    )
    bar.ax.yaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10], min_n_ticks=3))
    # Counts in two lines: "vehicles", "per 30 min".
    units = scale.units.replace(" per ", "\nper ")
    bar.ax.set_title(units, fontsize=7.5, color=INK, pad=5, loc="left", linespacing=1.1)
