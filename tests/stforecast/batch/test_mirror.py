import json
import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from stforecast.batch import mirror as module
from stforecast.batch.mirror import MANIFEST, MirrorError, mirror, vanished


@pytest.fixture
def origin(tmp_path):
    """A folder of data with a folder in it."""
    folder = tmp_path / "incoming"
    (folder / "2009").mkdir(parents=True)
    (folder / "a.nc").write_text("a")
    (folder / "2009" / "b.nc").write_text("b")
    return folder


@pytest.fixture
def fetched(monkeypatch):
    """Names of the files that are fetched, in order."""
    names = []
    for system in (LocalFileSystem, MemoryFileSystem):
        get = system.get_file

        def get_file(self, rpath, lpath, *, get=get, **options):
            names.append(rpath.rpartition("/")[2])
            return get(self, rpath, lpath, **options)

        monkeypatch.setattr(system, "get_file", get_file)
    return names


def contents(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_text()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_a_folder_is_copied_and_then_only_what_changed_or_is_new(origin, tmp_path, fetched):
    url, folder = f"file://{origin}", tmp_path / "state"
    assert mirror(url, folder) == folder / "incoming"
    assert contents(folder / "incoming") == contents(origin)
    assert fetched == ["b.nc", "a.nc"]
    mirror(url, folder)
    assert len(fetched) == 2
    (origin / "a.nc").write_text("A, longer")
    (origin / "c.nc").write_text("c")
    mirror(url, folder)
    assert fetched[2:] == ["a.nc", "c.nc"]
    assert contents(folder / "incoming") == contents(origin)


def test_a_file_of_the_same_size_is_known_by_its_time(origin, tmp_path, fetched):
    url, folder = f"file://{origin}", tmp_path / "state"
    mirror(url, folder)
    (origin / "a.nc").write_text("Z")
    os.utime(origin / "a.nc", (10**9, 10**9))
    mirror(url, folder)
    assert (folder / "incoming" / "a.nc").read_text() == "Z"


def test_the_same_content_keeps_its_time_of_change(origin, tmp_path):
    url, folder = f"file://{origin}", tmp_path / "state"
    copy = mirror(url, folder) / "a.nc"
    os.utime(copy, (10**9, 10**9))
    os.utime(origin / "a.nc", (2 * 10**9, 2 * 10**9))
    mirror(url, folder)
    assert copy.stat().st_mtime == 10**9


def test_a_copy_that_was_damaged_is_fetched_again(origin, tmp_path):
    url, folder = f"file://{origin}", tmp_path / "state"
    copy = mirror(url, folder)
    (copy / "a.nc").write_text("")
    (copy / "2009" / "b.nc").unlink()
    mirror(url, folder)
    assert contents(copy) == contents(origin)


def test_what_vanished_is_kept_and_noted(origin, tmp_path):
    url, folder = f"file://{origin}", tmp_path / "state"
    assert vanished(folder) == []
    copy = mirror(url, folder)
    (origin / "a.nc").unlink()
    mirror(url, folder)
    assert (copy / "a.nc").read_text() == "a"
    assert vanished(folder) == ["a.nc"]
    (origin / "a.nc").write_text("back")
    mirror(url, folder)
    assert vanished(folder) == []


def test_a_single_file_is_copied(origin, tmp_path):
    copy = mirror(f"file://{origin}/a.nc", tmp_path / "state")
    assert copy == tmp_path / "state" / "a.nc"
    assert copy.read_text() == "a"


def test_unfinished_files_of_others_are_left_alone(origin, tmp_path):
    (origin / ".partial-0-a.nc").write_text("half")
    assert ".partial-0-a.nc" not in contents(mirror(f"file://{origin}", tmp_path / "state"))


def test_the_root_of_a_store_is_fetched_last(tmp_path, fetched):
    store = tmp_path / "s.zarr"
    (store / "t").mkdir(parents=True)
    for name in (".zgroup", ".zmetadata", "t/.zarray", "t/0", "t/1"):
        (store / name).write_text("1")
    assert mirror(f"file://{store}", tmp_path / "state").name == "s.zarr"
    assert fetched == ["0", "1", ".zarray", ".zgroup", ".zmetadata"]


def test_an_object_store_is_mirrored(tmp_path, fetched):
    store = fsspec.filesystem("memory")
    store.store.clear()
    store.pipe_file("/bucket/in/a.nc", b"a")
    copy = mirror("memory://bucket/in/", tmp_path / "state")
    mirror("memory://bucket/in/", tmp_path / "state")
    assert contents(copy) == {"a.nc": "a"}
    assert fetched == ["a.nc"]
    store.store.clear()


def test_a_file_without_a_stamp_is_fetched_each_time(origin, tmp_path, fetched, monkeypatch):
    monkeypatch.setattr(module, "_STAMPS", ())
    for _ in range(2):
        mirror(f"file://{origin}/a.nc", tmp_path / "state")
    assert fetched == ["a.nc", "a.nc"]


def test_a_transfer_that_is_cut_short_leaves_the_old_copy_and_fetches_the_others(
    origin, tmp_path, monkeypatch
):
    url, folder = f"file://{origin}", tmp_path / "state"
    copy = mirror(url, folder)
    for name in ("a.nc", "2009/b.nc"):
        (origin / name).write_text("newer")
    get = LocalFileSystem.get_file

    def short(self, rpath, lpath, **options):
        get(self, rpath, lpath, **options)
        if rpath.endswith("b.nc"):
            os.truncate(lpath, 2)

    with monkeypatch.context() as patch:
        patch.setattr(LocalFileSystem, "get_file", short)
        with pytest.raises(MirrorError, match=r"b\.nc: 2 of 5 bytes arrived"):
            mirror(url, folder)
    assert contents(copy) == {"a.nc": "newer", "2009/b.nc": "b"}
    mirror(url, folder)
    assert contents(copy) == contents(origin)


def test_several_failures_are_counted(origin, tmp_path, monkeypatch):
    def gone(self, rpath, lpath, **options):
        raise FileNotFoundError(rpath)

    monkeypatch.setattr(LocalFileSystem, "get_file", gone)
    with pytest.raises(MirrorError, match=r"b\.nc: there is no such file \(and 1 more\)"):
        mirror(f"file://{origin}", tmp_path / "state")


def test_a_killed_mirror_does_not_begin_anew(origin, tmp_path, fetched, monkeypatch):
    monkeypatch.setattr(module, "_SAVE_SECONDS", 0)
    fetch = module._fetch_changed

    def killed(store, remote, *arguments, **options):
        if remote.endswith("a.nc"):
            raise KeyboardInterrupt
        return fetch(store, remote, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_fetch_changed", killed)
        with pytest.raises(KeyboardInterrupt):
            mirror(f"file://{origin}", tmp_path / "state")
    mirror(f"file://{origin}", tmp_path / "state")
    assert fetched == ["b.nc", "a.nc"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file://{origin}/nothing", r"could not be listed: there is no such file\."),
        ("file://{origin}/empty", r"could not be fetched: there is no file\."),
    ],
)
def test_nothing_to_fetch_is_told(url, message, origin, tmp_path):
    (origin / "empty").mkdir()
    with pytest.raises(MirrorError, match=message):
        mirror(url.format(origin=origin), tmp_path / "state")


def test_a_url_of_no_known_kind_is_a_mistake(tmp_path):
    with pytest.raises(ValueError, match=r"input nosuch://x cannot be opened \(Protocol not known"):
        mirror("nosuch://x", tmp_path)


def test_a_folder_is_the_copy_of_one_url(origin, tmp_path):
    mirror(f"file://{origin}", tmp_path / "state")
    with pytest.raises(ValueError, match=r"holds a copy of .*incoming, not of .*2009; remove it"):
        mirror(f"file://{origin}/2009", tmp_path / "state")


def test_a_list_cannot_lead_out_of_the_copy(origin, tmp_path, monkeypatch):
    def find(self, path, **options):
        return {f"{path}/../../evil": {"size": 1, "mtime": 1, "type": "file"}}

    monkeypatch.setattr(LocalFileSystem, "find", find)
    with pytest.raises(MirrorError, match="which does not lie in it; nothing was fetched"):
        mirror(f"file://{origin}", tmp_path / "state")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def web(origin):
    """The data behind a web server on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=origin)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_web_server_is_mirrored(web, origin, tmp_path):
    folder = tmp_path / "state"
    copy = mirror(f"{web}/a.nc", folder)
    assert copy == folder / "a.nc"
    assert copy.read_text() == "a"
    stamp = json.loads((folder / MANIFEST).read_text())["files"][""]
    assert "Last-Modified" in stamp
    copy = mirror(f"{web}/2009/", tmp_path / "other")
    assert copy == tmp_path / "other" / "2009"
    assert contents(copy) == {"b.nc": "b"}


def test_a_page_about_an_error_is_not_taken_for_data(web, origin, tmp_path):
    (origin / "a.nc").write_text("\n<!DOCTYPE HTML>\n<html>Log in first</html>")
    with pytest.raises(MirrorError, match="an HTML page arrived in place of data"):
        mirror(f"{web}/a.nc", tmp_path / "state")
    with pytest.raises(MirrorError, match="there is no such file"):
        mirror(f"{web}/nothing.nc", tmp_path / "other")
    assert not (tmp_path / "state" / "a.nc").exists()


@pytest.mark.parametrize("text", ['{"url"', '{"from": 1}', "3"])
def test_a_damaged_note_of_what_was_fetched_is_named(tmp_path, text):
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(
        ValueError, match=r"mirror.json is damaged .* remove it: all is fetched anew"
    ):
        mirror(f"file://{tmp_path}/origin", tmp_path)
