"""What an experiment may say of clips, held against what a dataset knows."""

from collections.abc import Sequence
from typing import Literal

from pipelines.clips import AS_PUBLISHED, GREY, RGB, WHOLE, ClipConfig

__all__ = ["OF_FILMS", "Colour", "Part", "check_options", "colour_of", "stride_of"]

Colour = Literal["grey", "rgb"]
Part = Literal["train", "validation", "test"]

OF_FILMS = ("size", "colour", "every", "stride")
"""Keys of `clips` that count wherever frames are read from films or pictures."""

_COLOURS: dict[Colour, list[str]] = {
    "grey": [channel.name for channel in GREY],
    "rgb": [channel.name for channel in RGB],
}


def check_options(dataset: str, clips: ClipConfig, *, known: Sequence[str]) -> None:
    """Raise ValueError if something is wanted that the clips of a dataset do not have.

    Args:
        known: keys of `clips` that count.
    """
    plain = AS_PUBLISHED.model_dump()
    for key, value in clips.model_dump().items():
        if value != plain[key] and key not in known:
            taken = ", ".join(f"clips.{name}" for name in known)
            raise ValueError(
                f"clips.{key} = {value!r} is nothing that {dataset} knows; it takes {taken}."
            )


def colour_of(clips: ClipConfig, variables: Sequence[str] | None, *, default: Colour) -> Colour:
    """Grey or colour: as the experiment says, or as the channels that it names.

    Raises:
        ValueError: a variable is no channel of frames, or none of those that are wanted.
    """
    if variables is None:
        return clips.colour or default
    fitting: list[Colour] = [
        colour
        for colour, channels in _COLOURS.items()
        if variables and set(variables) <= set(channels)
    ]
    if not fitting or clips.colour not in (None, *fitting):
        wanted = clips.colour or "grey or rgb"
        raise ValueError(
            f"variables = {list(variables)} are no channels of frames in {wanted}: grey ones have "
            f"{_COLOURS['grey'][0]}, those in colour {', '.join(_COLOURS['rgb'])}."
        )
    return fitting[0]


def stride_of(clips: ClipConfig, part: Part, *, published: int) -> int:
    """Frames between the starts of windows in a clip of a part; `published` unless `clips` says."""
    if clips.stride is None or part == "train":
        return published
    return clips.stride or WHOLE
