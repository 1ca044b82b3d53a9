"""The choice of an init_time: a list to search where there are not too many, else a day and a time."""

from datetime import date

import numpy as np
import streamlit as st

from app.address import adopt, asked, is_sent_here, not_here, publish
from app.words import address_of, init_words
from stforecast.viewing.forecasts import Forecasts

__all__ = ["choose_init_time", "step_init_time"]

_IN_A_LIST = 1000
"""Init times that a list may have: each of them is sent to the browser."""


def choose_init_time(forecasts: Forecasts) -> np.datetime64:
    """Draw the choice, and give what is chosen."""
    times = forecasts.init_times
    default = forecasts.default_init_time
    if len(times) > _IN_A_LIST:
        return _by_day(times, default)
    numbers = {address_of(times[number]): number for number in range(len(times) - 1, -1, -1)}
    adopt("init", list(numbers), address_of(default), what="init time")
    text = st.selectbox(
        "Init time",
        list(numbers),
        key="init",
        format_func=lambda text: init_words(forecasts, numbers[text]),
        persist_state="session",
        width=250,
    )
    publish("init", text)
    return times[numbers[text]]


def step_init_time(times: np.ndarray, now: np.datetime64, steps: int) -> None:
    """Choose the init_time so many before or after another, within those that there are."""
    number = int(np.clip(np.searchsorted(times, now) + steps, 0, len(times) - 1))
    st.session_state["init"] = address_of(times[number])


def _by_day(times: np.ndarray, default: np.datetime64) -> np.datetime64:
    """The choice among many: a day, and a time of those on it."""
    text = asked("init")
    if is_sent_here("init"):
        st.session_state["init"] = text or ""
    chosen = _find(times, st.session_state.get("init", ""))
    if chosen is None:
        if text is not None:
            not_here("init time", text, f"showing {address_of(default)} instead")
        chosen = default
    st.session_state["init"] = address_of(chosen)
    st.session_state["init_day"] = chosen.astype("datetime64[D]").item()
    on_day = _times_of(times, st.session_state["init_day"])
    clock = [address_of(time)[11:] for time in on_day]
    st.session_state["init_clock"] = address_of(chosen)[11:]
    first, last = (time.astype("datetime64[D]").item() for time in (times[0], times[-1]))
    st.date_input(
        "Init day",
        key="init_day",
        min_value=first,
        max_value=last,
        format="YYYY-MM-DD",
        on_change=_day_chosen,
        args=(times,),
        width=150,
    )
    st.selectbox("Time", clock, key="init_clock", on_change=_clock_chosen, width=105)
    publish("init", address_of(chosen))
    return chosen


def _find(times: np.ndarray, text: str) -> np.datetime64 | None:
    try:
        wanted = np.datetime64(text, "ns")
    except ValueError:
        return None
    number = int(np.searchsorted(times, wanted))
    return times[number] if number < len(times) and times[number] == wanted else None


def _times_of(times: np.ndarray, day: date) -> np.ndarray:
    first, after = np.searchsorted(
        times, [np.datetime64(day, "D"), np.datetime64(day, "D") + np.timedelta64(1, "D")]
    )
    return times[first:after]


def _day_chosen(times: np.ndarray) -> None:
    """Keep the time of the day if the new one has it, else take the nearest there is."""
    day, clock = st.session_state["init_day"], st.session_state["init_clock"]
    wanted = np.datetime64(f"{day}T{clock}", "ns")
    nearest = times[int(np.abs(times - wanted).argmin())]
    st.session_state["init"] = address_of(nearest)


def _clock_chosen() -> None:
    day, clock = st.session_state["init_day"], st.session_state["init_clock"]
    st.session_state["init"] = f"{day}T{clock}"
