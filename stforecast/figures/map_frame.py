"""Frames: all of a map but its field, drawn once, to be laid over any field.

V, U: height and width of the picture in pixels. N: pixels that are drawn on.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from stforecast.figures.geography import View
from stforecast.figures.palette import FAINT, INK
from stforecast.figures.panels import Scale, draw_lines, make_figure

__all__ = ["PIXELS_PER_INCH", "Frame", "Ink", "draw_frame", "ink_of"]

PIXELS_PER_INCH = 200.0
"""Of a map that is shown at half of its size: 7 points are 10 pixels on a display."""

_EDGE, _TICKS, _HUNDREDTHS = 0.05, 0.27, 0.15
"""Margins in inches: beside the map; where degrees stand; for more digits of them, as cities need."""
_LAST = 0.13
"""Margin in inches for the half of the last label that passes the map."""
_BAR_GAP, _BAR, _NUMBERS = 0.09, 0.085, 0.2
"""Heights in inches: above the colour bar, the bar, the numbers below it."""
_TALLEST = 0.85
"""Height of a map over the width of its picture, at most."""


@dataclass(frozen=True, eq=False)
class Ink:
    """What is drawn on some pixels of a picture."""

    numbers: Int[np.ndarray, " N"]
    """The pixels, counted row by row."""
    colours: Float[np.ndarray, "N 3"]
    """Red, green and blue, each times how much of the pixel is covered."""
    clear: Float[np.ndarray, "N 1"]
    """How much of what lies below is seen."""

    def lay_on(self, pixels: UInt8[np.ndarray, "V U 3"]) -> None:
        """Draws on a picture, which is changed."""
        flat = pixels.reshape(-1, 3)
        flat[self.numbers] = flat[self.numbers] * self.clear + self.colours


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture without a field, and where the field belongs."""

    paper: UInt8[np.ndarray, "V U 3"]
    """What lies beside the map, on white."""
    over: Ink
    """What lies over the field, counted within the map."""
    box: tuple[int, int, int, int]
    """Left, top, width and height of the map in pixels."""


def draw_frame(view: View, scale: Scale, *, width: int) -> Frame:
    """The frame of a map: coastlines and ticks, and a colour bar with its units below.

    Args:
        width: of the picture in pixels.
    """
    inch = PIXELS_PER_INCH
    has_ticks = view.outline is None
    in_city = view.latitude is not None and not view.coastlines
    left = round(inch * (_EDGE + (_TICKS + (_HUNDREDTHS if in_city else 0) if has_ticks else 0)))
    right = round(inch * (_EDGE + (_LAST if has_ticks else 0)))
    top = round(inch * _EDGE)
    wide = width - left - right
    high = max(round(wide / view.width_over_height), 2)
    tallest = round(_TALLEST * width)
    if high > tallest:
        narrow = max(round(tallest * view.width_over_height), 2)
        left += (wide - narrow) // 2
        wide, high = narrow, tallest
    below = (0.16 if has_ticks else 0.0) + _BAR_GAP
    height = top + high + round(inch * (below + _BAR + _NUMBERS))
    figure = make_figure((width + 1e-3) / inch, (height + 1e-3) / inch)
    figure.set_dpi(inch)
    figure.patch.set_alpha(0.0)
    axes = figure.add_axes((left / width, 1 - (top + high) / height, wide / width, high / height))
    draw_lines(axes, view, ticks="left bottom")
    axes.patch.set_visible(False)
    axes.tick_params(labelsize=7, labelcolor=INK)
    bar_top = top + high + round(inch * below)
    _draw_bar(figure, scale, top=1 - bar_top / height, bar=inch * _BAR / height, inch=inch)
    drawn = _rgba(figure)
    paper = np.full((height, width, 3), 255, dtype=np.uint8)
    ink_of(drawn).lay_on(paper)
    return Frame(
        paper, ink_of(drawn[top : top + high, left : left + wide]), (left, top, wide, high)
    )


def ink_of(drawn: UInt8[np.ndarray, "V U 4"]) -> Ink:
    """The pixels of a transparent picture that hold something."""
    alpha = drawn[..., 3].ravel()
    numbers = np.flatnonzero(alpha)
    covered = alpha[numbers, None].astype("float32") / 255
    # Half a step, so that cutting off rounds.
    colours = drawn.reshape(-1, 4)[numbers, :3] * covered + np.float32(0.5)
    return Ink(numbers, colours.astype("float32"), 1 - covered)


def _rgba(figure: Figure) -> np.ndarray:
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    return np.array(canvas.buffer_rgba())


def _draw_bar(figure: Figure, scale: Scale, *, top: float, bar: float, inch: float) -> None:
    """A colour bar across the picture, with its units at the right end.

    Args:
        top, bar: upper edge and height, as fractions of the picture.
        inch: pixels of an inch.
    """
    width = figure.get_size_inches()[0]
    margin = 0.2 / width
    units = figure.text(
        1 - margin / 2, top - bar / 2, scale.units, fontsize=7, color=INK, ha="right", va="center"
    )
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    taken = units.get_window_extent(canvas.get_renderer()).width / (inch * width)
    room = taken + (0.08 / width if scale.units else 0.0)
    box = (margin, top - bar, 1 - 1.5 * margin - room, bar)
    shown = figure.colorbar(
        ScalarMappable(scale.norm, scale.colours),
        cax=figure.add_axes(box),
        orientation="horizontal",
        extend=scale.beyond,
        extendfrac=0.03,
        spacing="proportional",
    )
    shown.outline.set(linewidth=0.5, edgecolor=FAINT)  # pyright: ignore[reportCallIssue]
    shown.ax.tick_params(
        length=2, width=0.5, color=FAINT, labelcolor=INK, labelsize=7, pad=1.5, which="both"
    )
    shown.ax.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10], min_n_ticks=3))
