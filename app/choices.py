"""What a visitor has chosen, kept in the address of the page: a link shows what its sender saw.

Every choice is a widget with a key, and a word in the address under the same key. The address wins when
it is new (a link, the way back in the browser's history); after that the widget does. What an address
asks for and is not there falls back to the default, and the page says so.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from app.drawn import plain_text
from stforecast.viewing.catalogue import Catalogue, Entry, find_entries

__all__ = [
    "adopt",
    "adopt_several",
    "adopt_text",
    "age_text",
    "asked",
    "catalogue",
    "chosen_entry",
    "data_paths",
    "look_again",
    "not_here",
    "publish",
    "runs_folder",
    "sidebar",
]

T = TypeVar("T")

RUNS = "STFORECAST_RUNS"
"""Environment variable: the folder of runs and jobs that is shown."""
DATA = "STFORECAST_APP_DATA"
"""Environment variable: places of data beside those that runs name, parted as in PATH."""

_LOOK_AGAIN = 5.0
"""Seconds that a list of the folder is believed."""
_KINDS = {"run": "run", "job": "batch job", "files": "forecast files"}
_WRITTEN = "_address"
"""Under which the session keeps what it last wrote into the address."""


def runs_folder() -> Path:
    """The folder whose runs and jobs are shown."""
    return Path(os.environ.get(RUNS) or "runs")


def data_paths() -> tuple[str, ...]:
    """Data named when the dashboard was started."""
    return tuple(part for part in os.environ.get(DATA, "").split(os.pathsep) if part)


def catalogue() -> Catalogue:
    """What there is to look at now, a few seconds old at most."""
    return _catalogue(str(runs_folder()))


@st.cache_resource(ttl=_LOOK_AGAIN, max_entries=4, show_spinner=False)
def _catalogue(folder: str) -> Catalogue:
    return find_entries(folder)


def look_again() -> None:
    """Forget the list of the folder: the next page reads it anew."""
    _catalogue.clear()


def sidebar() -> Catalogue:
    """Draw the chooser of runs in the sidebar, and give what there is."""
    found = catalogue()
    newest_first = sorted(found.entries, key=lambda entry: entry.changed, reverse=True)
    entries = {entry.name: entry for entry in newest_first}
    with st.sidebar:
        if not entries:
            st.caption(f"No run in `{found.folder}` yet.")
            return found
        adopt("run", list(entries), _first(newest_first).name, what="run")
        name = st.selectbox(
            "Run",
            list(entries),
            key="run",
            format_func=lambda name: _label(entries[name]),
            persist_state="session",
            help=f"What lies in `{found.folder}`, newest first.",
        )
        publish("run", name)
        _describe(entries[name])
        st.button(
            "Look again",
            icon=":material/refresh:",
            type="tertiary",
            on_click=look_again,
            help="Read the folder anew",
        )
    return found


def chosen_entry() -> Entry | None:
    """The run, job or folder of forecasts that is chosen; None where there is none at all."""
    entries = {entry.name: entry for entry in catalogue().entries}
    return entries.get(st.session_state.get("run", ""))


def _first(entries: Sequence[Entry]) -> Entry:
    """What is shown unless something is chosen: the newest that can be."""
    return next((entry for entry in entries if not entry.problem), entries[0])


def _label(entry: Entry) -> str:
    mark = "⚠ " if entry.problem else ""
    return f"{mark}{entry.name}"


def _describe(entry: Entry) -> None:
    kind = _KINDS[entry.kind]
    about = " · ".join(
        part for part in (kind, entry.dataset, f"changed {age_text(entry.changed)}") if part
    )
    st.caption(about)
    if entry.problem:
        st.caption(":orange[:material/warning: cannot be shown]")


def age_text(time: np.datetime64) -> str:
    """How long ago a time was, for readers: "5 min ago", "3 days ago"."""
    seconds = (np.datetime64("now") - time) / np.timedelta64(1, "s")
    for size, unit in ((86400.0, "day"), (3600.0, "h"), (60.0, "min")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if unit == 'day' and count != 1 else ''} ago"
    return "just now"


def adopt(
    key: str,
    known: Sequence[T],
    default: T,
    *,
    what: str,
    text_of: Callable[[T], str] = str,
) -> None:
    """Give a widget its state before it is drawn: what the address asks for, else what was chosen.

    Args:
        key: of the widget, and its word in the address.
        known: what can be chosen; something else falls back to the default.
        what: is chosen, for the notice: "run", "init time".
        text_of: how a choice stands in the address.
    """
    text = asked(key)
    if text is not None:
        named = {text_of(one): one for one in known}
        if text not in named:
            not_here(what, text, f"showing {text_of(default)} instead")
        st.session_state[key] = named.get(text, default)
    elif st.session_state.get(key) not in known:
        st.session_state[key] = default


def adopt_several(key: str, known: Sequence[Any], default: Sequence[Any], *, what: str) -> None:
    """The same of a widget that takes several of what is known, parted by commas in the address."""
    text = asked(key)
    if text is not None:
        wanted = [part for part in text.split(",") if part]
        absent = [part for part in wanted if part not in known]
        if absent:
            not_here(what, absent[0], "it is left out")
        found = [part for part in wanted if part in known]
        st.session_state[key] = found or list(default)
    elif key not in st.session_state:
        st.session_state[key] = list(default)
    else:
        kept = [part for part in st.session_state[key] if part in known]
        st.session_state[key] = kept or list(default)


def adopt_text(key: str, default: str = "") -> None:
    """The same of a widget that takes any text."""
    text = asked(key)
    if text is not None:
        st.session_state[key] = text
    elif key not in st.session_state:
        st.session_state[key] = default


def publish(key: str, value: str | Sequence[str]) -> None:
    """Write a choice into the address of the page; an empty one is left out."""
    text = value if isinstance(value, str) else ",".join(value)
    written: dict[str, Any] = st.session_state.setdefault(_WRITTEN, {})
    written[key] = text
    if text and st.query_params.get(key) != text:
        st.query_params[key] = text
    elif not text and key in st.query_params:
        del st.query_params[key]


def asked(key: str) -> str | None:
    """What the address asks for, if it was not this session itself that wrote it there."""
    text = st.query_params.get(key)
    return None if text == st.session_state.get(_WRITTEN, {}).get(key) else text


def not_here(what: str, text: str, instead: str) -> None:
    """Tell a visitor that the address asks for something that is not there."""
    # A link may hold anything: signs of markup are shown as they stand.
    st.warning(
        f"There is no {what} “{plain_text(text)}” here; {instead}.",
        icon=":material/link_off:",
    )
