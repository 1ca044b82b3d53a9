"""Single files whose size and checksum are published, fetched piece after piece and checked whole."""

import hashlib
import http.client
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.atomic import flush, flush_folder
from pipelines.fetching.failure import FetchError, Patience
from pipelines.fetching.integrity import is_page
from pipelines.fetching.web import PassingError, check_status
from pipelines.lock import exclusive

__all__ = ["PublishedFile", "fetch_files"]

_PIECE_BYTES = 2**20


@dataclass(frozen=True)
class PublishedFile:
    """A file that anyone can check."""

    name: str
    addresses: tuple[str, ...]
    """Folders on the web that have it, the best first; each ends with a slash."""
    size: int
    """Bytes."""
    md5: str
    """In hex."""


def fetch_files(
    out: Path,
    files: Sequence[PublishedFile],
    *,
    source: str | None,
    patience: Patience,
    progress: Callable[[int, int], None],
    say: Callable[[str], None],
) -> list[Path]:
    """Fetch files to the folder `out`; each appears when it is whole and its checksum is right.

    What is there already is checked and kept. What came of a file before the connection or the process
    broke off lies in `.NAME.partial`, and the next fetch goes on behind it.

    Args:
        source: https:// or http:// address of a folder to fetch from instead of the files' own.
        progress: told the bytes done and in all.

    Raises:
        ValueError: the address is none, another file has the name, the disk has no room, or another
            process fetches to the folder.
        FetchError: no address gives the file as it was published.
    """
    if source is not None and not source.startswith(("http://", "https://")):
        raise ValueError(
            f"source {source!r} is no web address; it begins with https:// or http://."
        )
    out.mkdir(parents=True, exist_ok=True)
    left = sum(file.size for file in files if not (out / file.name).exists())
    free = shutil.disk_usage(out).free + sum(_have(_partial(out, file)) for file in files)
    if left > free:
        raise ValueError(
            f"{out} needs {left / 1e6:.0f} MB, but the disk has {free / 1e6:.0f} MB left; make room, "
            "or name a folder on another disk."
        )
    total, before = sum(file.size for file in files), 0
    lock = out / ".fetch.lock"
    taken = ValueError(f"another process fetches to {out}; wait for it, or name another folder.")
    with exclusive(lock, taken=taken):
        try:
            for file in files:
                addresses = file.addresses if source is None else (f"{source.rstrip('/')}/",)
                done = _Progress(before, total, progress)
                _provide(file, addresses, out / file.name, patience=patience, done=done, say=say)
                before += file.size
                progress(before, total)
        finally:
            lock.unlink()
    return [out / file.name for file in files]


@dataclass(frozen=True)
class _Progress:
    """Bytes of all files, told from those of one."""

    before: int
    total: int
    tell: Callable[[int, int], None]

    def __call__(self, have: int) -> None:
        self.tell(self.before + have, self.total)


def _provide(
    file: PublishedFile,
    addresses: Sequence[str],
    place: Path,
    *,
    patience: Patience,
    done: _Progress,
    say: Callable[[str], None],
) -> None:
    if not place.exists():
        _fetch(file, addresses, place, patience=patience, done=done, say=say)
        return
    if place.stat().st_size != file.size or _md5(place) != file.md5:
        raise ValueError(
            f"{place} is there already and is not the published file ({file.size} bytes, md5 "
            f"{file.md5}); move it away, or fetch to another folder."
        )
    say(f"{file.name} is here already")


def _fetch(
    file: PublishedFile,
    addresses: Sequence[str],
    place: Path,
    *,
    patience: Patience,
    done: _Progress,
    say: Callable[[str], None],
) -> None:
    """Try one address after the other until the file is there."""
    partial = _partial(place.parent, file)
    reasons = []
    for address in addresses:
        url = f"{address}{file.name}"
        told = f", {_have(partial) / 1e6:.0f} MB of them are here" if _have(partial) else ""
        say(f"{file.name}: {file.size / 1e6:.0f} MB from {url}{told}")
        try:
            _receive(url, partial, file.size, patience=patience, done=done)
        except FetchError as error:
            reasons.append(str(error))
            continue
        found = _md5(partial)
        if found == file.md5:
            flush(partial)
            partial.rename(place)
            flush_folder(place.parent)
            return
        partial.unlink()
        reasons.append(f"{url}: its md5 is {found}, but that of the published file is {file.md5}.")
    raise FetchError(
        f"{file.name} cannot be had: {' '.join(reasons)} Try again later, or name a --source that has "
        "it: what came stays, and the next fetch goes on behind it."
    )


def _receive(url: str, partial: Path, size: int, *, patience: Patience, done: _Progress) -> None:
    """Append to a partial file until it has all bytes, with new attempts where one breaks off."""
    most, failed = _have(partial), 0
    while _have(partial) != size:
        try:
            _attempt(url, partial, size, timeout_s=patience.timeout_s, done=done)
        except PassingError as error:
            # An attempt that brought something is none of those that failed.
            failed = 0 if _have(partial) > most else failed + 1
            most = max(most, _have(partial))
            if failed > patience.retries:
                raise FetchError(f"{url}: {error} ({failed} attempts).") from error
            time.sleep(patience.pause_s(max(failed - 1, 0), error.asked_s))


def _attempt(url: str, partial: Path, size: int, *, timeout_s: float, done: _Progress) -> None:
    """Ask once for what a partial file lacks, and append what comes.

    Raises:
        PassingError: it broke off, or came wrong.
        FetchError: the server refuses.
    """
    have = _have(partial)
    if have > size:  # of something else
        partial.unlink()
        have = 0
    headers = {"Accept-Encoding": "identity", "Range": f"bytes={have}-"}
    try:
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            _append(answer, partial, size, done)
    except urllib.error.HTTPError as error:
        with error:
            check_status(error.code, dict(error.headers.items()), url)
    except urllib.error.URLError as error:
        raise PassingError(f"the server cannot be reached ({error.reason})") from error
    except TimeoutError as error:
        raise PassingError(f"no answer within {timeout_s:g} s") from error
    except (http.client.HTTPException, ConnectionError) as error:
        raise PassingError(f"the connection broke off ({type(error).__name__})") from error


def _append(answer: Any, partial: Path, size: int, done: _Progress) -> None:
    # A server without ranges sends everything.
    have = _have(partial) if answer.status == 206 else 0
    offered = answer.headers.get("Content-Length", "")
    piece = answer.read(_PIECE_BYTES)
    if answer.headers.get("Content-Type", "").startswith("text/html") or is_page(piece):
        raise PassingError("a web page came instead of data")
    if offered.isdigit() and have + int(offered) != size:
        raise FetchError(
            f"{answer.url}: the server has {have + int(offered)} bytes, but the published file has "
            f"{size}."
        )
    with partial.open("ab" if have else "wb") as stream:
        while piece:
            stream.write(piece)
            have += len(piece)
            done(min(have, size))
            piece = answer.read(_PIECE_BYTES)
    if have != size:
        raise PassingError(f"it is cut short: {have} of {size} bytes came")


def _partial(out: Path, file: PublishedFile) -> Path:
    return out / f".{file.name}.partial"


def _have(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _md5(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
