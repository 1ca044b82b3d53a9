"""The newest analyses of ECMWF's open data: the state from which a forecast of today starts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.atomic import atomic_path
from pipelines.fetching.failure import FetchError, Patience
from pipelines.fetching.gribs import Message, check_messages, read_messages
from pipelines.series import names
from pipelines.variables import parse_channel

__all__ = ["fetch_ecmwf_open"]

_PARAMETERS = {
    "t2m": "2t",
    "u10": "10u",
    "v10": "10v",
    "msl": "msl",
    "sp": "sp",
    "tcc": "tcc",
    "z": "gh",  # as height, in gpm
    "t": "t",
    "u": "u",
    "v": "v",
    "q": "q",
    "r": "r",
}
"""Short name to ECMWF's; precipitation and radiation are sums, which an analysis has none of."""

_HEADLINE = ("t2m", "z500", "t850")
_STEP = timedelta(hours=6)
_SOURCES = ("ecmwf", "aws", "azure", "google")


@dataclass(frozen=True)
class _Request:
    """Messages of each frame, in the words of ECMWF's index."""

    surface: tuple[str, ...]
    upper: tuple[str, ...]
    levels: tuple[int, ...]

    @property
    def parts(self) -> list[dict[str, Any]]:
        """One request for each kind of level: a single one would ask the ground for levels."""
        parts: list[dict[str, Any]] = []
        if self.surface:
            parts.append({"levtype": "sfc", "param": list(self.surface)})
        if self.upper:
            levels = list(self.levels)
            parts.append({"levtype": "pl", "param": list(self.upper), "levelist": levels})
        return parts

    def lacking(self, found: set[Message]) -> list[str]:
        """The wanted messages that are not among those found."""
        held = {message.parameter for message in found}
        ground = [name for name in self.surface if name not in held]
        above = [
            f"{name} at {level} hPa"
            for name in self.upper
            for level in self.levels
            if Message(name, level) not in found
        ]
        return ground + above


def fetch_ecmwf_open(
    out: Path,
    *,
    source: str = "ecmwf",
    variables: Sequence[str] | None = None,
    levels: Sequence[float] | None = None,
    last: int = 1,
    retries: int = 5,
    progress: Callable[[int, int], None] = lambda done, total: None,
    say: Callable[[str], None] = lambda text: None,
    patience: Patience | None = None,
) -> list[Path]:
    """Fetch the newest analyses (step 0) to the folder `out`, a GRIB file each six hours.

    Files that are there already and hold what is wanted are kept: asking again adds the new ones.

    Args:
        out: a folder, new or of an earlier fetch.
        source: ecmwf, aws, azure, google, or the address of a mirror.
        variables: such as "t2m", "z500"; t2m, z500 and t850 unless given.
        levels: hPa, of variables named without one.
        last: how many frames, six hours apart, that end with the newest.
        retries: attempts after the first, at each read.
        progress: told the frames done and in all.
        say: told what is about to be done.
        patience: instead of `retries`, with pauses too.

    Raises:
        ValueError: a variable has no analysis, or a package is missing.
        FetchError: the data cannot be had, or are not whole.
    """
    if last < 1:
        raise ValueError(f"last is {last}; give 1 or more.")
    request = _request(_HEADLINE if variables is None else variables, levels)
    patience = patience or Patience(retries=retries)
    client = _client(source, patience)
    newest = _newest(client, request, source)
    out.mkdir(parents=True, exist_ok=True)
    files = []
    say(f"{last} analyses that end with {newest:%Y-%m-%dT%H:%M}, from {source}")
    for count in range(last):
        date = newest - count * _STEP
        file = out / f"ecmwf-open-{date:%Y-%m-%dT%H}.grib2"
        _fetch_frame(client, request, date, file, source)
        files.append(file)
        progress(count + 1, last)
    return sorted(files)


