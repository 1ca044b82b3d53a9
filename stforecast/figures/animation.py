"""Animations: pictures one after another, as a GIF or an MP4 that plays in any browser."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from jaxtyping import UInt8
from matplotlib.figure import Figure
from PIL import Image

from pipelines.atomic import atomic_path

__all__ = ["KINDS", "animate", "figure_picture", "save_animation"]

KINDS = ("gif", "mp4")
"""Kinds of animations; each is the ending of its files."""

_HUNDREDTHS = 100
"""Ticks of a GIF's clock in a second."""
_LEAST_SECONDS = 0.02
"""Browsers slow down a GIF that is faster."""

_COLOURS = 255
"""Colours of a GIF's table; the last of 256 is left for "as in the picture before"."""
_PLAIN, _MOST_PLAIN = 1e-3, 128
"""Share of the pixels that a plain colour has at least, and how many of them are kept as they are."""
_FAR_OFF = 24
"""Distance of a colour, of 255, from the table's from which a reader sees another one."""
_MOST_FAR_OFF = 2e-3
"""Share of a picture's pixels that may be so far off before it gets a table of its own."""

_QUALITY = "17"
"""Constant rate factor of x264: lines of half a pixel and small text stay sharp."""
_BT709 = 1
"""Colours as in high definition television, in ITU-T H.273: what browsers take untold."""


def animate(
    pictures: Iterable[UInt8[np.ndarray, "H W 3"]], *, kind: str, seconds: float = 0.5
) -> bytes:
    """The pictures, one after another and again from the start, as the bytes of a GIF or an MP4.

    One picture is in memory at a time.

    Args:
        pictures: red, green and blue; all of one size.
        kind: "gif" (256 colours, shown by anything) or "mp4" (H.264 in 4:2:0, the smaller one; an odd
            width or height grows by one pixel).
        seconds: that each picture stays.

    Raises:
        ValueError: the kind is unknown, there is no picture, their sizes differ, or `seconds` is less
            than 0.02.
    """
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is unknown; known: {', '.join(KINDS)}.")
    # A folder, not a stream: the MP4's index is moved to its front, for which it is read again.
    with TemporaryDirectory(prefix="stforecast-") as folder:
        path = Path(folder) / f"animation.{kind}"
        _write(pictures, path, seconds)
        return path.read_bytes()


def save_animation(
    pictures: Iterable[UInt8[np.ndarray, "H W 3"]], path: str | Path, *, seconds: float = 0.5
) -> Path:
    """Write an animation, GIF or MP4 by the path's ending, whole or not at all; the path.

    Args:
        pictures, seconds: as for `animate`.

    Raises:
        ValueError: as for `animate`, or the path has another ending.
    """
    path = Path(path)
    if path.suffix.lower() not in [f".{kind}" for kind in KINDS]:
        raise ValueError(
            f"Animations are written as GIF or MP4, but the path is {path}; end it in .gif or .mp4."
        )
    with atomic_path(path) as temporary:
        _write(pictures, temporary, seconds)
    return path


def figure_picture(figure: Figure, *, dpi: float = 120) -> UInt8[np.ndarray, "H W 3"]:
    """A figure as a picture: red, green and blue.

    Args:
        dpi: pixels per inch.
    """
    file = BytesIO()
    figure.savefig(file, format="png", dpi=dpi, pil_kwargs={"compress_level": 1})
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def _write(pictures: Iterable[np.ndarray], path: Path, seconds: float) -> None:
    if not seconds >= _LEAST_SECONDS:
        raise ValueError(
            f"seconds must be at least {_LEAST_SECONDS}, the fastest that browsers play, but it is "
            f"{seconds}."
        )
    alike = _of_one_size(pictures)
    first = next(alike, None)
    if first is None:
        raise ValueError("There is no picture to animate: `pictures` is empty.")
    if path.suffix.lower() == ".gif":
        with av.open(str(path), "w", format="gif") as container:
            _write_gif(container, first, alike, seconds)
    else:
        options = {"movflags": "+faststart"}
        with av.open(str(path), "w", format="mp4", options=options) as container:
            _write_mp4(container, first, alike, seconds)


