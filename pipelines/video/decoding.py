"""Clips that FFmpeg decodes (.avi, .mp4, .mov, .mkv), by PyAV."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream
from av.video.stream import VideoStream

from pipelines.video.frame_file import SYNTHETIC_MARK, Look

__all__ = ["Movie", "open_movie", "write_movie"]


@dataclass(frozen=True, eq=False)
class Movie:
    """Frames of a file that are decoded one after another."""

    place: Path
    look: Look
    in_order: bool = True

    def label(self, number: int) -> str:
        """What messages call a frame, counting from 1."""
        return f"{self.place}, frame {number + 1}"

    def frames(self, numbers: np.ndarray) -> Iterator[np.ndarray]:
        """Frames uint8 (y, x), or (y, x, 3) in the order red, green, blue."""
        wanted = iter(numbers.tolist())
        following = next(wanted, None)
        decoded = 0
        try:
            with av.open(self.place) as container:
                stream = container.streams.video[0]
                stream.thread_type = "AUTO"
                kind = "gray" if self.look.is_grey else "rgb24"
                for frame in container.decode(stream):
                    if following is None:
                        return
                    if decoded == following:
                        yield frame.to_ndarray(format=kind)
                        following = next(wanted, None)
                    decoded += 1
        except FFmpegError as error:
            raise self._cut_off(decoded) from error
        if following is not None:
            raise self._cut_off(decoded)

    def _cut_off(self, decoded: int) -> ValueError:
        return ValueError(
            f"{self.place} should hold {self.look.n_frames} frames, but {decoded} can be decoded: it is "
            f"damaged or cut off. Get it again, or save what is there with `ffmpeg -i "
            f"{self.place.name} -c:v ffv1 NEW.mkv` and take the old one away."
        )


def open_movie(place: Path) -> Movie:
    """The frames of a file; its head and its index are read.

    Raises:
        ValueError: FFmpeg does not know it, it holds no film, or it is cut off.
    """
    try:
        with av.open(place) as container:
            if not container.streams.video:
                raise ValueError(
                    f"{place} holds no film, only {_kinds(container.streams)}; take it away, or name "
                    "the folder of the clips alone."
                )
            stream = container.streams.video[0]
            announced = stream.frames
            n_frames = _count(container, stream)
            pixels = str(stream.codec_context.pix_fmt)
            shape = (stream.codec_context.height, stream.codec_context.width)
            told = {name.lower(): text for name, text in container.metadata.items()}
    except FFmpegError as error:
        raise ValueError(
            f"{place} cannot be read as a clip ({error.strerror}): it is damaged, cut off, or of "
            "another format than its ending says. Get it again, or take it away."
        ) from error
    if n_frames < max(announced, 1) or 0 in shape:
        raise ValueError(
            f"{place} announces {announced} frames, but holds {n_frames}: it is cut off. Get it again, "
            f"or save what is there with `ffmpeg -i {place.name} -c:v ffv1 NEW.mkv` and take the old "
            "one away."
        )
    is_grey = pixels.startswith(("gray", "mono"))
    return Movie(place, Look(n_frames, shape, is_grey, told.get("comment") == SYNTHETIC_MARK))


def _count(container: InputContainer, stream: VideoStream) -> int:
    """How many frames a film has: by its index, and where that is not whole, by all its packets."""
    indexed = sum(1 for entry in stream.index_entries if entry.size and not entry.is_discard)
    if indexed == stream.frames and indexed:
        return indexed
    return sum(1 for packet in container.demux(stream) if packet.size and not packet.is_discard)


def _kinds(streams: Iterable[Stream]) -> str:
    return ", ".join(sorted({stream.type for stream in streams})) or "nothing"


def write_movie(
    file: Path,
    frames: Iterable[np.ndarray],
    *,
    codec: str = "mpeg4",
    rate: int = 25,
    is_synthetic: bool = True,
) -> None:
    """Write frames uint8 (y, x, 3) as a clip of the kind that the file's ending says."""
    with av.open(file, "w") as container:
        if is_synthetic:
            container.metadata["comment"] = SYNTHETIC_MARK
        stream = None
        for frame in frames:
            if stream is None:
                stream = container.add_stream(codec, rate=Fraction(rate))
                assert isinstance(stream, VideoStream)
                stream.height, stream.width = frame.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.bit_rate = 2_000_000
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            container.mux(stream.encode(picture))
        if stream is not None:
            container.mux(stream.encode())
