"""The Skill view: how good a run's forecasts are, at which lead times, where and when."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.address import adopt, adopt_several, is_sent_here, publish
from app.choices import catalogue, chosen_entry
from app.drawn import message_text, picture_of, plain_text, show_picture
from app.guard import guarded
from app.skill_compared import show_comparison
from app.skill_errors import show_by_cell, show_spread, show_week
from stforecast.comparing import skill_table
from stforecast.figures.curves import METRICS, plot_history, plot_scores
from stforecast.figures.profile import plot_periods
from stforecast.verification.report import lead_text, scores_to_frame
from stforecast.viewing.catalogue import Entry
from stforecast.viewing.headers import Stamp, stamp_of
from stforecast.viewing.skill import (
    ScoreFile,
    command_for,
    find_score_files,
    headline_metric,
    metrics_of,
    read_history,
    read_scores,
    scores_caption,
)

_MOST_CHANNELS = 8
"""Panels that are shown unless others are chosen."""
_MOST_HEADLINES = 8
_NOT_RUN = {
    "job": "A batch job has no scores of its own here: the Jobs view shows how its forecasts did.",
    "files": "These are forecast files; scores belong to runs.",
}


def show() -> None:
    """Draw the view."""
    entry = chosen_entry()
    st.header("Skill" if entry is None else f"Skill of {plain_text(entry.name)}")
    if entry is None:
        st.info(message_text(catalogue().problem))
        return
    if entry.kind != "run":
        st.info(f"{_NOT_RUN[entry.kind]} Choose a run in the sidebar.")
        return
    if entry.problem:
        st.warning(message_text(entry.problem))
    files, problems = find_score_files(entry.path)
    for problem in problems:
        st.error(message_text(problem))
    if not files:
        if not entry.problem and not problems:
            st.info("This run has no scores yet. Make them with")
            st.code(command_for(entry.path), language="bash")
        with guarded():
            _show_training(entry)
        return
    chosen = _choose_file(files)
    with guarded():
        _show_scores(entry, chosen)


def _choose_file(files: Sequence[ScoreFile]) -> ScoreFile:
    named = {file.name: file for file in files}
    if len(named) == 1:
        return files[0]
    names = list(named)
    adopt("scores", names, names[0], what="file of scores")
    name = st.segmented_control(
        "Dialect and split", names, key="scores", required=True, persist_state="session"
    )
    publish("scores", "" if name == names[0] else str(name))
    return named[str(name)]


@st.cache_resource(max_entries=16, show_spinner=False)
def _scores(path: Path, stamp: Stamp):  # noqa: ANN202  (an xarray dataset, handed on as it is)
    return read_scores(path)


def _show_scores(entry: Entry, file: ScoreFile) -> None:
    scores = _scores(file.path, file.stamp)
    st.caption(plain_text(scores_caption(scores)))
    for note in filter(None, str(scores.attrs.get("note", "")).split("; ")):
        st.caption(f"Note: {plain_text(note)}.")
    _show_headline(file)
    known = [str(name) for name in scores["channel"].values]
    metrics = list(metrics_of(scores))
    left, middle, right = st.columns([2, 3, 3])
    with left:
        adopt("metric", metrics, metrics[0], what="metric")
        metric = str(
            st.selectbox(
                "Metric",
                metrics,
                key="metric",
                format_func=lambda name: str(METRICS.get(name, name)),
                persist_state="session",
            )
        )
        publish("metric", "" if metric == metrics[0] else metric)
    with middle:
        default = known[:_MOST_CHANNELS]
        adopt_several("variables", known, default, what="variable")
        channels = st.multiselect("Variables", known, key="variables", persist_state="session")
        publish("variables", [] if channels == default else channels)
    with right:
        others = [
            each.name
            for each in catalogue().entries
            if each.kind == "run"
            and each.name != entry.name
            and each.dataset == entry.dataset
            and not each.problem
        ]
        adopt_several("with", others, [], what="run")
        beside = st.multiselect(
            "Compare with",
            others,
            key="with",
            persist_state="session",
            placeholder="other runs of this dataset",
        )
        publish("with", beside)
    _show_tabs(entry, file, metric=metric, channels=channels or default, beside=beside)


def _show_headline(file: ScoreFile) -> None:
    """Up to where the forecaster beats persistence, for each variable."""
    table, metric = _skill(file.path, file.stamp)
    baselines = table["baseline"].tolist()
    chosen = "persistence" if "persistence" in baselines else next(iter(baselines), "")
    rows = [row for row in table.to_dict("records") if row["baseline"] == chosen]
    title = METRICS.get(metric, metric)
    with st.container(horizontal=True):
        for row in rows[:_MOST_HEADLINES]:
            until = row["beats_until"].to_timedelta64()
            st.metric(
                f"{row['channel']}: {row['forecaster']} beats {chosen.replace('_', ' ')}",
                f"up to {lead_text(until)}" if until > np.timedelta64(0) else "not at all",
                delta=f"{title} {_change(row['skill_first'])} → {_change(row['skill_last'])}",
                delta_color="off",
                delta_arrow="off",
                help=f"It {row['says']}. Below: its {title} against that of {chosen}, at the first and "
                "at the last lead time.",
                border=True,
                width=270,
            )


def _change(skill: Any) -> str:
    """A skill as the change of an error: 0.28 is 28 % less of it."""
    return "–" if np.isnan(skill) else f"{-100 * skill:+.0f} %".replace("-", "−")


@st.cache_resource(max_entries=16, show_spinner=False)
def _skill(path: Path, stamp: Stamp) -> tuple[pd.DataFrame, str]:
    """The table of skill, and in which metric."""
    scores = _scores(path, stamp)
    metric = headline_metric(scores)
    return skill_table(scores, metric=metric), metric


def _show_tabs(
    entry: Entry, file: ScoreFile, *, metric: str, channels: Sequence[str], beside: Sequence[str]
) -> None:
    scores = _scores(file.path, file.stamp)
    names = ["Lead time", "By cell", "Spread"]
    if "score_by_period" in scores:
        names += ["Peak hours", "Week"]
    names.append("Training")
    if beside:
        names.append("Compared")
    chose_another = _is_new(beside) and not is_sent_here("tab")  # and not on the way back to one
    adopt("tab", names, names[0], what="part of this view")
    if chose_another:
        st.session_state["tab"] = "Compared"
    st.session_state["_beside"] = list(beside)
    tabs = dict(zip(names, st.tabs(names, key="tab", on_change="rerun"), strict=True))
    publish("tab", "" if st.session_state["tab"] == names[0] else st.session_state["tab"])
    draw = {
        "Lead time": lambda: _show_curves(entry, file, metric=metric, channels=channels),
        "By cell": lambda: show_by_cell(entry, file),
        "Spread": lambda: show_spread(entry, file),
        "Peak hours": lambda: _show_periods(file, metric=metric, channels=channels),
        "Week": lambda: show_week(entry, file),
        "Training": lambda: _show_training(entry),
        "Compared": lambda: show_comparison(entry, file, beside, metric=metric, channels=channels),
    }
    for name, tab in tabs.items():
        if tab.open:
            with tab, guarded():
                draw[name]()


def _is_new(beside: Sequence[str]) -> bool:
    """Whether a visitor has just chosen a run to compare with: that is what is looked at next."""
    before = st.session_state.get("_beside")
    return before is not None and len(beside) > len(before)


@st.cache_data(max_entries=64, show_spinner=False)
def _scores_png(path: Path, stamp: Stamp, metric: str, channels: tuple[str, ...]) -> bytes:
    return picture_of(plot_scores(_scores(path, stamp), metric=metric, channels=channels))


@st.cache_data(max_entries=64, show_spinner=False)
def _periods_png(path: Path, stamp: Stamp, metric: str, channel: str) -> bytes:
    return picture_of(plot_periods(_scores(path, stamp), metric=metric, channel=channel))


def _show_curves(entry: Entry, file: ScoreFile, *, metric: str, channels: Sequence[str]) -> None:
    png = _scores_png(file.path, file.stamp, metric, tuple(channels))
    show_picture(png, alt=f"{metric} against lead time")
    table, in_metric = _skill(file.path, file.stamp)
    with st.expander(f"Against each baseline, in {METRICS.get(in_metric, in_metric)}"):
        st.dataframe(
            pd.DataFrame(
                {
                    "variable": table["channel"],
                    "forecaster": table["forecaster"],
                    "verdict": table["says"].str.replace("_", " "),
                    "at the first lead time": table["skill_first"].map(_change),
                    "at the last": table["skill_last"].map(_change),
                }
            ),
            hide_index=True,
        )
    st.download_button(
        "Scores (CSV)",
        lambda: scores_to_frame(_scores(file.path, file.stamp)).to_csv(index=False).encode(),
        file_name=f"{entry.path.name}_{file.path.stem}.csv",
        mime="text/csv",
        on_click="ignore",
    )


def _show_periods(file: ScoreFile, *, metric: str, channels: Sequence[str]) -> None:
    for channel in channels:
        png = _periods_png(file.path, file.stamp, metric, channel)
        show_picture(png, alt=f"{metric} of {channel} by period")


def _show_training(entry: Entry) -> None:
    file = entry.path / "history.csv"
    history = read_history(entry.path)
    if history.empty:
        st.info(
            "There is no training curve: no epoch is finished yet, or the weights were imported."
        )
        return
    show_picture(_history_png(entry.path, stamp_of(file)), alt="Loss of the training by epoch")
    st.download_button(
        "Training (CSV)",
        lambda: file.read_bytes(),
        file_name=f"{entry.path.name}_history.csv",
        mime="text/csv",
        on_click="ignore",
    )


@st.cache_data(max_entries=16, show_spinner=False)
def _history_png(run: Path, stamp: Stamp) -> bytes:
    return picture_of(plot_history(read_history(run)))


with guarded():
    show()
