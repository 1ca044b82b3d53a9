"""Parts of the Skill view that look into the errors: where, how large, and when in the week."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from app.address import adopt, publish
from app.drawn import picture_of, show_picture
from stforecast.figures.errors import plot_error_histogram, plot_error_map, plot_scatter
from stforecast.figures.profile import plot_week
from stforecast.viewing.catalogue import Entry
from stforecast.viewing.headers import Stamp
from stforecast.viewing.skill import ErrorsHead, ScoreFile, command_for, open_errors, read_head

__all__ = ["show_by_cell", "show_spread", "show_week"]

_MAPS = {"rmse": "RMSE", "bias": "Bias", "skill": "Skill against persistence"}


def show_by_cell(entry: Entry, file: ScoreFile) -> None:
    """A map of RMSE, bias or skill."""
    path = _errors_of(entry, file)
    if path is None:
        return
    head = _head(path, file.stamp)
    if not head.has_maps:
        st.info(
            "This grid is too large for a map of errors: scores are kept of the whole grid only."
        )
        return
    first, second, third, fourth = st.columns([2, 1, 1, 2])
    with first:
        channel = _choose("channel", "Variable", head.channels, what="variable")
    with second:
        lead = _choose("at", "Lead time", list(head.lead_times), what="lead time")
    with third:
        maps = [name for name in _MAPS if name != "skill" or "persistence" in head.forecasters]
        metric = _choose("map", "Map of", maps, what="map", labels=_MAPS)
    with fourth:
        forecaster = _choose("whose", "Forecaster", head.forecasters, what="forecaster")
    png = _map_png(path, file.stamp, channel, head.lead_times[lead], metric, forecaster)
    show_picture(png, alt=f"{_MAPS[metric]} of {channel} by cell at {lead}")
    _tell(head)


def show_spread(entry: Entry, file: ScoreFile) -> None:
    """Forecast against truth, and how often errors of which size occur."""
    path = _errors_of(entry, file)
    if path is None:
        return
    head = _head(path, file.stamp)
    first, second, _ = st.columns([2, 1, 3])
    with first:
        channel = _choose("channel", "Variable", head.channels, what="variable")
    with second:
        lead = _choose("at", "Lead time", list(head.lead_times), what="lead time")
    left, right = st.columns(2)
    with left:
        png = _scatter_png(path, file.stamp, channel, head.lead_times[lead])
        show_picture(png, alt=f"Forecast against truth of {channel} at {lead}")
    with right:
        png = _histogram_png(path, file.stamp, channel, head.lead_times[lead])
        show_picture(png, alt=f"Histogram of errors of {channel} at {lead}")
    _tell(head)


def show_week(entry: Entry, file: ScoreFile) -> None:
    """What is usual on each day of the week, forecast and true."""
    path = _errors_of(entry, file)
    if path is None:
        return
    head = _head(path, file.stamp)
    if not head.has_week:
        st.info("The clock of these data is not a true one, so that they have no days of the week.")
        return
    first, second, _ = st.columns([2, 1, 3])
    with first:
        channel = _choose("channel", "Variable", head.channels, what="variable")
    with second:
        lead = _choose("at", "Lead time", list(head.lead_times), what="lead time")
    png = _week_png(path, file.stamp, channel, head.lead_times[lead])
    show_picture(png, alt=f"Profile of the week of {channel} at {lead}")


def _errors_of(entry: Entry, file: ScoreFile) -> Path | None:
    if file.errors is None:
        st.info("There are no errors in detail beside these scores. Make them with")
        st.code(command_for(entry.path, file), language="bash")
    return file.errors


def _choose(
    key: str,
    label: str,
    options: Sequence[str],
    *,
    what: str,
    labels: dict[str, str] | None = None,
) -> str:
    adopt(key, options, options[0], what=what)
    chosen = st.selectbox(
        label,
        options,
        key=key,
        format_func=lambda name: str((labels or {}).get(name, name)),
        persist_state="session",
    )
    publish(key, str(chosen))
    return str(chosen)


def _tell(head: ErrorsHead) -> None:
    if head.left_out:
        st.caption(f"Left out, as it would have taken too much memory: {head.left_out}.")


@st.cache_data(max_entries=32, show_spinner=False)
def _head(path: Path, stamp: Stamp) -> ErrorsHead:
    return read_head(path)


@st.cache_data(max_entries=64, show_spinner="Drawing …")
def _map_png(
    path: Path, stamp: Stamp, channel: str, lead: int, metric: str, forecaster: str
) -> bytes:
    with open_errors(path) as errors:
        return picture_of(
            plot_error_map(
                errors,
                channel=channel,
                lead_time=errors["lead_time"].values[lead],
                forecaster=forecaster,
                metric=metric,
            )
        )


@st.cache_data(max_entries=64, show_spinner="Drawing …")
def _scatter_png(path: Path, stamp: Stamp, channel: str, lead: int) -> bytes:
    with open_errors(path) as errors:
        lead_time = errors["lead_time"].values[lead]
        return picture_of(plot_scatter(errors, channel=channel, lead_time=lead_time))


@st.cache_data(max_entries=64, show_spinner="Drawing …")
def _histogram_png(path: Path, stamp: Stamp, channel: str, lead: int) -> bytes:
    with open_errors(path) as errors:
        lead_times = errors["lead_time"].values[[lead]]
        return picture_of(plot_error_histogram(errors, channel=channel, lead_times=lead_times))


@st.cache_data(max_entries=64, show_spinner="Drawing …")
def _week_png(path: Path, stamp: Stamp, channel: str, lead: int) -> bytes:
    with open_errors(path) as errors:
        lead_time = errors["lead_time"].values[lead]
        return picture_of(plot_week(errors, channel=channel, lead_time=lead_time))
