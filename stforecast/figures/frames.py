"""Frames: panels with axes, a head and a legend, for curves."""

from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stforecast.figures.palette import FAINT, INK
from stforecast.figures.panels import make_figure

__all__ = [
    "LEFT",
    "RIGHT",
    "clean_axes",
    "draw_head",
    "draw_legend",
    "legend_columns",
    "make_panels",
    "number_text",
]

_PANEL = (2.75, 2.0)
"""Width and height of a panel in inches."""
LEFT, RIGHT, _HEAD, _FOOT = 0.66, 0.2, 1.12, 0.5
_LEGEND_ROW = 0.165
"""Height of a row of the legend, of which the head has room for two."""
_HANDLE, _LETTER = 0.56, 0.056
"""Width of a line in a legend with the gap after its text, and of a letter, in inches."""
_GAPS = (0.62, 0.74)
"""Between panels, across and down, in inches."""


def make_panels(
    n_panels: int, n_columns: int, *, legend: Sequence[str] = ()
) -> tuple[Figure, list[Axes]]:
    """An empty figure with panels in rows, and the panels.

    Args:
        legend: texts of the legend, where it may take more than two rows.
    """
    n_rows = -(-n_panels // n_columns)
    # A single panel has the sheet to itself.
    panel_width, panel_height = (4.6, 2.7) if n_panels == 1 else _PANEL
    across = n_columns * panel_width + (n_columns - 1) * _GAPS[0]
    down = n_rows * panel_height + (n_rows - 1) * _GAPS[1]
    width = LEFT + across + RIGHT
    n_legend = -(-len(legend) // legend_columns(legend, width))
    head = _HEAD + _LEGEND_ROW * max(n_legend - 2, 0)
    height = head + down + _FOOT
    figure = make_figure(width, height)
    panels = []
    for number in range(n_panels):
        row, column = divmod(number, n_columns)
        left = LEFT + column * (panel_width + _GAPS[0])
        bottom = height - head - row * (panel_height + _GAPS[1]) - panel_height
        box = (left / width, bottom / height, panel_width / width, panel_height / height)
        panels.append(figure.add_axes(box))
    return figure, panels


def draw_head(figure: Figure, title: str, below: str) -> None:
    """Title, and a faint line below it."""
    width, height = figure.get_size_inches()
    left = LEFT / width
    figure.text(left, 1 - 0.3 / height, title, fontsize=11, fontweight="bold", color=INK)
    figure.text(left, 1 - 0.5 / height, below, fontsize=7.5, color=FAINT)


def draw_legend(figure: Figure, handles: Sequence[Artist], *, n_columns: int) -> None:
    """A legend below the head, in as many columns as are wanted and fit."""
    width, height = figure.get_size_inches()
    n_columns = min(n_columns, legend_columns([str(one.get_label()) for one in handles], width))
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=((LEFT - 0.08) / width, 1 - 0.52 / height),
        ncols=n_columns,
        frameon=False,
        fontsize=7.5,
        labelcolor=INK,
        handlelength=2.2,
        columnspacing=1.6,
    )


def legend_columns(texts: Sequence[str], width: float) -> int:
    """Columns of a legend with these texts that fit into a figure so many inches wide."""
    longest = max(map(len, texts), default=0)
    return max(1, int((width - LEFT) / (_HANDLE + _LETTER * longest)))


def clean_axes(axes: Axes) -> None:
    """Axes without a box: values and a faint grid."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set(color=FAINT, linewidth=0.6)
    axes.tick_params(which="both", length=2.5, width=0.5, color=FAINT, labelcolor=INK, labelsize=7)
    axes.grid(axis="y", color="#e6e8eb", linewidth=0.6)
    axes.set_axisbelow(True)


def number_text(value: float, _position: object = None) -> str:
    """A number at an axis, with a true minus sign."""
    return f"{value:g}".replace("-", "−")
