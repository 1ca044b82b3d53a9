"""What a visitor sees of a failure."""

import pytest
from streamlit.testing.v1 import AppTest


def page(kind):
    from pathlib import Path

    import numpy as np

    from app.guard import guarded
    from stforecast.figures.wind import reference_speed
    from stforecast.viewing.catalogue import Catalogue

    with guarded():
        if kind == "mistake":
            Catalogue(Path("`runs`")).find("[x] $5")
        elif kind == "file":
            raise FileNotFoundError(2, "No such file or directory", "/runs/x")
        elif kind == "numpy":
            reference_speed(np.zeros(3), np.zeros(4))
        elif kind == "text":
            int("secret of the program")
        raise KeyError("secret of the program")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("mistake", "There is no '\\[x\\] \\$5' in `runs`; there is nothing."),
        ("file", "No such file or directory (/runs/x)"),
    ],
)
def test_a_mistake_and_a_missing_file_say_so_themselves(kind, text):
    app = AppTest.from_function(page, args=(kind,)).run()
    assert [error.value for error in app.error] == [text]
    assert not app.exception


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("fault", "secret of the program"),
        # A ValueError that nobody of the project has worded, below a function of its own and beside it.
        ("numpy", "could not be broadcast"),
        ("text", "secret of the program"),
    ],
)
def test_a_fault_of_the_program_shows_a_reference_and_logs_the_rest(kind, said, caplog):
    app = AppTest.from_function(page, args=(kind,)).run()
    (error,) = app.error
    reference = error.value.rstrip(".").split()[-1]
    assert "through a fault of the program" in error.value
    assert said not in error.value
    assert f"reference {reference}" in caplog.text
    assert said in caplog.text
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
