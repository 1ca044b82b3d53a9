import errno
import os
import subprocess
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from stforecast.batch import folders, publish
from stforecast.batch.publish import PublishError, exists_whole, is_url, remove, settle


@pytest.fixture
def bucket():
    """An object store in memory, empty."""
    store = fsspec.filesystem("memory")
    store.store.clear()
    store.pseudo_dirs[:] = [""]
    yield "memory://bucket"
    store.store.clear()


@pytest.fixture
def order(monkeypatch):
    """What is put into and taken out of the object store, in order."""
    events = []
    put, rm = MemoryFileSystem.put_file, MemoryFileSystem.rm_file

    def put_file(self, lpath, rpath, **options):
        events.append(("put", rpath))
        return put(self, lpath, rpath, **options)

    def rm_file(self, path):
        events.append(("rm", path))
        return rm(self, path)

    monkeypatch.setattr(MemoryFileSystem, "put_file", put_file)
    monkeypatch.setattr(MemoryFileSystem, "rm_file", rm_file)
    return events


def make_file(folder, text="new", name="out.nc"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def make_store(folder, *, chunks=("0.0", "0.1"), text="new"):
    (folder / "t2m").mkdir(parents=True)
    for name in (".zmetadata", ".zgroup", ".zattrs", "t2m/.zarray", *(f"t2m/{c}" for c in chunks)):
        (folder / name).write_text(text)
    return folder


def contents(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_text()
        for file in folder.rglob("*")
        if file.is_file()
    }


def partials(folder):
    return [path for path in folder.rglob("*") if path.name.startswith(".partial-")]


def test_a_file_is_moved_to_its_place_and_replaces_what_is_there(tmp_path):
    target = tmp_path / "a" / "b" / "out.nc"
    for text in ("old", "new"):
        local = make_file(tmp_path / "work", text)
        publish.publish(local, str(target))
        assert target.read_text() == text
        assert not local.exists()
    assert list(target.parent.iterdir()) == [target]


def test_a_file_url_is_a_path(tmp_path):
    publish.publish(make_file(tmp_path / "work"), f"file://{tmp_path}/out.nc")
    assert (tmp_path / "out.nc").read_text() == "new"
    assert exists_whole(f"file://{tmp_path}/out.nc")
    assert is_url("s3://bucket/out.nc")
    assert not is_url(str(tmp_path))


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_store_is_replaced_whole(can_exchange, tmp_path, monkeypatch):
    if not can_exchange:
        monkeypatch.setattr(folders, "_exchange", lambda one, other: False)
    target = tmp_path / "out" / "f.zarr"
    publish.publish(make_store(tmp_path / "1", chunks=("0.0", "9.9"), text="old"), str(target))
    publish.publish(make_store(tmp_path / "2"), str(target))
    assert set(contents(target).values()) == {"new"}
    assert not (target / "t2m" / "9.9").exists()
    assert list(target.parent.iterdir()) == [target]
    assert not (tmp_path / "2").exists()


def test_a_reader_of_a_local_store_never_finds_none(tmp_path):
    # Two folders change places in one step where the system can: the name is never free.
    one, other = make_store(tmp_path / "1", text="new"), make_store(tmp_path / "2", text="old")
    assert folders._exchange(one, other)
    assert contents(one)[".zgroup"] == "old"
    assert contents(other)[".zgroup"] == "new"


def test_a_system_without_exchange_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setattr(folders.ctypes, "CDLL", lambda *_, **__: object())
    assert not folders._exchange(tmp_path / "1", tmp_path / "2")


def test_an_exchange_that_fails_says_why(tmp_path):
    with pytest.raises(FileNotFoundError, match="No such file"):
        folders._exchange(tmp_path / "1", tmp_path / "2")


def test_a_store_that_cannot_be_renamed_leaves_the_old_one(tmp_path, monkeypatch):
    target = make_store(tmp_path / "out" / "f.zarr", text="old")
    local = make_store(tmp_path / "1")
    monkeypatch.setattr(folders, "_exchange", lambda one, other: False)
    rename = Path.rename

    def failing(self, other):
        if self == local:
            raise OSError(errno.EROFS, "Read-only file system")
        return rename(self, other)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(PublishError, match=r"f\.zarr could not be written: Read-only file system"):
        publish.publish(local, str(target))
    assert set(contents(target).values()) == {"old"}
    assert not partials(tmp_path)


@pytest.mark.parametrize("make", [make_file, make_store])
def test_work_on_another_disk_is_copied_beside_its_place_first(make, tmp_path, monkeypatch):
    replace, rename = Path.replace, Path.rename

    def crossing(original):
        def moved(self, other):
            if self.parent != Path(other).parent:
                raise OSError(errno.EXDEV, "Invalid cross-device link")
            return original(self, other)

        return moved

    monkeypatch.setattr(Path, "replace", crossing(replace))
    monkeypatch.setattr(Path, "rename", crossing(rename))
    local = make(tmp_path / "work")
    target = tmp_path / "out" / "f"
    publish.publish(local, str(target))
    assert target.exists()
    assert not local.exists()
    assert not partials(tmp_path)


def test_a_full_disk_names_the_path_and_leaves_nothing_half_there(tmp_path, monkeypatch):
    target = make_file(tmp_path / "out", "old")
    local = make_file(tmp_path / "work", "new")

    def crossing(self, other):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    def full(source, destination):
        Path(destination).write_text("ne")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", crossing)
    monkeypatch.setattr(publish.shutil, "copy2", full)
    with pytest.raises(
        PublishError, match=r"out\.nc could not be written: No space left on device"
    ):
        publish.publish(local, str(target))
    assert target.read_text() == "old"
    assert local.read_text() == "new"
    assert not partials(tmp_path)


def test_a_target_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "out").write_text("a file where a folder should be")
    local = make_file(tmp_path / "work")
    with pytest.raises(PublishError, match=r"out/f\.nc could not be written: (Not a|File exists)"):
        publish.publish(local, str(tmp_path / "out" / "f.nc"))
    assert local.exists()


