"""GRIB files fetched from an archive: whole, and with all the messages that were asked for."""

from dataclasses import dataclass
from pathlib import Path

from pipelines.fetching.failure import FetchError
from pipelines.fetching.integrity import is_page
from pipelines.grib_library import load_eccodes

__all__ = ["Message", "check_messages", "read_messages"]

_INDICATOR_BYTES = 16
"""Length of section 0 of a GRIB 2 message; bytes 9 to 16 hold the length of the message."""


@dataclass(frozen=True, order=True)
class Message:
    """What one GRIB message holds."""

    parameter: str
    """ECMWF's short name: "2t", "gh"."""
    level: int
    """hPa for pressure levels; metres or 0 near the ground."""


def check_messages(path: Path) -> None:
    """See that a file is GRIB 2 from the first byte to the last, message after message.

    Raises:
        FetchError: it is a web page, empty, cut short or something else.
    """
    body = path.read_bytes()
    if is_page(body):
        raise FetchError(f"{path.name}: a web page came instead of GRIB; try again later.")
    place = 0
    while place < len(body):
        head = body[place : place + _INDICATOR_BYTES]
        if head[:4] != b"GRIB" or len(head) < _INDICATOR_BYTES or head[7] != 2:
            raise FetchError(f"{path.name}: byte {place} begins no GRIB 2 message; fetch again.")
        end = place + int.from_bytes(head[8:], "big")
        if body[end - 4 : end] != b"7777":
            raise FetchError(
                f"{path.name} is cut short: the message from byte {place} to {end} has no end, in "
                f"{len(body)} bytes; fetch again."
            )
        place = end
    if not place:
        raise FetchError(f"{path.name} is empty; fetch again.")


def read_messages(path: Path) -> set[Message]:
    """What the messages of a file hold.

    Raises:
        ValueError: eccodes is not installed.
    """
    try:
        eccodes = load_eccodes()
    except ImportError as error:
        raise ValueError("reading GRIB needs eccodes: pip install 'stforecast[ecmwf]'.") from error
    found = set()
    with path.open("rb") as stream:
        while (handle := eccodes.codes_grib_new_from_file(stream, headers_only=True)) is not None:
            name = eccodes.codes_get_string(handle, "shortName")
            level = eccodes.codes_get_long(handle, "level")
            eccodes.codes_release(handle)
            found.add(Message(str(name), int(level or 0)))
    return found
