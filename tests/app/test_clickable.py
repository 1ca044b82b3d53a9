"""Clicks as they come from a browser: whole ones count, anything else is none."""

import pytest

from app.clickable import Click, read_click


def test_a_whole_click_is_read():
    assert read_click({"click": {"panel": 1, "x": 0.25, "y": 0.5}}) == Click(1, 0.25, 0.5)


@pytest.mark.parametrize(
    "state",
    [
        None,
        {},
        {"click": None},
        {"click": "here"},
        {"click": {"panel": 1, "x": 0.5}},
        {"click": {"panel": 1, "x": "0.5", "y": 0.5}},
    ],
)
def test_anything_else_is_no_click(state):
    assert read_click(state) is None


def test_a_click_is_handed_on_before_the_page_is_drawn_again(monkeypatch):
    import streamlit as st

    from app.clickable import Panel, show_panels

    mounted = {}

    def component(name, **files):
        return lambda **arguments: mounted.update(arguments)

    monkeypatch.setattr("app.clickable.component", component)
    monkeypatch.setattr(
        st, "session_state", {"panels": {"click": {"panel": 0, "x": 0.1, "y": 0.2}}}
    )
    seen = []
    show_panels([Panel("Forecast", b"png", (4, 2))], key="panels", on_click=seen.append)
    mounted["on_click_change"]()
    assert seen == [Click(0, 0.1, 0.2)]
    assert mounted["data"]["clickable"]
    assert mounted["data"]["panels"][0]["alt"] == "Forecast"
    show_panels([Panel("Forecast", b"png", (4, 2))], key="panels")
    mounted["on_click_change"]()
    assert len(seen) == 1
    assert not mounted["data"]["clickable"]
