"""Times in words: true ones by the clock, those of videos by number."""

from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.place import _text_of
from app.words import address_of, hours_text, init_words, lead_words, time_words

START = np.datetime64("2018-01-01T18:00", "ns")
MINUTE = np.timedelta64(1, "m")


def made(attrs):
    return SimpleNamespace(
        attrs=attrs,
        init_times=START + np.arange(3) * 60 * MINUTE,
        lead_times=np.arange(1, 4) * (30 * MINUTE).astype("timedelta64[ns]"),
    )


def test_true_times_are_told_by_the_clock():
    forecasts = made({})
    assert time_words(START, "UTC") == "Mon 1 Jan 2018 18:00 UTC"
    assert init_words(forecasts, 1) == "Mon 1 Jan 2018 19:00"
    assert lead_words(forecasts, 2, START) == "+1 h 30 min · Mon 1 Jan 19:30"


def test_frames_of_a_video_are_told_by_number():
    forecasts = made({"clock": "artificial"})
    assert init_words(forecasts, 1) == "Sequence 2"
    assert lead_words(forecasts, 2, START) == "frame +3"


@pytest.mark.parametrize(("minutes", "text"), [(360, "6"), (30, "0.5"), (1440, "24")])
def test_lead_times_stand_in_the_address_in_hours(minutes, text):
    assert hours_text(minutes * MINUTE) == text
    assert address_of(START) == "2018-01-01T18:00"


def test_a_cell_without_geography_is_told_by_row_and_column():
    forecasts = SimpleNamespace(grid=SimpleNamespace(coords={}))
    assert _text_of(forecasts, (3, 5)) == "3, 5"


def single_lead():
    from types import SimpleNamespace

    import numpy as np
    import streamlit as st

    from app.playing import choose_lead

    hour = np.timedelta64(3600 * 10**9, "ns")
    forecasts = SimpleNamespace(attrs={}, lead_times=np.array([6]) * hour)
    st.write(choose_lead(forecasts, np.datetime64("2018-01-01", "ns")))


def test_a_single_lead_time_needs_no_slider():
    app = AppTest.from_function(single_lead).run()
    assert not app.exception
    assert not app.select_slider
    assert app.caption[0].value == "+6 h · Mon 1 Jan 06:00"
