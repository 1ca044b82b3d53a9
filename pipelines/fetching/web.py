"""Keys below a web address, read one checked attempt at a time."""

from collections.abc import Mapping

import aiohttp
from zarr.abc.store import (
    ByteRequest,
    OffsetByteRequest,
    RangeByteRequest,
    SuffixByteRequest,
)

from pipelines.fetching.failure import FetchError, Patience
from pipelines.fetching.integrity import fault_of

__all__ = ["PassingError", "WebReader", "check_status"]

_PASSING = (408, 425, 429)  # and all of 5xx: the server may answer better later
_CHECKSUMS = ("x-goog-hash", "content-md5", "etag")


class PassingError(Exception):
    """A fault that may be gone at the next attempt."""

    def __init__(self, reason: str, *, asked_s: float = 0.0) -> None:
        super().__init__(reason)
        self.asked_s = asked_s


class WebReader:
    """Reads keys below an address over HTTP, one checked attempt at a time."""

    def __init__(self, address: str, patience: Patience) -> None:
        self._address = address
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=patience.timeout_s, sock_read=patience.timeout_s
        )
        self._session: aiohttp.ClientSession | None = None

    async def read(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        """The bytes of a key; None if the server has no such key.

        Raises:
            PassingError: the attempt failed, another one may not.
            FetchError: the server refuses the key.
        """
        if self._session is None:  # it belongs to the event loop that first reads
            self._session = aiohttp.ClientSession(timeout=self._timeout, trust_env=True)
        asked = {"Accept-Encoding": "identity"}
        if byte_range is not None:
            asked["Range"] = _range_header(byte_range)
        try:
            async with self._session.get(f"{self._address}/{key}", headers=asked) as response:
                if response.status in (404, 410):
                    return None
                check_status(response.status, response.headers, f"{self._address}/{key}")
                body = await response.read()
                headers = response.headers
        except TimeoutError as error:
            raise PassingError(f"no answer within {self._timeout.sock_read:g} s") from error
        except aiohttp.ClientPayloadError as error:
            raise PassingError(f"it is cut short ({_one_line(error)})") from error
        except aiohttp.ClientError as error:
            raise PassingError(f"the server cannot be reached ({_one_line(error)})") from error
        whole = response.status == 200 and "Content-Encoding" not in headers
        # Stored compressed and sent unpacked: the checksum is that of what is stored.
        whole = whole and headers.get("x-goog-stored-content-encoding", "identity") == "identity"
        fault = fault_of(headers if whole else _without_checksums(headers), body)
        if fault:
            raise PassingError(fault)
        # A server without ranges sends everything.
        return _cut(body, byte_range) if response.status == 200 else body

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()


def check_status(status: int, headers: Mapping[str, str], url: str) -> None:
    """See that a server gives what was asked for.

    Raises:
        PassingError: it may do so later.
        FetchError: it refuses.
    """
    if status < 300:
        return
    if status in _PASSING or status >= 500:
        asked = headers.get("Retry-After", "")
        raise PassingError(
            f"the server answers {status}", asked_s=float(asked) if asked.isdigit() else 0.0
        )
    raise FetchError(f"{url}: the server refuses it ({status}); check the address and the rights.")


def _without_checksums(headers: Mapping[str, str]) -> dict[str, str]:
    dropped = _CHECKSUMS
    if "Content-Encoding" in headers:
        dropped = (*dropped, "content-length")
    kept = {name: value for name, value in headers.items() if name.lower() not in dropped}
    return {name.title(): value for name, value in kept.items()}


def _range_header(wanted: ByteRequest) -> str:
    match wanted:
        case RangeByteRequest(start, end):
            return f"bytes={start}-{end - 1}"
        case OffsetByteRequest(offset):
            return f"bytes={offset}-"
        case SuffixByteRequest(suffix):
            return f"bytes=-{suffix}"
    raise ValueError(f"Byte range {wanted!r} is unknown.")


def _cut(body: bytes, wanted: ByteRequest | None) -> bytes:
    match wanted:
        case RangeByteRequest(start, end):
            return body[start:end]
        case OffsetByteRequest(offset):
            return body[offset:]
        case SuffixByteRequest(suffix):
            return body[-suffix:]
    return body


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
