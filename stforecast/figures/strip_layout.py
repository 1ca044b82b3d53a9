"""Layout of a strip: where its frames stand on the sheet, in inches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stforecast.figures.geography import View
from stforecast.figures.rows import Row

__all__ = ["MARGIN", "StripBlock", "StripLayout"]

MARGIN = 0.16
"""At the left and the right of the sheet, in inches."""

_LEFT, _ACROSS = 0.86, 7.6
"""Where frames begin, right of the labels of rows, and how wide a row of them is at most."""
_PANEL = 1.5
"""Greatest side of a square frame."""
_GAP = 0.05
_HEAD, _BARS = 0.66, 0.62
"""Room for the title of the figure, and for colour bars."""
_TITLES, _TITLE = 0.42, 0.3
"""Room above a block of rows for two lines of title, and for one."""
_NARROWEST = 4.6
"""What the title and the colour bars need."""


@dataclass(frozen=True, eq=False)
class StripBlock:
    """Rows of one axis of time, with two lines of title above each column."""

    rows: tuple[Row, ...]
    titles: tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class StripLayout:
    """Where everything stands, in inches; times of the same number stand below each other."""

    blocks: Sequence[StripBlock]
    view: View

    @property
    def panel(self) -> tuple[float, float]:
        """Width and height of a frame."""
        columns = max(len(block.titles) for block in self.blocks)
        shape = float(np.clip(self.view.width_over_height, 0.4, 4.0))
        width = min(_ACROSS / columns - _GAP, _PANEL * max(1.0, shape**0.5), _PANEL * shape)
        return width, width / self.view.width_over_height

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the sheet."""
        columns = max(len(block.titles) for block in self.blocks)
        across = columns * (self.panel[0] + _GAP) - _GAP
        return max(_LEFT + across + MARGIN, _NARROWEST), self.top(len(self.blocks), 0) + _BARS

    def top(self, block: int, row: int) -> float:
        """Where a row of a block begins, from above; below the last block: where that ends."""
        n_rows = sum(len(one.rows) for one in self.blocks[:block]) + row
        titled = self.blocks[: block + 1]
        titles = sum(_TITLES if any(when for _, when in one.titles) else _TITLE for one in titled)
        return _HEAD + titles + n_rows * (self.panel[1] + _GAP)

    def left(self, column: int) -> float:
        """Where a column begins."""
        return _LEFT + column * (self.panel[0] + _GAP)

    def at(self, left: float, top: float) -> tuple[float, float]:
        """A place in inches from the upper left corner, as fractions of the sheet."""
        return left / self.size[0], 1 - top / self.size[1]

    def box(
        self, left: float, top: float, width: float, height: float
    ) -> tuple[float, float, float, float]:
        """Left, bottom, width, height, as fractions of the sheet."""
        return (*self.at(left, top + height), width / self.size[0], height / self.size[1])
