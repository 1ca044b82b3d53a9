"""What is kept stays within its bytes and is made once, whoever asks."""

import threading

import pytest

from stforecast.viewing.kept import Kept


def test_the_least_recently_used_goes_when_there_is_no_room():
    kept, made = Kept(len, most_bytes=10), []

    def make(text):
        return lambda: (made.append(text), text)[1]

    for text in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb"):
        assert kept.get(text, make(text)) == text
    # a and b fit, a is used again, so c drives out b, which is made anew and drives out c.
    assert made == ["aaaa", "bbbb", "cccc", "bbbb"]
    assert kept.nbytes == 8


def test_a_value_that_is_larger_than_all_room_is_kept_alone():
    kept = Kept(len, most_bytes=3)
    assert kept.get("a", lambda: "long enough") == "long enough"
    assert kept.get("b", lambda: "another one") == "another one"
    assert kept.nbytes == len("another one")


def test_threads_that_ask_for_the_same_get_one_value():
    kept, begun, go_on, made = Kept(len), threading.Event(), threading.Event(), []

    def slow():
        begun.set()
        assert go_on.wait(10)
        made.append(1)
        return "value"

    found = []
    threads = [
        threading.Thread(target=lambda: found.append(kept.get("key", slow))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    # Who wants another one does not wait.
    assert kept.get("other", lambda: "now") == "now"
    go_on.set()
    for thread in threads:
        thread.join()
    assert (found, made) == (["value"] * 4, [1])


def test_after_a_failure_it_is_tried_again():
    kept = Kept(len)

    def fail():
        raise ValueError("not today")

    with pytest.raises(ValueError, match="not today"):
        kept.get("key", fail)
    assert kept.get("key", lambda: "value") == "value"
