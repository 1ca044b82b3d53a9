"""What a visitor sees of a failure."""

import pytest
from streamlit.testing.v1 import AppTest


def page(kind):
    from app.guard import guarded

    failures = {
        "mistake": ValueError("no run [x] costs $5"),
        "file": FileNotFoundError(2, "No such file or directory", "/runs/x"),
        "fault": KeyError("secret of the program"),
    }
    with guarded():
        raise failures[kind]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("mistake", "No run \\[x] costs \\$5."),
        ("file", "No such file or directory (/runs/x)"),
    ],
)
def test_a_mistake_and_a_missing_file_say_so_themselves(kind, text):
    app = AppTest.from_function(page, args=(kind,)).run()
    assert [error.value for error in app.error] == [text]
    assert not app.exception


def test_a_fault_of_the_program_shows_a_reference_and_logs_the_rest(caplog):
    app = AppTest.from_function(page, args=("fault",)).run()
    (error,) = app.error
    reference = error.value.rstrip(".").split()[-1]
    assert "secret" not in error.value
    assert f"reference {reference}" in caplog.text
    assert "secret of the program" in caplog.text
    assert not app.exception


def test_what_succeeds_is_left_alone():
    def calm():
        import streamlit as st

        from app.guard import guarded

        with guarded():
            st.write("all is well")

    app = AppTest.from_function(calm).run()
    assert [text.value for text in app.markdown] == ["all is well"]
    assert not app.error