def test_a_folder_is_not_replaced_by_a_file_nor_a_file_by_a_folder(tmp_path):
    (tmp_path / "out" / "f").mkdir(parents=True)
    with pytest.raises(PublishError, match="it is a folder, and the forecast is not"):
        publish.publish(make_file(tmp_path / "work"), str(tmp_path / "out" / "f"))
    (tmp_path / "out" / "g").write_text("mine")
    with pytest.raises(PublishError, match="it is a file, and the forecast is not"):
        publish.publish(make_store(tmp_path / "s"), str(tmp_path / "out" / "g"))
    assert (tmp_path / "out" / "g").read_text() == "mine"


@pytest.mark.parametrize("name", ["f.nc", "f[1]*?.nc"])
def test_hidden_copies_of_killed_processes_go_when_their_place_is_written(name, tmp_path):
    place = tmp_path / "out" / name
    place.parent.mkdir()
    folders.aside(place).write_text("debris")
    make_store(folders.aside(place))
    mine = folders.aside(tmp_path / "out" / "other.nc")
    mine.write_text("of another file")
    publish.publish(make_file(tmp_path / "work"), str(place))
    assert set(place.parent.iterdir()) == {place, mine}


@pytest.mark.parametrize("make", [make_file, make_store])
def test_what_is_removed_is_gone_and_twice_is_no_error(make, tmp_path):
    target = tmp_path / "out" / "f"
    publish.publish(make(tmp_path / "work"), str(target))
    remove(str(target))
    remove(str(target))
    remove(str(tmp_path / "never" / "f"))
    assert list(target.parent.iterdir()) == []


