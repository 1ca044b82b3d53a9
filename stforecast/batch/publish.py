"""Finished files brought to their place: whole or not at all, on local disks and in object stores."""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.atomic import flush
from stforecast.batch.folders import PARTIAL, aside, swap, sweep_beside

__all__ = ["PublishError", "exists_whole", "is_url", "publish", "remove", "settle"]

_ROOT_METADATA = (".zattrs", ".zgroup", ".zmetadata", "zarr.json")
"""At the root of a Zarr store, in the order of writing: who reads opens the last ones."""
_ARRAY_METADATA = (".zarray", ".zattrs", ".zgroup", "zarr.json")
_ONE_PUT = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss", "memory")
"""Protocols in which a file that is put appears at the end of the put, or never."""


class PublishError(OSError):
    """A file that could not be brought to its place, or taken away from it."""


def is_url(target: str) -> bool:
    """Whether a target is a URL and not a path: "s3://bucket/out.nc"."""
    return "://" in target


def publish(local: Path, target: str) -> None:
    """Bring a finished file or Zarr store to its place; the local one is moved or removed.

    A reader sees what was there before or the new one, never half of it. In object stores, which
    cannot rename a folder, a Zarr store is unreadable while it is being replaced: its root metadata
    go first and come back last.

    Args:
        local: a file, or the folder of a Zarr store.
        target: a path or a URL; what is there is replaced.

    Raises:
        PublishError: the target cannot be written; what was there before is there still, or, of a
            Zarr store in an object store, nothing that opens.
    """
    with _explained(target, "be written"):
        place = _local(target)
        if place is not None:
            _publish_local(local, place)
            return
        store, path = _filesystem(target)
        if local.is_dir():
            _put_store(store, local, path)
            shutil.rmtree(local)
        else:
            _put_file(store, local, path)
            local.unlink()


def remove(target: str) -> None:
    """Take a file or Zarr store away; nothing happens if there is none.

    Raises:
        PublishError: it is there and cannot be removed.
    """
    with _explained(target, "be removed"):
        place = _local(target)
        if place is not None:
            _remove_local(place)
            return
        store, path = _filesystem(target)
        store.invalidate_cache()
        if store.isdir(path):
            # Without its root nobody takes what is left for a store.
            _remove_present(store, [f"{path}/{name}" for name in reversed(_ROOT_METADATA)])
            store.rm(path, recursive=True)
        elif store.exists(path):
            store.rm_file(path)


def exists_whole(target: str) -> bool:
    """Whether a published file or Zarr store is there: the last thing that publishing writes is.

    Raises:
        PublishError: the place cannot be asked.
    """
    with _explained(target, "be looked for"):
        place = _local(target)
        if place is not None:
            if place.is_dir():
                return any((place / name).is_file() for name in _ROOT_METADATA[-2:])
            return place.is_file() and place.stat().st_size > 0
        store, path = _filesystem(target)
        store.invalidate_cache()
        if store.isdir(path):
            return any(store.exists(f"{path}/{name}") for name in _ROOT_METADATA[-2:])
        return store.exists(path) and (store.size(path) or 0) > 0


def settle(path: Path) -> None:
    """Make the bytes of a Zarr store depend on what is in it alone.

    Consolidated metadata list the arrays in the order in which they happened to be read.
    """
    metadata = path / ".zmetadata"
    if metadata.is_file():
        listed = json.loads(metadata.read_text())
        listed["metadata"] = dict(sorted(listed["metadata"].items()))
        metadata.write_text(json.dumps(listed, indent=4))


@contextmanager
def _explained(target: str, what: str) -> Iterator[None]:
    try:
        yield
    except PublishError:
        raise
    # Each store has errors of its own kind: what they say is passed on, with the place.
    except Exception as error:
        cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise PublishError(
            f"{target} could not {what}: {cause or type(error).__name__}."
        ) from error


def _local(target: str) -> Path | None:
    """The path of a target on a local disk; None for an object store."""
    if not is_url(target):
        return Path(target)
    return Path(target.removeprefix("file://")) if target.startswith("file://") else None


def _filesystem(target: str) -> tuple[Any, str]:
    import fsspec

    store, path = fsspec.url_to_fs(target)
    return store, path.rstrip("/")


def _publish_local(local: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    sweep_beside(place)
    flush(local)
    if place.is_dir() != local.is_dir() and place.exists():
        raise PublishError(
            f"{place} could not be written: it is a {'folder' if place.is_dir() else 'file'}, and "
            "the forecast is not; remove it, or change the output's path."
        )
    try:
        swap(local, place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # The work lies on another disk: copied beside its place first, so that it appears at once.
        temporary = aside(place)
        try:
            _copy(local, temporary)
            flush(temporary)
            swap(temporary, place)
        finally:
            _discard(temporary)
        _discard(local)


def _copy(source: Path, destination: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, destination)
    else:
        shutil.copy2(source, destination)


def _discard(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _remove_local(place: Path) -> None:
    if not place.parent.is_dir():
        return
    sweep_beside(place)
    if place.is_dir():
        # A folder cannot vanish at once under its own name.
        hidden = aside(place)
        place.rename(hidden)
        shutil.rmtree(hidden)
    else:
        place.unlink(missing_ok=True)


def _put_file(store: Any, local: Path, path: str) -> None:
    protocols = {store.protocol} if isinstance(store.protocol, str) else set(store.protocol)
    if protocols & set(_ONE_PUT):
        _put_whole(store, local, path)
        return
    folder, name = str(PurePosixPath(path).parent), PurePosixPath(path).name
    temporary = f"{folder}/{PARTIAL}{os.getpid()}-{name}"
    store.makedirs(folder, exist_ok=True)
    try:
        _put_whole(store, local, temporary)
        try:
            store.mv(temporary, path)
        except FileExistsError:
            # Not all of them replace what is there by a move.
            store.rm_file(path)
            store.mv(temporary, path)
    except BaseException:
        with suppress(Exception):
            store.rm_file(temporary)
        raise


def _put_whole(store: Any, local: Path, path: str) -> None:
    """One put, looked at afterwards: a store that swallows an error must not pass for a good one."""
    # Within a transaction, what is half written when an error comes is dropped and not closed.
    with store.transaction:
        store.put_file(str(local), path)
    store.invalidate_cache()
    size = store.size(path)
    if size != local.stat().st_size:
        store.rm_file(path)
        raise PublishError(
            f"{path} could not be written: {size} of {local.stat().st_size} bytes arrived."
        )


def _put_store(store: Any, local: Path, path: str) -> None:
    """Data, then metadata of the arrays, then those of the root; its old root goes away first."""
    store.invalidate_cache()
    before = set(store.find(path)) if store.exists(path) else set()
    roots = [f"{path}/{name}" for name in _ROOT_METADATA]
    _remove_present(store, list(reversed(roots)))
    files = {f"{path}/{file.relative_to(local).as_posix()}": file for file in _files(local)}
    # A chunk of the old one that the new one lacks would be taken for its own.
    _remove_present(store, sorted(before - set(files) - set(roots)))
    for remote in sorted(files, key=lambda name: _rank(name, roots)):
        _put_whole(store, files[remote], remote)


def _rank(remote: str, roots: list[str]) -> tuple[int, str]:
    if remote in roots:
        return 2 + roots.index(remote), remote
    return int(PurePosixPath(remote).name in _ARRAY_METADATA), remote


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def _remove_present(store: Any, paths: list[str]) -> None:
    for path in paths:
        if store.exists(path):
            store.rm_file(path)
