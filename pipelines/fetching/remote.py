"""Zarr stores far away, read with suspicion: each answer is checked, and tried again where it fails."""

import asyncio
import hashlib
import json
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from zarr.abc.store import ByteRequest, Store
from zarr.core.buffer import Buffer, BufferPrototype, default_buffer_prototype
from zarr.core.sync import sync
from zarr.storage import FsspecStore, LocalStore, WrapperStore

from pipelines.fetching.failure import FetchError, Patience
from pipelines.fetching.web import PassingError, WebReader

__all__ = ["CheckedStore", "Metadata", "open_store", "read_metadata", "web_address"]

_METADATA = (".zmetadata", "zarr.json", ".zgroup")
_POLL_S = 0.2


@dataclass(frozen=True)
class Metadata:
    """What a Zarr store says of itself, as its readers find it."""

    key: str
    """Where it stands: ".zmetadata" of format 2, "zarr.json" of format 3."""
    fingerprint: str
    """SHA-256 of it, in hex: another one means other data."""
    is_consolidated: bool
    """Whether it names all arrays, so that nothing has to be listed."""


def web_address(source: str) -> str:
    """Where a source is read: `gs://bucket/path` over https and without an account; others as they are.

    Raises:
        ValueError: a local path does not exist.
    """
    if source.startswith(("gs://", "gcs://")):
        return f"https://storage.googleapis.com/{source.partition('://')[2]}".rstrip("/")
    if "://" in source:
        return source.rstrip("/")
    path = Path(source)
    if not path.is_dir():
        raise ValueError(
            f"source {source} is no folder here; name a Zarr store, or its address with gs:// or "
            "https://."
        )
    return str(path.resolve())


def open_store(address: str, *, patience: Patience) -> "CheckedStore":
    """A Zarr store of a folder, a web address or another place that fsspec reads, opened to be read.

    Raises:
        ValueError: the protocol is unknown, or the package for it is not installed.
    """
    protocol = urlsplit(address).scheme if "://" in address else ""
    if not protocol:
        inner: Store = LocalStore(address, read_only=True)
        return CheckedStore(inner, address, patience=patience)
    options = {"anon": True} if protocol in ("s3", "s3a") else {}
    try:
        inner = FsspecStore.from_url(address, storage_options=options, read_only=True)
    except (ImportError, ValueError) as error:
        raise ValueError(f"source {address} cannot be opened: {error}.") from error
    if protocol in ("http", "https"):
        return CheckedStore(inner, address, patience=patience, web=WebReader(address, patience))
    return CheckedStore(inner, address, patience=patience)


def read_metadata(store: "CheckedStore") -> Metadata:
    """What a store says of itself.

    Raises:
        ValueError: there is no Zarr store, or one over the web that has to be listed.
        FetchError: the server does not give it.
    """
    refused = None
    for key in _METADATA:
        try:
            body = store.read(key)
        except FetchError as error:
            # Some object stores answer "forbidden" for what is not there.
            if "403" not in str(error):
                raise
            refused = refused or error
            continue
        if body is None:
            continue
        try:
            told = json.loads(body)
        except ValueError as error:
            raise FetchError(
                f"{store.address}/{key} is no Zarr metadata ({error}); is the address right?"
            ) from error
        consolidated = key == ".zmetadata" or "consolidated_metadata" in told
        if store.is_web and not consolidated:
            raise ValueError(
                f"{store.address} has no consolidated metadata, and a web server does not list "
                "its arrays; consolidate it there (zarr.consolidate_metadata)."
            )
        return Metadata(key, hashlib.sha256(body).hexdigest(), consolidated)
    if refused is not None:
        raise refused
    raise ValueError(
        f"{store.address} is no Zarr store: it has none of {', '.join(_METADATA)}. Check the address."
    )


class CheckedStore(WrapperStore[Store]):
    """A read-only Zarr store of which every read is checked and tried again with growing pauses.

    `absent` collects the keys that were asked for and are not there.
    """

    def __init__(
        self, store: Store, address: str, *, patience: Patience, web: WebReader | None = None
    ) -> None:
        super().__init__(store)
        self.address = address
        self.absent: set[str] = set()
        self.stop = threading.Event()
        self._patience = patience
        self._web = web

    @property
    def is_web(self) -> bool:
        """Whether it is read over HTTP, where nothing can be listed."""
        return self._web is not None

    def read(self, key: str) -> bytes | None:
        """The bytes of a key; None if there is no such key.

        Raises:
            FetchError: they cannot be had.
        """
        value = sync(self.get(key, default_buffer_prototype()))
        return None if value is None else value.to_bytes()

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """The value of a key, checked; None where there is none."""

        async def attempt() -> bytes | None:
            if self._web is not None:
                return await self._web.read(key, byte_range)
            try:
                value = await self._store.get(key, prototype, byte_range)
            except (OSError, TimeoutError) as error:
                raise PassingError(str(error) or type(error).__name__) from error
            return None if value is None else value.to_bytes()

        body = await self._patiently(attempt, key)
        if body is None:
            self.absent.add(key)
            return None
        return prototype.buffer.from_bytes(body)

    async def exists(self, key: str) -> bool:
        """Whether a key is there; it is read to know it."""
        return await self.get(key, default_buffer_prototype()) is not None

    def close(self) -> None:
        """Let go of the connections."""
        if self._web is not None:
            sync(self._web.close())
        super().close()

    async def _patiently(
        self, attempt: Callable[[], Coroutine[Any, Any, bytes | None]], key: str
    ) -> bytes | None:
        reason = ""
        for count in range(self._patience.retries + 1):
            try:
                return await self._unless_stopped(attempt())
            except PassingError as error:
                reason = str(error)
                pause = self._patience.pause_s(count, error.asked_s)
            if count < self._patience.retries:
                await self._unless_stopped(asyncio.sleep(pause))
        raise FetchError(
            f"{self.address}/{key}: {reason} ({self._patience.retries + 1} attempts). Try again "
            "later: what is fetched already stays."
        )

    async def _unless_stopped(self, work: Coroutine[Any, Any, Any]) -> Any:
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=_POLL_S))[0]:
                if self.stop.is_set():
                    raise FetchError(f"{self.address}: stopped")
        finally:
            task.cancel()
        return task.result()