def _request(variables: Sequence[str], levels: Sequence[float] | None) -> _Request:
    surface, upper, wanted = [], [], {int(level) for level in levels or ()}
    for text in variables:
        variable, level = parse_channel(text)
        if variable.short not in _PARAMETERS:
            raise ValueError(
                f"ECMWF's open analyses have no {variable.short}; they have {names(_PARAMETERS)}."
            )
        if level is not None:
            wanted.add(int(level))
        chosen = upper if variable.has_level else surface
        chosen.append(_PARAMETERS[variable.short])
    if upper and not wanted:
        raise ValueError(
            f"{names(upper)} are on pressure levels; name them, as in z500, or with --levels 500,850."
        )
    return _Request(
        tuple(dict.fromkeys(surface)), tuple(dict.fromkeys(upper)), tuple(sorted(wanted))
    )


def _client(source: str, patience: Patience) -> Any:
    try:
        from ecmwf.opendata import Client
    except ImportError as error:
        raise ValueError(
            "fetching ECMWF's open data needs ecmwf-opendata: pip install 'stforecast[ecmwf]'."
        ) from error
    if source not in _SOURCES and "://" not in source:
        raise ValueError(
            f"source {source!r} is unknown; there are {names(_SOURCES)}, or an address."
        )
    return Client(
        source=source,
        maximum_retries=patience.retries + 1,
        retry_after=patience.first_pause_s,  # pyright: ignore[reportArgumentType]
        # Of the known sources the client knows it; others seldom send several ranges in one answer.
        source_accept_ranges=True if "://" in source else None,
        source_accept_multiple_ranges=False if "://" in source else None,
    )


def _newest(client: Any, request: _Request, source: str) -> datetime:
    import requests

    try:
        return client.latest(type="fc", stream="oper", step=0, **request.parts[0])
    except (ValueError, requests.RequestException) as error:
        raise FetchError(
            f"{source} has no analysis of the last two days ({error}). Try another --source "
            f"({names(_SOURCES)}), or later."
        ) from error


def _fetch_frame(client: Any, request: _Request, date: datetime, file: Path, source: str) -> None:
    if file.is_file():
        lacking = request.lacking(read_messages(file))
        if lacking:
            raise ValueError(
                f"{file} is there already, without {names(lacking)}; fetch to another folder."
            )
        return
    with atomic_path(file) as temporary:
        for count, part in enumerate(request.parts):
            piece = temporary.with_name(f"{temporary.stem}-{count}{temporary.suffix}")
            try:
                _retrieve(client, part, date, piece, source)
                with temporary.open("ab") as whole:
                    whole.write(piece.read_bytes())
            finally:
                piece.unlink(missing_ok=True)
        lacking = request.lacking(read_messages(temporary))
        if lacking:
            raise FetchError(f"{source} lacks {names(lacking)} of {date:%Y-%m-%dT%H}.")


def _retrieve(client: Any, part: dict[str, Any], date: datetime, piece: Path, source: str) -> None:
    import requests

    try:
        result = client.retrieve(
            type="fc", stream="oper", step=0, date=date, target=str(piece), **part
        )
    except (requests.RequestException, ValueError, AssertionError, OSError) as error:
        told = f"the analysis of {date:%Y-%m-%dT%H} from {source}"
        if isinstance(error, requests.HTTPError) and "404" in str(error):
            raise FetchError(
                f"{told} is not there (any more): the last few days are kept. Ask for fewer frames "
                "with --last, or another --source: aws and google keep more."
            ) from error
        raise FetchError(f"{told} cannot be had ({error}); try again later.") from error
    expected = sum(length for _, parts in result.urls for _, length in parts)
    if piece.stat().st_size != expected:
        raise FetchError(
            f"{source}: {piece.stat().st_size} bytes came of the analysis of {date:%Y-%m-%dT%H}, but "
            f"its index tells of {expected}; try again."
        )
    check_messages(piece)
