"""A local copy of data behind a URL, brought up to date before each run of a job."""

import json
import os
from dataclasses import dataclass, field
from filecmp import cmp
from pathlib import Path, PurePosixPath
from time import monotonic
from typing import Any

from pipelines.atomic import atomic_path

__all__ = ["MANIFEST", "MirrorError", "mirror", "vanished"]

MANIFEST = ".mirror.json"
"""Beside the copies: what each file was when it was fetched, and which are gone at the origin."""

_STAMPS = (
    *("ETag", "etag", "md5Hash", "md5", "Content-MD5", "Digest"),
    *("LastModified", "last_modified", "Last-Modified", "mtime", "modified", "updated", "created"),
)
"""What file systems of fsspec call that which changes when a file does, beside its size."""

_METADATA = (".zarray", ".zattrs", ".zgroup", ".zmetadata", "zarr.json")
"""Of Zarr: fetched after the data that they speak of."""


_SAVE_SECONDS = 10
"""Between notes of what has been fetched, so that a killed mirror does not begin anew."""


class MirrorError(OSError):
    """Data behind a URL that could not be fetched; the copies are as they were, or newer."""


@dataclass
class _Manifest:
    """What was fetched."""

    url: str
    files: dict[str, str] = field(default_factory=dict)
    """Stamp of each file when it was fetched; "" where nothing told it."""
    vanished: list[str] = field(default_factory=list)
    """Files that are no longer at the origin; their copies are kept."""


def mirror(url: str, folder: Path) -> Path:
    """Fetch what is new or has changed at a URL; the local file or folder that is like it.

    A file has changed when its size, ETag or time of change has; one of which none but the size is
    told is fetched each time. Each copy is replaced whole or not at all. What is gone at the origin is
    kept, and noted: see `vanished`.

    Args:
        url: a file or a folder (a store too), as fsspec opens them: https://, s3://, file://. A folder
            of a web server ends in "/", and the server lists it.
        folder: where the copy lies, under the URL's last name.

    Raises:
        ValueError: the URL cannot be understood, or the folder is the copy of another one.
        MirrorError: nothing is there, or a file could not be fetched; the others were.
    """
    store, root = _filesystem(url)
    copy = folder / (PurePosixPath(root).name or "data")
    manifest = _read_manifest(folder, url)
    found = _found(store, root, url)
    failures: list[str] = []
    saved = monotonic()
    for remote, facts in sorted(found.items(), key=lambda entry: _turn(entry[0])):
        relative = _relative(remote, root, url)
        local = copy / relative if relative else copy
        try:
            manifest.files[relative] = _fetch_changed(
                store, remote, facts, local, known=manifest.files.get(relative)
            )
        # Each file system has errors of its own kind; the other files are fetched all the same.
        except Exception as error:
            failures.append(f"{remote}: {_cause(error)}")
        if monotonic() - saved > _SAVE_SECONDS:
            _write_manifest(folder, manifest)
            saved = monotonic()
    here = {_relative(remote, root, url) for remote in found}
    manifest.vanished = sorted(set(manifest.files) - here)
    _write_manifest(folder, manifest)
    if failures:
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        raise MirrorError(f"{url} could not be fetched: {failures[0]}{more}.")
    return copy


def vanished(folder: Path) -> list[str]:
    """Files of a mirror, relative to its copy, that were no longer at the origin when last asked."""
    file = folder / MANIFEST
    return json.loads(file.read_text())["vanished"] if file.is_file() else []


def _filesystem(url: str) -> tuple[Any, str]:
    import fsspec

    try:
        store, root = fsspec.url_to_fs(url)
    except (ValueError, ImportError) as error:
        raise ValueError(
            f"input {url} cannot be opened ({error}); name a path or a URL of fsspec, and install what "
            "its protocol needs."
        ) from error
    return store, root.rstrip("/")


def _found(store: Any, root: str, url: str) -> dict[str, dict[str, Any]]:
    """Every file at or under a place, with what its file system tells of it."""
    try:
        store.invalidate_cache()
        is_web = url.startswith(("http://", "https://"))
        # To a web server a folder is a page: asking for it would fetch a file whole.
        is_folder = url.endswith("/") if is_web else store.isdir(root)
        if not is_folder:
            return {root: store.info(root)}
        found = {
            name: facts if _told(facts) else store.info(name)
            for name, facts in store.find(f"{root}/" if is_web else root, detail=True).items()
            if not PurePosixPath(name).name.startswith(".partial-") and "?" not in name
        }
    except Exception as error:
        raise MirrorError(f"{url} could not be listed: {_cause(error)}.") from error
    if not found:
        raise MirrorError(f"{url} could not be fetched: there is no file.")
    return found


def _told(facts: dict[str, Any]) -> list[str]:
    """What tells a changed file from an unchanged one, beside its size."""
    return [f"{name}={facts[name]}" for name in _STAMPS if facts.get(name) not in (None, "")]


def _stamp(facts: dict[str, Any]) -> str:
    told = _told(facts)
    return " ".join([f"size={facts.get('size')}", *told]) if told else ""


def _relative(remote: str, root: str, url: str) -> str:
    """A file's path below the root: "" for the root itself."""
    relative = remote.removeprefix(root).lstrip("/")
    parts = PurePosixPath(relative).parts
    if not remote.startswith(root) or ".." in parts or any("\\" in part for part in parts):
        raise MirrorError(
            f"{url} lists {remote}, which does not lie in it; nothing was fetched of it."
        )
    return relative


def _turn(remote: str) -> tuple[bool, int, str]:
    """Data first, metadata last, the root's at the very end."""
    is_metadata = PurePosixPath(remote).name in _METADATA
    return is_metadata, -remote.count("/") if is_metadata else 0, remote


def _fetch_changed(
    store: Any, remote: str, facts: dict[str, Any], local: Path, *, known: str | None
) -> str:
    """The stamp of a file whose copy is as it is at the origin, fetched if it was not."""
    stamp = _stamp(facts)
    size = facts.get("size")
    unchanged = stamp and stamp == known
    if unchanged and local.is_file() and (size is None or local.stat().st_size == size):
        return stamp
    with atomic_path(local) as temporary:
        store.get_file(remote, str(temporary))
        arrived = temporary.stat().st_size
        if size is not None and arrived != size:
            raise MirrorError(f"{arrived} of {size} bytes arrived")
        _check_no_page(temporary)
        if local.is_file() and cmp(local, temporary, shallow=False):
            # Readers know a file by its time of change: the same content is the same file.
            facts_here = local.stat()
            os.utime(temporary, ns=(facts_here.st_atime_ns, facts_here.st_mtime_ns))
    return stamp


def _check_no_page(file: Path) -> None:
    """Raise MirrorError where a server sent a page about an error in place of data."""
    with file.open("rb") as stream:
        head = stream.read(256).lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        raise MirrorError("an HTML page arrived in place of data; open the address in a browser")


def _cause(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    return str(error) or type(error).__name__


def _read_manifest(folder: Path, url: str) -> _Manifest:
    file = folder / MANIFEST
    if not file.is_file():
        return _Manifest(url)
    try:
        manifest = _Manifest(**json.loads(file.read_text()))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{file} is damaged ({error}); remove it: all is fetched anew.") from error
    if manifest.url != url:
        raise ValueError(
            f"{folder} holds a copy of {manifest.url}, not of {url}; remove it, or give the job "
            "another state folder."
        )
    return manifest


def _write_manifest(folder: Path, manifest: _Manifest) -> None:
    with atomic_path(folder / MANIFEST) as temporary:
        temporary.write_text(json.dumps(vars(manifest), indent=1))
