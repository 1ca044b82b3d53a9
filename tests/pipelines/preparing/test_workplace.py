import fcntl
import os

import pytest

from pipelines.preparing.workplace import fingerprint_of_request, open_workplace, source_files


@pytest.fixture
def said():
    return []


def request(**changes):
    return {"grid": None, "files": {"a.nc": [10, 1]}} | changes


def test_files_are_listed_with_size_and_time_of_change(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("b/c.nc", "a.nc"):
        (tmp_path / name).write_bytes(b"four")
        os.utime(tmp_path / name, ns=(5, 5))
    (tmp_path / ".store.partial").mkdir()
    (tmp_path / ".store.partial" / "frames.npy").touch()
    assert source_files(tmp_path) == {"a.nc": [4, 5], "b/c.nc": [4, 5]}
    assert source_files(tmp_path / "a.nc") == {"a.nc": [4, 5]}


def test_the_fingerprint_depends_on_request_and_files():
    assert fingerprint_of_request(request()) == fingerprint_of_request(request())
    assert fingerprint_of_request(request(grid="5")) != fingerprint_of_request(request())


def test_work_that_was_broken_off_is_found_again(tmp_path, said):
    with open_workplace(tmp_path / "s", request(), say=said.append) as place:
        (place.store / "frames.npy").touch()
        place.record(["copying-0", "copying-2"])
    with (place.folder / "journal").open("a") as stream:
        stream.write("copying-3")  # cut off while it was written
    with open_workplace(tmp_path / "s", request(), say=said.append) as place:
        assert place.done == {"copying-0", "copying-2"}
        assert (place.store / "frames.npy").exists()
    assert said == ["going on with what was begun: 2 blocks are done"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"files": {"a.nc": [10, 2]}}, r"the source has changed since (a.nc)"),
        ({"files": {"b.nc": [10, 1]}}, r"the source has changed since (a.nc, b.nc)"),
        ({"grid": "5"}, r"what was begun was for another request (grid)"),
    ],
)
def test_other_work_starts_anew_and_says_so(changes, reason, tmp_path, said):
    with open_workplace(tmp_path / "s", request(), say=said.append) as place:
        (place.store / "frames.npy").touch()
        place.record(["copying-0"])
    with open_workplace(tmp_path / "s", request(**changes), say=said.append) as place:
        assert not place.done
        assert not list(place.store.iterdir())
    assert said == [f"starting anew: {reason}"]
    with open_workplace(tmp_path / "s", request(**changes), say=said.append) as place:
        assert not place.done


def test_two_at_once_on_one_store_are_refused(tmp_path, said):
    with (
        open_workplace(tmp_path / "s", request(), say=said.append),
        pytest.raises(ValueError, match="s is being prepared by another process"),
        open_workplace(tmp_path / "s", request(), say=said.append),
    ):
        pass


def test_nothing_is_left_once_the_store_has_moved_away(tmp_path, said):
    with open_workplace(tmp_path / "s", request(), say=said.append) as place:
        place.record(["copying-0"])
        place.store.rename(tmp_path / "s")
    assert [file.name for file in tmp_path.iterdir()] == ["s"]


def test_work_that_another_process_has_just_finished_is_not_done_again(tmp_path, said, monkeypatch):
    def finish(lock, mode):
        (tmp_path / ".s.partial" / "lock").unlink()

    monkeypatch.setattr(fcntl, "flock", finish)
    with (
        pytest.raises(ValueError, match="s was finished by another process a moment ago"),
        open_workplace(tmp_path / "s", request(), say=said.append),
    ):
        pass


def test_a_request_with_tuples_is_the_same_when_it_is_read_back(tmp_path, said):
    for _ in range(2):
        with open_workplace(tmp_path / "s", request(grid=(1, 2)), say=said.append) as place:
            place.record(["copying-0"])
    assert said == ["going on with what was begun: 1 blocks are done"]
