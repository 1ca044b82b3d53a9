"""Steps in lead time: a slider, one step on or back, and playing."""

from time import monotonic

import numpy as np
import streamlit as st

from app.address import adopt, keep, publish
from app.words import hours_text, lead_words
from stforecast.viewing.forecasts import Forecasts

__all__ = ["SPEEDS", "choose_lead", "playing_every"]

SPEEDS = {"slow": 1.2, "normal": 0.6, "fast": 0.3}
"""Seconds that each step stays."""


def playing_every() -> float | None:
    """Seconds from step to step while it plays; None while it does not."""
    if not st.session_state.get("playing"):
        return None
    return SPEEDS[st.session_state.get("speed", "normal")]


def choose_lead(forecasts: Forecasts, init_time: np.datetime64) -> int:
    """Draw the slider and its buttons, and give the number of the lead time that is chosen."""
    texts = [hours_text(lead_time) for lead_time in forecasts.lead_times]
    adopt("lead", texts, texts[0], what="lead time")
    if len(texts) == 1:
        st.caption(lead_words(forecasts, 0, init_time))
        return 0
    every = playing_every()
    if every is not None:
        _move_on(texts, every)
    st.button(
        "",
        icon=":material/skip_previous:",
        help="One step back",
        shortcut="Left",
        on_click=_step,
        args=(texts, -1),
        key="back",
    )
    if st.button(
        "Pause" if every else "Play",
        icon=":material/pause:" if every else ":material/play_arrow:",
        type="primary",
        shortcut="Space",
        key="play",
    ):
        st.session_state["playing"] = not st.session_state.get("playing")
        st.rerun()
    st.button(
        "",
        icon=":material/skip_next:",
        help="One step on",
        shortcut="Right",
        on_click=_step,
        args=(texts, 1),
        key="on",
    )
    text = st.select_slider(
        "Lead time",
        texts,
        key="lead",
        format_func=lambda text: lead_words(forecasts, texts.index(text), init_time),
        label_visibility="collapsed",
        persist_state="session",
    )
    if every is None:
        publish("lead", text)
    else:
        # Each step would become one in the browser's history.
        keep("lead")
    return texts.index(text)


def _step(texts: list[str], steps: int) -> None:
    number = texts.index(st.session_state["lead"]) + steps
    st.session_state["lead"] = texts[number % len(texts)]
    st.session_state["playing"] = False


def _move_on(texts: list[str], every: float) -> None:
    """One step on, unless the last one was a moment ago: a page is drawn again for other reasons too."""
    now = monotonic()
    if now - st.session_state.get("_moved_on", 0.0) > 0.7 * every:
        st.session_state["_moved_on"] = now
        st.session_state["lead"] = texts[(texts.index(st.session_state["lead"]) + 1) % len(texts)]
