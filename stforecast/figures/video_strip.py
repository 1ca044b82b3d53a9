"""Video as papers show it: input, truth, forecast and error, as a strip and as moving pictures.

T: frame of the input, H: frame of the forecast, K: frame of the truth as far as it is known, C: channel
(1 grey, or 3 red, green, blue), Y: row, X: column; V, U: height and width of a picture in pixels. Values
are grey levels, 0 to 255.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path

import matplotlib
import numpy as np
from jaxtyping import Float, UInt8
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from PIL import Image, ImageColor, ImageDraw, ImageFont

from stforecast.figures.palette import FAINT, INK, MISSING
from stforecast.figures.panels import make_figure

__all__ = ["VideoForecast", "plot_video_strip", "video_pictures"]

_MOST_FRAMES, _MOST_WIDE = 10, 5
"""Frames in a row; of frames more than twice as wide as high."""
_LEFT, _RIGHT, _HEAD, _FOOT = 0.86, 0.16, 0.66, 0.62
"""Margins in inches: names of rows, edge, titles, colour bar."""
_ACROSS, _PANEL, _GAP, _TITLE = 7.6, 1.5, 0.05, 0.3
"""Width of a row, greatest width of a frame, gap, and room for a row of numbers, in inches."""
_NARROWEST = 4.6
"""What the titles need, in inches."""

_SIDE = 224
"""Pixels that the longer side of a moving frame has at least about; small frames are enlarged whole."""
_BAND, _BETWEEN = 26, 6
"""Height of the band of names above moving frames, and the room between them, in pixels."""
_TEXT = 15
"""Height of letters in moving pictures, in pixels."""

_ERRORS = "magma"
"""Colours of errors: dark is none."""
_SHARE = 0.999
"""Of the errors, how many lie within the scale."""


@dataclass(frozen=True, eq=False)
class VideoForecast:
    """One forecast of video with what it saw and what happened, as far as that is known."""

    history: Float[np.ndarray, "T C Y X"]
    truth: Float[np.ndarray, "K C Y X"]
    """From the first forecast frame on; fewer than these, or none."""
    forecast: Float[np.ndarray, "H C Y X"]
    title: str
    """What is shown."""
    below: str
    """Which forecast of which data."""

    @property
    def error(self) -> Float[np.ndarray, "K Y X"]:
        """|forecast − truth|, the mean over channels: a colour that is wrong must not cancel out."""
        return np.abs(self.forecast[: len(self.truth)] - self.truth).mean(axis=1)

    @property
    def most(self) -> float:
        """End of the scale of the errors, the same for all frames."""
        return max(float(np.quantile(self.error, _SHARE)), 1.0) if len(self.truth) else 1.0


def plot_video_strip(video: VideoForecast) -> Figure:
    """Input, truth, forecast and error in rows of ten frames or fewer, numbered from the last input.

    Frames in colour are shown in colour; the error is the mean of |forecast − truth| over channels, in
    grey levels. Where the forecast has more frames, they are spread evenly; of the input the last ones
    are shown. Frames more than twice as wide as high stand in rows of five.
    Truth and error have no row where no truth is known.
    """
    height, width = video.forecast.shape[2:]
    most = _MOST_WIDE if width > 2 * height else _MOST_FRAMES
    shown = np.linspace(0, len(video.forecast) - 1, min(len(video.forecast), most)).round()
    ahead = [int(number) for number in shown]
    seen = video.history[-max(len(ahead), 4) :][-most:]
    columns = max(len(ahead), len(seen))
    known = [number for number in ahead if number < len(video.truth)]
    across = min(_ACROSS / columns - _GAP, _PANEL * max(1.0, (width / height) ** 0.5))
    down = across * height / width
    size = (
        max(_LEFT + columns * (across + _GAP) + _RIGHT, _NARROWEST),
        _HEAD + 2 * _TITLE + (4 if known else 2) * (down + _GAP) + (_FOOT if known else 0),
    )
    figure = make_figure(*size)
    _write(figure, (_RIGHT, 0.32), video.title, size=11, bold=True)
    _write(figure, (_RIGHT, 0.53), video.below, size=8, colour=FAINT)
    colours, scale = matplotlib.colormaps[_ERRORS], Normalize(0, video.most)
    top = _HEAD + _TITLE
    before = range(1 - len(seen), 1)
    _draw_row(figure, "Input", _pictures(seen), (top, across, down), numbers=before)
    top += down + _GAP + _TITLE
    rows = {"Forecast": _pictures(video.forecast[ahead])}
    if known:
        errors = np.round(255 * colours(scale(video.error[known]))[..., :3]).astype("uint8")
        rows = {"Truth": _pictures(video.truth[known]), **rows, "|Error|": errors}
    numbers: Sequence[int] = [number + 1 for number in ahead]
    for label, pictures in rows.items():
        _draw_row(figure, label, pictures, (top, across, down), numbers=numbers)
        top, numbers = top + down + _GAP, ()
    if known:
        _draw_bar(figure, top + 0.14, colours, scale)
    return figure


def video_pictures(video: VideoForecast) -> Iterator[UInt8[np.ndarray, "V U 3"]]:
    """Moving pictures of a forecast: the input, then truth, forecast and error beside each other.

    Truth and error are grey in frames without truth; where there is none, input and forecast follow
    each other in one panel.
    """
    inputs, truths = _pictures(video.history), _pictures(video.truth)
    forecasts = _pictures(video.forecast)
    colours, scale = matplotlib.colormaps[_ERRORS], Normalize(0, video.most)
    errors = np.round(255 * colours(scale(video.error))[..., :3]).astype("uint8")
    blank = np.full_like(inputs[0], ImageColor.getrgb(MISSING))
    beside = {"Forecast": blank, "|Error|": blank} if len(truths) else {}
    for number, seen in enumerate(inputs, start=1 - len(inputs)):
        yield _side_by_side(number, {"Input": seen, **beside})
    for number, (forecast, truth, error) in enumerate(
        zip_longest(forecasts, truths, errors, fillvalue=blank), start=1
    ):
        shown = {"Truth": truth, "Forecast": forecast, "|Error|": error}
        yield _side_by_side(number, shown if len(truths) else {"Forecast": forecast})


def _pictures(frames: np.ndarray) -> np.ndarray:
    """Frames (N, C, Y, X) as pictures (N, Y, X, 3) in 8 bits."""
    levels = np.clip(np.round(np.nan_to_num(frames)), 0, 255).astype("uint8")
    return np.broadcast_to(np.moveaxis(levels, 1, -1), (*_places(frames), 3))


def _places(frames: np.ndarray) -> tuple[int, int, int]:
    return frames.shape[0], frames.shape[2], frames.shape[3]


def _number_text(number: int) -> str:
    return f"{number:+d}".replace("-", "−") if number else "0"


def _side_by_side(number: int, panels: dict[str, np.ndarray]) -> np.ndarray:
    """Pictures of one size with their names above, enlarged by a whole number."""
    height, width = next(iter(panels.values())).shape[:2]
    factor = max(round(_SIDE / max(height, width)), 1)
    height, width = height * factor, width * factor
    across = len(panels) * (width + _BETWEEN) + _BETWEEN
    sheet = Image.new("RGB", (across, height + _BAND + _BETWEEN), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(_font(), _TEXT)
    for place, (name, picture) in enumerate(panels.items()):
        left = _BETWEEN + place * (width + _BETWEEN)
        large = Image.fromarray(np.ascontiguousarray(picture)).resize(
            (width, height), Image.Resampling.NEAREST
        )
        sheet.paste(large, (left, _BAND))
        text = name if place else f"{name} {_number_text(number)}"
        draw.text((left, 4), text, fill=INK, font=font)
    return np.asarray(sheet)


@cache
def _font() -> Path:
    """That of all figures: Pillow's own has no minus sign."""
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def _draw_row(
    figure: Figure,
    label: str,
    pictures: np.ndarray,
    place: tuple[float, float, float],
    *,
    numbers: Sequence[int],
) -> None:
    """A row of pictures, with numbers above where there are any.

    Args:
        place: top of the row, width and height of a picture, in inches.
    """
    top, across, down = place
    width, height = figure.get_size_inches()
    _write(figure, (_RIGHT, top + down / 2), label, size=8.5, bold=True)
    for column, picture in enumerate(pictures):
        left = _LEFT + column * (across + _GAP)
        box = (left / width, 1 - (top + down) / height, across / width, down / height)
        axes = figure.add_axes(box)
        axes.imshow(picture, aspect="auto", interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set(color=FAINT, linewidth=0.6)
    for column, number in enumerate(numbers):
        middle = _LEFT + column * (across + _GAP) + across / 2
        where = (middle / width, 1 - (top - 0.06) / height)
        figure.text(
            *where, _number_text(number), fontsize=8, fontweight="bold", color=INK, ha="center"
        )


def _write(
    figure: Figure,
    place: tuple[float, float],
    text: str,
    *,
    size: float,
    bold: bool = False,
    colour: str = INK,
) -> None:
    """Text at a place in inches from the upper left corner."""
    width, height = figure.get_size_inches()
    figure.text(
        place[0] / width,
        1 - place[1] / height,
        text,
        fontsize=size,
        fontweight="bold" if bold else "normal",
        color=colour,
        va="baseline" if size != 8.5 else "center",
    )


def _draw_bar(figure: Figure, top: float, colours: Colormap, scale: Normalize) -> None:
    """The colour bar of the errors."""
    width, height = figure.get_size_inches()
    box = (_LEFT / width, 1 - (top + 0.09) / height, 2.6 / width, 0.09 / height)
    bar = figure.colorbar(
        ScalarMappable(scale, colours),
        cax=figure.add_axes(box),
        orientation="horizontal",
        extend="max",
        extendfrac=0.04,
    )
    bar.outline.set(linewidth=0.5, edgecolor=FAINT)  # pyright: ignore[reportCallIssue]
    bar.ax.tick_params(length=2, width=0.5, color=FAINT, labelcolor=INK, labelsize=7, pad=2)
    said = "|forecast − truth| in grey levels, mean over channels"
    _write(figure, (_LEFT + 2.75, top + 0.1), said, size=7.5)
