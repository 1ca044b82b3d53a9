"""What there is to look at, and the choice among it in the sidebar."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from app.address import adopt, publish
from app.drawn import plain_text
from stforecast.viewing.catalogue import Catalogue, Entry, find_entries

__all__ = [
    "age_text",
    "catalogue",
    "chosen_entry",
    "data_paths",
    "look_again",
    "runs_folder",
    "sidebar",
]

RUNS = "STFORECAST_RUNS"
"""Environment variable: the folder of runs and jobs that is shown."""
DATA = "STFORECAST_APP_DATA"
"""Environment variable: places of data beside those that runs name, parted as in PATH."""

_LOOK_AGAIN = 5.0
"""Seconds that a list of the folder is believed."""
_KINDS = {"run": "run", "job": "batch job", "files": "forecast files"}


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
            st.caption(f"No run in {plain_text(str(found.folder))} yet.")
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
    st.caption(plain_text(about))
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
