"""Choices in words, and the choice of an init_time among many."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.choices import age_text, data_paths, runs_folder
from app.place import _cell_of
from tests.app.views import address_of


def test_the_folder_and_the_data_come_from_the_environment(monkeypatch):
    monkeypatch.delenv("STFORECAST_RUNS", raising=False)
    assert str(runs_folder()) == "runs"
    monkeypatch.setenv("STFORECAST_RUNS", "/there")
    monkeypatch.setenv("STFORECAST_APP_DATA", "/a:/b")
    assert str(runs_folder()) == "/there"
    assert data_paths() == ("/a", "/b")
    monkeypatch.delenv("STFORECAST_APP_DATA")
    assert data_paths() == ()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (5, "just now"),
        (130, "2 min ago"),
        (3 * 3600 + 9, "3 h ago"),
        (86400 + 9, "1 day ago"),
        (9 * 86400 + 9, "9 days ago"),
    ],
)
def test_ages_are_told_in_the_largest_whole_unit(seconds, text):
    assert age_text(np.datetime64("now") - np.timedelta64(seconds, "s")) == text


def many_init_times():
    import numpy as np
    import streamlit as st

    from app.address import addressed
    from app.init_time import choose_init_time, step_init_time

    class Forecasts:
        init_times = np.datetime64("2015-01-01", "ns") + np.arange(1500) * np.timedelta64(6, "h")
        default_init_time = init_times[-1]
        attrs: dict = {}  # noqa: RUF012
        time_zone = "UTC"

    with addressed():
        chosen = choose_init_time(Forecasts())
    st.button("on", key="on", on_click=step_init_time, args=(Forecasts.init_times, chosen, 1))
    st.write(str(chosen))


def test_among_many_init_times_one_chooses_a_day_and_a_time_on_it():
    app = AppTest.from_function(many_init_times).run()
    # 1499 steps of 6 hours after 2015-01-01 is 374 days and 18 hours
    assert address_of(app)["init"] == "2016-01-10T18:00"
    assert app.selectbox(key="init_clock").options == ["00:00", "06:00", "12:00", "18:00"]
    app.date_input(key="init_day").set_value(np.datetime64("2015-06-01").item()).run()
    assert address_of(app)["init"] == "2015-06-01T18:00"
    app.selectbox(key="init_clock").set_value("06:00").run()
    assert address_of(app)["init"] == "2015-06-01T06:00"
    app.button(key="on").click().run()
    assert address_of(app)["init"] == "2015-06-01T12:00"
    assert app.markdown[0].value.startswith("2015-06-01T12:00")
    assert not app.exception


@pytest.mark.parametrize("text", ["2031-01-01T00:00", "2015-01-01T03:00", "yesterday"])
def test_an_init_time_that_is_not_there_falls_back(text):
    app = AppTest.from_function(many_init_times)
    app.query_params["init"] = text
    app.run()
    assert f"There is no init time “{text}” here" in app.warning[0].value
    assert address_of(app)["init"] == "2016-01-10T18:00"


def test_a_point_of_an_endless_address_is_refused_at_once(runs):
    from app.pictures import forecasts_of
    from stforecast.viewing.catalogue import find_entries

    with pytest.raises(ValueError, match="a point is written as"):
        _cell_of(forecasts_of(find_entries(runs).find("region")), "1" + " " * 10_000 + "x")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("58, -4", (3, 4)),  # rows from 61° N down, columns from 8° W on, a degree each
        ("58N 4W", (3, 4)),
        ("4°W, 58°N", (3, 4)),
        ("58.2,355.9", (3, 4)),
        ("58,2 −4", (3, 4)),
    ],
)
def test_points_are_read_as_people_write_them(text, cell, runs):
    from app.pictures import forecasts_of
    from stforecast.viewing.catalogue import find_entries

    assert _cell_of(forecasts_of(find_entries(runs).find("region")), text) == cell
