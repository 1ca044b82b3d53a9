"""The part of the Skill view that sets several runs side by side."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from app.choices import catalogue
from app.drawn import picture_of, plain_text, show_picture
from stforecast.comparing import Comparison, compare_runs
from stforecast.figures.comparison import plot_comparison, plot_histories
from stforecast.figures.curves import METRICS
from stforecast.run import open_run
from stforecast.viewing.catalogue import Entry
from stforecast.viewing.headers import Stamp
from stforecast.viewing.reading import READING
from stforecast.viewing.skill import ScoreFile, read_history

__all__ = ["show_comparison"]


def show_comparison(
    entry: Entry,
    file: ScoreFile,
    beside: Sequence[str],
    *,
    metric: str,
    channels: Sequence[str],
) -> None:
    """Curves of all runs, what makes the comparison unfair, and how their experiments differ.

    Raises:
        ValueError: a run lacks the scores.
    """
    entries = [entry, *(catalogue().find(name) for name in beside)]
    runs = tuple(each.path for each in entries)
    stamp = tuple(mark for each in entries for mark in each.stamp)
    found = _comparison(runs, stamp, file.dialect, file.split)
    if found.notes:
        lines = "\n".join(f"- {plain_text(note)}" for note in found.notes)
        st.warning(f"This comparison is not quite fair.\n{lines}")
    st.markdown(f"**{METRICS.get(metric, metric)}** · {plain_text(file.name)}")
    for channel in channels:
        png = _curves_png(runs, stamp, file.dialect, file.split, channel, metric)
        show_picture(png, alt=f"{metric} of {channel} of {len(runs)} runs")
    st.subheader("What differs between the experiments")
    if found.differences.empty:
        st.caption("Nothing: the experiments are the same.")
    else:
        st.dataframe(found.differences.astype(str))
    st.subheader("Training")
    histories = {each.name: read_history(each.path) for each in entries}
    known = {name: history for name, history in histories.items() if not history.empty}
    if known:
        show_picture(picture_of(plot_histories(known)), alt="Loss of each training by epoch")


@st.cache_resource(max_entries=8, show_spinner=False)
def _comparison(runs: tuple[Path, ...], stamp: Stamp, dialect: str, split: str) -> Comparison:
    with READING:
        return compare_runs([open_run(run) for run in runs], dialect=dialect, split=split)


@st.cache_data(max_entries=64, show_spinner=False)
def _curves_png(
    runs: tuple[Path, ...], stamp: Stamp, dialect: str, split: str, channel: str, metric: str
) -> bytes:
    found = _comparison(runs, stamp, dialect, split)
    return picture_of(plot_comparison(found, channel=channel, metric=metric))
