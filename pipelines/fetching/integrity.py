"""Whether what a server sent is what it meant to send: length, checksum, and no page for people."""

import base64
import hashlib
import re
from collections.abc import Mapping

import google_crc32c

__all__ = ["fault_of", "is_page"]

_PAGE = re.compile(rb"\s*(<!doctype\s+html|<html|<\?xml[^>]*>\s*<(html|error))", re.IGNORECASE)
_MD5_ETAG = re.compile(r'"?([0-9a-fA-F]{32})"?')


def is_page(body: bytes) -> bool:
    """Whether bytes begin as a web page or an XML error message does."""
    return _PAGE.match(body[:512].removeprefix(b"\xef\xbb\xbf")) is not None


def fault_of(headers: Mapping[str, str], body: bytes) -> str:
    """What is wrong with a body, told from its response's headers; empty if nothing is.

    Args:
        headers: names in any case are found, as HTTP libraries' mappings do. Read are Content-Type,
            Content-Length, x-goog-hash (md5, crc32c), Content-MD5, and an ETag of 32 hex digits,
            which on object stores is the md5 of an object that was uploaded in one piece.
        body: as it came over the wire: ranges and encoded bodies have other checksums, so leave
            out those headers for them.
    """
    if is_page(body) or headers.get("Content-Type", "").startswith("text/html"):
        return "a web page came instead of data"
    declared = headers.get("Content-Length")
    if declared is not None and declared.isdigit() and int(declared) != len(body):
        return f"it is cut short: {len(body)} of {declared} bytes came"
    for name, promised in _promised(headers):
        if name == "crc32c":
            found = google_crc32c.value(body).to_bytes(4, "big")
        else:
            found = hashlib.md5(body, usedforsecurity=False).digest()
        if found != promised:
            return (
                f"its checksum differs: {name} {found.hex()}, but the server says {promised.hex()}"
            )
    return ""


def _promised(headers: Mapping[str, str]) -> list[tuple[str, bytes]]:
    """Name and digest of each checksum that the headers give."""
    given = []
    for part in headers.get("x-goog-hash", "").split(","):
        name, _, digest = part.strip().partition("=")
        if name in ("md5", "crc32c"):
            given.append((name, base64.b64decode(digest)))
    if "Content-MD5" in headers:
        given.append(("md5", base64.b64decode(headers["Content-MD5"])))
    tag = _MD5_ETAG.fullmatch(headers.get("ETag", ""))
    # Encrypted objects have an ETag that looks like an md5 and is none.
    if tag and "x-amz-server-side-encryption-aws-kms-key-id" not in headers:
        given.append(("md5", bytes.fromhex(tag[1])))
    return given
