"""Files of a published size and checksum, from a server on loopback that misbehaves."""

import hashlib
import shutil
import time
from collections import namedtuple

import pytest

from pipelines.fetching.failure import FetchError, Patience
from pipelines.fetching.published import PublishedFile, fetch_files
from pipelines.lock import exclusive

BODY = bytes(range(256)) * 5000  # more than a piece
IMAGES = PublishedFile("images.gz", (), len(BODY), hashlib.md5(BODY).hexdigest())
HURRY = Patience(retries=1, first_pause_s=0.001, timeout_s=2)


def published(name, body, *addresses):
    return PublishedFile(name, addresses, len(body), hashlib.md5(body).hexdigest())


@pytest.fixture
def server(serve, tmp_path):
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "images.gz").write_bytes(BODY)
    return serve(tmp_path / "web")


@pytest.fixture
def fetch(tmp_path):
    def start(server, files=(IMAGES,), *, patience=HURRY, source="", told=None, said=None):
        return fetch_files(
            tmp_path / "out",
            files,
            source=server.url if source == "" else source,
            patience=patience,
            progress=lambda done, total: None if told is None else told.append((done, total)),
            say=lambda text: None if said is None else said.append(text),
        )

    return start


def left(tmp_path):
    return sorted(path.name for path in (tmp_path / "out").iterdir())


def test_files_are_fetched_and_checked(server, fetch, tmp_path):
    (tmp_path / "web" / "small").write_bytes(b"abc")
    told, said = [], []
    files = fetch(server, [IMAGES, published("small", b"abc")], told=told, said=said)
    assert [file.read_bytes() for file in files] == [BODY, b"abc"]
    assert left(tmp_path) == ["images.gz", "small"]
    total = len(BODY) + 3
    assert told[0] == (2**20, total)
    assert told[-1] == (total, total)
    assert told == sorted(told)
    assert said[0] == f"images.gz: 1 MB from {server.url}/images.gz"


def test_what_is_there_is_checked_and_not_fetched_again(server, fetch, tmp_path):
    fetch(server)
    asked, said = server.asked["images.gz"], []
    fetch(server, said=said)
    assert server.asked["images.gz"] == asked
    assert said == ["images.gz is here already"]
    (tmp_path / "out" / "images.gz").write_bytes(BODY[::-1])
    with pytest.raises(ValueError, match="is there already and is not the published file .1280000"):
        fetch(server)


def test_an_interrupted_fetch_goes_on_where_it_was(server, fetch, tmp_path):
    # What the server has of the first half by now would not do.
    (tmp_path / "web" / "images.gz").write_bytes(b"?" * 700_000 + BODY[700_000:])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".images.gz.partial").write_bytes(BODY[:700_000])
    said = []
    [file] = fetch(server, said=said)
    assert file.read_bytes() == BODY
    assert said[0].endswith("images.gz, 1 MB of them are here")


def test_a_connection_that_breaks_off_is_taken_up_again(server, fetch):
    # Each answer brings 400,000 bytes of the rest: more attempts than are allowed to bring nothing.
    def cut(path, count):
        have = 400_000 * (count - 1)
        return 206, {"Content-Length": str(len(BODY) - have)}, BODY[have : have + 400_000]

    server.answer = cut
    [file] = fetch(server, patience=Patience(retries=0, first_pause_s=0.001))
    assert file.read_bytes() == BODY
    assert server.asked["images.gz"] == 4


def test_a_server_without_ranges_sends_all_of_it(server, fetch, tmp_path):
    server.sabotage("images.gz", (200, {"Accept-Ranges": "none"}, BODY))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".images.gz.partial").write_bytes(b"?" * 300)
    [file] = fetch(server)
    assert file.read_bytes() == BODY


def test_a_partial_file_that_is_too_long_is_begun_again(server, fetch, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".images.gz.partial").write_bytes(BODY + b"?")
    [file] = fetch(server)
    assert file.read_bytes() == BODY


def test_a_whole_partial_file_is_only_checked(server, fetch, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".images.gz.partial").write_bytes(BODY)
    [file] = fetch(server)
    assert file.read_bytes() == BODY
    assert not server.asked


def test_a_busy_server_is_asked_again(server, fetch):
    server.sabotage("images.gz", (503, {"Retry-After": "0"}, b"busy"), None)
    [file] = fetch(server)
    assert file.read_bytes() == BODY


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        ((200, {"Content-Type": "text/html"}, b"hello"), r"a web page came .* \(2 attempts\)"),
        ((200, {}, b"<!doctype html><p>quota"), "a web page came instead of data"),
        ((200, {"X": "x"}, b"?" * len(BODY)), "its md5 is .*, but that of the published file is"),
        ((200, {"X": "x"}, b"?" * 9), "the server has 9 bytes, but the published file has 1280000"),
        ((404, {}, b""), r"the server refuses it \(404\); check the address"),
        ((500, {}, b""), r"the server answers 500 \(2 attempts\)"),
        ((200, {"Content-Length": str(len(BODY))}, b""), "it is cut short: 0 of 1280000 bytes"),
        ((-1, {}, b""), "the connection broke off"),
    ],
)
def test_what_is_not_the_published_file_is_not_kept(server, fetch, tmp_path, answer, match):
    server.sabotage("images.gz", answer)
    with pytest.raises(FetchError, match=match):
        fetch(server)
    assert not (tmp_path / "out" / "images.gz").exists()
    assert not (tmp_path / "out" / ".fetch.lock").exists()


def test_another_address_is_tried(server, fetch):
    bad, good = f"{server.url}/gone/", f"{server.url}/"
    [file] = fetch(server, [published("images.gz", BODY, bad, good)], source=None)
    assert file.read_bytes() == BODY
    with pytest.raises(FetchError, match=r"/gone/none: .*/away/none: .*what came stays"):
        fetch(server, [published("none", BODY, bad, f"{server.url}/away/")], source=None)


def test_a_server_that_is_not_there_is_named(server, fetch):
    with pytest.raises(FetchError, match="http://127.0.0.1:9/images.gz: the server cannot be"):
        fetch(server, source="http://127.0.0.1:9")


def test_a_silent_server_is_given_up(server, fetch):
    server.answer = lambda path, count: time.sleep(0.3)
    patience = Patience(retries=0, timeout_s=0.05)
    with pytest.raises(FetchError, match="no answer within 0.05 s|cannot be reached"):
        fetch(server, patience=patience)


def test_a_source_is_a_web_address(server, fetch):
    with pytest.raises(ValueError, match="source '/data' is no web address; it begins with"):
        fetch(server, source="/data")


def test_a_full_disk_is_told_before_anything_is_fetched(server, fetch, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1_000_000))
    with pytest.raises(ValueError, match="needs 1 MB, but the disk has 1 MB left; make room"):
        fetch(server)
    assert not server.asked


def test_two_fetches_do_not_meet_in_a_folder(server, fetch, tmp_path):
    (tmp_path / "out").mkdir()
    with (
        exclusive(tmp_path / "out" / ".fetch.lock", taken=RuntimeError()),
        pytest.raises(ValueError, match="another process fetches to"),
    ):
        fetch(server)
