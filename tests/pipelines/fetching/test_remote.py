"""Reading far away: parts of a value, other stores than web servers, and what may be tried again."""

import pytest
from zarr.abc.store import OffsetByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync
from zarr.storage import LocalStore

from pipelines.fetching.failure import FetchError, Patience
from pipelines.fetching.integrity import fault_of, is_page
from pipelines.fetching.remote import CheckedStore, open_store, web_address

PARTS = [
    (RangeByteRequest(2, 5), b"234"),
    (OffsetByteRequest(7), b"789"),
    (SuffixByteRequest(2), b"89"),
    (None, b"0123456789"),
]


@pytest.fixture
def digits(tmp_path):
    (tmp_path / "digits").write_bytes(b"0123456789")
    return tmp_path


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize(("part", "content"), PARTS)
def test_a_part_of_a_value_is_had_whether_or_not_the_server_knows_parts(
    digits, serve, hurry, part, content, ranges
):
    server = serve(digits)
    if not ranges:
        server.answer = lambda path, count: (200, {"ETag": '"x"'}, b"0123456789")
    store = open_store(server.url, patience=hurry)
    value = sync(store.get("digits", default_buffer_prototype(), part))
    store.close()
    assert value.to_bytes() == content


def test_an_absent_key_is_noted(digits, serve, hurry):
    for address in (serve(digits).url, str(digits)):
        store = open_store(address, patience=hurry)
        assert sync(store.exists("digits"))
        assert store.read("nothing") is None
        assert store.absent == {"nothing"}
        store.close()


def test_an_encoded_body_is_longer_than_what_was_sent(digits, serve, hurry):
    import gzip

    server = serve(digits)
    body = gzip.compress(b"0123456789")
    server.answer = lambda path, count: (200, {"Content-Encoding": "gzip"}, body)
    store = open_store(server.url, patience=hurry)
    assert store.read("digits") == b"0123456789"
    store.close()


class Failing(LocalStore):
    """A store whose first reads fail."""

    left = 2

    async def get(self, key, prototype, byte_range=None):
        if self.left:
            self.left -= 1
            raise OSError("stale file handle")
        return await super().get(key, prototype, byte_range)


def test_other_stores_are_tried_again_too(digits, hurry):
    store = CheckedStore(Failing(digits, read_only=True), str(digits), patience=hurry)
    assert store.read("digits") == b"0123456789"
    failing = Failing(digits, read_only=True)
    failing.left = 3
    store = CheckedStore(failing, str(digits), patience=hurry)
    with pytest.raises(FetchError, match=r"digits: stale file handle \(3 attempts\)"):
        store.read("digits")


def test_google_buckets_are_read_without_an_account(tmp_path):
    assert web_address("gs://b/era5.zarr/") == "https://storage.googleapis.com/b/era5.zarr"
    assert web_address("https://h/x.zarr") == "https://h/x.zarr"
    assert web_address(str(tmp_path)) == str(tmp_path)


def test_pauses_double_up_to_the_longest():
    patience = Patience(first_pause_s=1, longest_pause_s=10)
    assert [patience.pause_s(attempt) for attempt in range(5)] == [1, 2, 4, 8, 10]
    assert patience.pause_s(0, 5) == 5
    assert patience.pause_s(0, 3600) == 10


@pytest.mark.parametrize(
    ("body", "page"),
    [
        (b"  <!doctype HTML><p>", True),
        (b"\xef\xbb\xbf<html>", True),
        (b'<?xml version="1.0"?><Error><Code>SlowDown', True),
        (b"\x02\x01!\x04<html>", False),
        (b"", False),
    ],
)
def test_pages_are_known_by_their_beginning(body, page):
    assert is_page(body) is page


def test_only_what_is_a_checksum_is_compared():
    kms = {"ETag": f'"{"0" * 32}"', "x-amz-server-side-encryption-aws-kms-key-id": "k"}
    for headers in ({}, {"ETag": '"abc-2"'}, kms, {"Content-Length": "3"}):
        assert fault_of(headers, b"abc") == ""
    # crc32c("123456789") = e3069283, the check value of its definition
    assert fault_of({"x-goog-hash": "crc32c=4waSgw=="}, b"123456789") == ""
