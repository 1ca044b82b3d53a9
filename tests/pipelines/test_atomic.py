import pytest

from pipelines.atomic import atomic_path


def test_a_file_appears_whole(tmp_path):
    final = tmp_path / "new" / "file.txt"
    with atomic_path(final) as temporary:
        temporary.write_text("whole")
        assert temporary.suffix == ".txt"
        assert not final.exists()
    assert final.read_text() == "whole"
    assert [path.name for path in final.parent.iterdir()] == ["file.txt"]


def test_a_failure_keeps_the_old_content(tmp_path):
    final = tmp_path / "file.txt"
    final.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(final) as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise RuntimeError
    assert final.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_replaces_a_folder(tmp_path):
    final = tmp_path / "store"
    for content in ("old", "new"):
        with atomic_path(final) as temporary:
            (temporary / "inside").mkdir(parents=True)
            (temporary / "inside" / "file").write_text(content)
    assert (final / "inside" / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_a_body_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(OSError, match="No such file"), atomic_path(tmp_path / "file"):
        pass