def test_a_removal_that_fails_says_where(tmp_path, monkeypatch):
    def refuse(self, **_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(PublishError, match=r"f\.nc could not be removed: Permission denied"):
        remove(str(tmp_path / "f.nc"))


def test_only_what_was_published_to_the_end_is_whole(tmp_path):
    assert not exists_whole(str(tmp_path / "f.nc"))
    (tmp_path / "f.nc").write_text("")
    assert not exists_whole(str(tmp_path / "f.nc"))
    (tmp_path / "f.nc").write_text("data")
    assert exists_whole(str(tmp_path / "f.nc"))
    store = make_store(tmp_path / "f.zarr")
    assert exists_whole(str(store))
    (store / ".zmetadata").unlink()
    assert not exists_whole(str(store))


def test_a_file_goes_into_an_object_store_by_one_put(bucket, order, tmp_path):
    target = f"{bucket}/2009/out.nc"
    for text in ("old", "new"):
        local = make_file(tmp_path / "work", text)
        publish.publish(local, target)
        assert fsspec.filesystem("memory").cat_file("/bucket/2009/out.nc") == text.encode()
        assert not local.exists()
    assert exists_whole(target)
    assert order == [("put", "/bucket/2009/out.nc")] * 2
    remove(target)
    remove(target)
    assert not exists_whole(target)


def test_a_store_goes_into_an_object_store_data_first_and_root_last(bucket, order, tmp_path):
    publish.publish(make_store(tmp_path / "1"), f"{bucket}/f.zarr")
    assert [path.removeprefix("/bucket/f.zarr/") for _, path in order] == [
        *("t2m/0.0", "t2m/0.1", "t2m/.zarray", ".zattrs", ".zgroup", ".zmetadata")
    ]
    assert exists_whole(f"{bucket}/f.zarr")


def test_a_store_in_an_object_store_is_replaced_root_first(bucket, order, tmp_path):
    publish.publish(
        make_store(tmp_path / "1", chunks=("0.0", "9.9"), text="old"), f"{bucket}/f.zarr"
    )
    order.clear()
    publish.publish(make_store(tmp_path / "2"), f"{bucket}/f.zarr")
    steps = [(what, path.removeprefix("/bucket/f.zarr/")) for what, path in order]
    assert steps[:4] == [("rm", name) for name in (".zmetadata", ".zgroup", ".zattrs", "t2m/9.9")]
    assert [what for what, _ in steps[4:]] == ["put"] * 6
    found = fsspec.filesystem("memory").find("/bucket/f.zarr")
    assert {fsspec.filesystem("memory").cat_file(path) for path in found} == {b"new"}


@pytest.mark.parametrize("number", range(6))
def test_a_store_that_is_cut_short_while_it_is_put_is_not_whole(
    number, bucket, order, tmp_path, monkeypatch
):
    target = f"{bucket}/f.zarr"
    publish.publish(make_store(tmp_path / "1", text="old"), target)
    put = MemoryFileSystem.put_file
    order.clear()

    def failing(self, lpath, rpath, **options):
        if len([what for what, _ in order if what == "put"]) == number:
            raise OSError(errno.ENOSPC, "No space left on device")
        return put(self, lpath, rpath, **options)

    local = make_store(tmp_path / "2")
    with monkeypatch.context() as patch:
        patch.setattr(MemoryFileSystem, "put_file", failing)
        with pytest.raises(PublishError, match=r"f\.zarr could not be written: No space"):
            publish.publish(local, target)
    assert not exists_whole(target)
    publish.publish(local, target)
    assert exists_whole(target)


def test_a_put_that_breaks_in_the_middle_leaves_what_was_there(bucket, tmp_path, monkeypatch):
    target = f"{bucket}/out.nc"
    publish.publish(make_file(tmp_path / "work", "old"), target)
    local = make_file(tmp_path / "work", "new")

    def breaking(self, lpath, rpath, **options):
        with self.open(rpath, "wb") as stream:
            stream.write(b"ne")
            raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(MemoryFileSystem, "put_file", breaking)
        with pytest.raises(PublishError, match=r"out\.nc could not be written: Input/output error"):
            publish.publish(local, target)
    assert fsspec.filesystem("memory").cat_file("/bucket/out.nc") == b"old"
    assert local.exists()


def test_a_put_that_loses_bytes_in_silence_is_found_out(bucket, tmp_path, monkeypatch):
    def short(self, lpath, rpath, **options):
        self.pipe_file(rpath, b"ne")

    monkeypatch.setattr(MemoryFileSystem, "put_file", short)
    with pytest.raises(PublishError, match=r"out\.nc could not be written: 2 of 3 bytes arrived"):
        publish.publish(make_file(tmp_path / "work"), f"{bucket}/out.nc")
    assert not exists_whole(f"{bucket}/out.nc")


def test_a_store_is_removed_from_an_object_store_root_first(bucket, order, tmp_path):
    target = f"{bucket}/f.zarr"
    publish.publish(make_store(tmp_path / "1"), target)
    order.clear()
    remove(target)
    assert [path for _, path in order[:3]] == [
        f"/bucket/f.zarr/{name}" for name in (".zmetadata", ".zgroup", ".zattrs")
    ]
    assert fsspec.filesystem("memory").find("/bucket") == []


def test_a_store_in_format_3_has_its_root_last_too(bucket, order, tmp_path):
    folder = tmp_path / "3"
    (folder / "t2m" / "c").mkdir(parents=True)
    for name in ("zarr.json", "t2m/zarr.json", "t2m/c/0"):
        (folder / name).write_text("{}")
    publish.publish(folder, f"{bucket}/f.zarr")
    assert [path.removeprefix("/bucket/f.zarr/") for _, path in order] == [
        *("t2m/c/0", "t2m/zarr.json", "zarr.json")
    ]
    assert exists_whole(f"{bucket}/f.zarr")


@pytest.fixture(params=["replaces", "refuses"])
def server(monkeypatch, request):
    """A file system that is no object store: a put may stop half-way, but a move does not."""
    monkeypatch.setattr(MemoryFileSystem, "protocol", "sftp")
    move = MemoryFileSystem.mv

    def mv(self, one, other, **options):
        if request.param == "refuses" and self.exists(other):
            raise FileExistsError(errno.EEXIST, "File exists")
        move(self, one, other, **options)

    monkeypatch.setattr(MemoryFileSystem, "mv", mv)


def test_elsewhere_a_file_is_put_aside_and_moved(bucket, order, server, tmp_path):
    for text in ("old", "new"):
        publish.publish(make_file(tmp_path / "work", text), f"{bucket}/out.nc")
        assert ".partial-" in [path for what, path in order if what == "put"][-1]
        store = fsspec.filesystem("memory")
        assert store.find("/bucket") == ["/bucket/out.nc"]
        assert store.cat_file("/bucket/out.nc") == text.encode()


def test_elsewhere_a_move_that_fails_leaves_no_debris(bucket, server, tmp_path, monkeypatch):
    def refuse(self, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(MemoryFileSystem, "mv", refuse)
    with pytest.raises(PublishError, match=r"out\.nc could not be written: Permission denied"):
        publish.publish(make_file(tmp_path / "work"), f"{bucket}/out.nc")
    assert fsspec.filesystem("memory").find("/bucket") == []


def test_an_unknown_protocol_is_named(tmp_path):
    local = make_file(tmp_path / "work")
    with pytest.raises(
        PublishError, match=r"nosuch://f\.nc could not be written: Protocol not known"
    ):
        publish.publish(local, "nosuch://f.nc")


def test_consolidated_metadata_are_in_one_order(tmp_path):
    for number, text in enumerate(
        ('{"metadata": {"b": 1, "a": 2}}', '{"metadata": {"a": 2, "b": 1}}')
    ):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / ".zmetadata").write_text(text)
        settle(tmp_path / str(number))
    assert (tmp_path / "0" / ".zmetadata").read_bytes() == (
        tmp_path / "1" / ".zmetadata"
    ).read_bytes()
    file = make_file(tmp_path / "work")
    settle(file)
    assert file.read_text() == "new"


def test_a_staging_folder_goes_with_its_work(tmp_path):
    with folders.staging(tmp_path / "work") as own, folders.staging(tmp_path / "work") as other:
        assert own != other
        assert folders.sweep(tmp_path / "work") == 0
        (own / "half.nc").write_text("half")
    assert list((tmp_path / "work").iterdir()) == []


def test_what_killed_processes_left_is_swept_and_what_others_do_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(folders.socket, "gethostname", lambda: "desk-1")
    process = subprocess.Popen(["true"])
    process.wait()
    dead = process.pid
    names = {
        "dead": f".partial-desk-1-{dead}-0123456789ab",
        "alive": f".partial-desk-1-{os.getpid()}-0123456789ab",
        "elsewhere": f".partial-desk-2-{dead}-0123456789ab",
        "long ago": f".partial-desk-2-{dead}-ba9876543210",
        "strange": "mine",
    }
    for name in names.values():
        (tmp_path / name).mkdir()
    os.utime(tmp_path / names["long ago"], (0, 0))
    assert folders.sweep(tmp_path) == 2
    assert {path.name for path in tmp_path.iterdir()} == {
        names[which] for which in ("alive", "elsewhere", "strange")
    }


def test_a_process_of_another_user_is_alive(monkeypatch):
    def refuse(pid, signal):
        raise PermissionError

    monkeypatch.setattr(folders.os, "kill", refuse)
    assert folders._is_alive(1)
