import pytest

from pipelines.lock import exclusive


def test_a_lock_is_held_once_and_let_go_of_at_the_end(tmp_path):
    file, taken = tmp_path / "new" / "lock", ValueError("somebody is at work")
    with (
        exclusive(file, taken=taken),
        pytest.raises(ValueError, match="somebody is at work"),
        exclusive(file, taken=taken),
    ):
        pass
    with exclusive(file, taken=taken) as stream:
        assert not stream.closed
    assert stream.closed