def _of_one_size(pictures: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The pictures, each checked as it comes."""
    shape = None
    for picture in pictures:
        shape = picture.shape if shape is None else shape
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
            raise ValueError(
                "A picture has rows, columns and 3 colours of 8 bits, but one is "
                f"{picture.dtype} of shape {picture.shape}."
            )
        if picture.shape != shape:
            raise ValueError(
                f"All pictures of an animation have one size, but the first is {shape[1]}×{shape[0]} "
                f"pixels and another {picture.shape[1]}×{picture.shape[0]}."
            )
        yield picture


def _write_gif(
    container: OutputContainer, first: np.ndarray, others: Iterator[np.ndarray], seconds: float
) -> None:
    """Pictures in 256 colours; of each only what has changed is stored.

    The first picture's table of colours serves all pictures that it fits, as it fits maps of one scale:
    what stands still does not flicker then.
    """
    ticks = round(seconds * _HUNDREDTHS)
    # The rate sets how long the last picture stays.
    stream = _stream(container, "gif", first, Fraction(_HUNDREDTHS, ticks), "pal8")
    table = _table_of(first)
    for number, picture in enumerate(_chain(first, others)):
        indices = table.indices(picture)
        if table.share_far_off(indices, picture) > _MOST_FAR_OFF:
            table = _table_of(picture)
            indices = table.indices(picture)
        coloured = (indices, table.entries)
        frame = VideoFrame.from_ndarray(coloured, format="pal8")  # pyright: ignore[reportArgumentType]
        _encode(container, stream, frame, number)
    container.mux(stream.encode(None))


@dataclass(frozen=True, eq=False)
class _Table:
    """A table of 255 colours, the plain ones first."""

    plain: np.ndarray
    """Colours (n,) that are kept as they are, as one number each, in order."""
    entries: UInt8[np.ndarray, "256 4"]
    """Alpha, red, green and blue."""
    image: Image.Image
    """Holds the colours as its palette."""

    def indices(self, picture: np.ndarray) -> np.ndarray:
        """The entry (H, W) that each pixel takes: its own if its colour is plain, else a near one."""
        shown = Image.fromarray(picture).quantize(palette=self.image, dither=Image.Dither.NONE)
        indices = np.array(shown)
        if len(self.plain) > 0:
            mixed = _mix(picture)
            places = np.searchsorted(self.plain, mixed).clip(max=len(self.plain) - 1)
            indices = np.where(self.plain[places] == mixed, places, indices).astype("uint8")
        return indices

    def share_far_off(self, indices: np.ndarray, picture: np.ndarray) -> float:
        """Share of the pixels of a picture that the table's colours do not do justice."""
        again = self.entries[indices, 1:].astype("int16")
        return float((np.abs(again - picture).max(axis=-1) > _FAR_OFF).mean())


def _table_of(picture: np.ndarray) -> _Table:
    """A picture's table: its plain colours, and by median cut the best ones for the rest.

    Median cut alone, which takes averages, would tint white paper and the bands of a scale.
    """
    mixed = _mix(picture)
    known, counts = np.unique(mixed, return_counts=True)
    frequent = np.argsort(-counts, kind="stable")[:_MOST_PLAIN]
    plain = np.sort(known[frequent[counts[frequent] >= _PLAIN * mixed.size]])
    colours = np.stack([plain >> 16, plain >> 8 & 255, plain & 255], axis=-1).astype("uint8")
    rest = picture[~np.isin(mixed, plain)]
    if len(rest) > 0:
        shades = Image.fromarray(rest[None]).quantize(
            _COLOURS - len(plain), method=Image.Quantize.MEDIANCUT
        )
        found = np.array(shades.getpalette(), dtype="uint8").reshape(-1, 3)
        colours = np.concatenate([colours, found])
    entries = np.zeros((256, 4), dtype="uint8")
    entries[: len(colours), 0] = 255
    entries[: len(colours), 1:] = colours
    image = Image.new("P", (1, 1))
    image.putpalette(colours.ravel().tolist())
    return _Table(plain, entries, image)


def _mix(picture: np.ndarray) -> np.ndarray:
    """The colour of each pixel as one number."""
    red, green, blue = np.moveaxis(picture.astype("uint32"), -1, 0)
    return (red << 16) + (green << 8) + blue


def _write_mp4(
    container: OutputContainer, first: np.ndarray, others: Iterator[np.ndarray], seconds: float
) -> None:
    """H.264, 4:2:0, with the index in front: what every browser plays while it loads."""
    rate = Fraction(1 / seconds).limit_denominator(1000)
    stream = _stream(container, "libx264", _even(first), rate, "yuv420p")
    stream.options = {"crf": _QUALITY, "preset": "veryfast", "tune": "stillimage"}
    context = stream.codec_context
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = ColorRange.MPEG
    for number, picture in enumerate(_chain(first, others)):
        frame = VideoFrame.from_ndarray(_even(picture), format="rgb24").reformat(
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
        )
        _encode(container, stream, frame, number)
    container.mux(stream.encode(None))


def _even(picture: np.ndarray) -> np.ndarray:
    """A picture of even width and height, which 4:2:0 asks for: its edge is repeated."""
    height, width, _ = picture.shape
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _stream(
    container: OutputContainer, codec: str, picture: np.ndarray, rate: Fraction, layout: str
) -> VideoStream:
    stream = container.add_stream(codec, rate=rate)
    assert isinstance(stream, VideoStream)
    stream.height, stream.width = picture.shape[:2]
    stream.pix_fmt = layout
    return stream


def _encode(
    container: OutputContainer, stream: VideoStream, frame: VideoFrame, number: int
) -> None:
    rate = stream.codec_context.framerate
    frame.pts, frame.time_base = number, 1 / Fraction(rate)
    container.mux(stream.encode(frame))


def _chain(first: np.ndarray, others: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    yield first
    yield from others
