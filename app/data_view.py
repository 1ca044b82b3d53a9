"""The Data view: what the doctor says of the data that runs and jobs are fed with."""

import shlex
from pathlib import Path

import streamlit as st

from app.address import adopt, publish
from app.choices import catalogue, data_paths
from app.drawn import message_text, plain_text, show_figure
from app.guard import guarded
from stforecast.checking.background import BackgroundCheck, Checks, DataSize, measure_data
from stforecast.checking.figures import (
    plot_histograms,
    plot_missing,
    plot_missing_maps,
    plot_times,
)
from stforecast.checking.page import as_html
from stforecast.checking.table import severity_counts, variable_table
from stforecast.viewing.data import DataPlace, data_places

_AT_ONCE = 100_000_000
"""Bytes on the disk of data that are checked without being asked: about two seconds' work."""
_COLOURS = {"error": "red", "warning": "orange", "note": "gray"}
_TABS = ("Findings", "Times", "Missing by time", "Missing by place", "Values")


@st.cache_resource(show_spinner=False)
def _checks() -> Checks:
    return Checks()


def show() -> None:
    """Draw the view."""
    st.header("Data")
    places = {place.name: place for place in data_places(catalogue(), data_paths())}
    if not places:
        st.info(
            "No run or job names any data yet. Train a run, put data into `$STFORECAST_DATA/DATASET`, "
            "or name some when the dashboard is started:"
        )
        st.code("stforecast app --data PATH", language="bash")
        return
    names = list(places)
    adopt("data", names, names[0], what="data")
    name = st.selectbox("File, folder or store", names, key="data", persist_state="session")
    publish("data", str(name))
    place = places[str(name)]
    if not place.is_there:
        users = f" {', '.join(place.used_by)} names it." if place.used_by else ""
        st.error(
            f"{plain_text(str(place.path))} is not there.{plain_text(users)} Mount the disk, or name "
            "where the data lie now with `--data PATH` when the dashboard is started."
        )
        return
    size = measure_data(place.path)
    _describe(place, size)
    check = _checks().find(place.path, size)
    if check is None and size.bytes <= _AT_ONCE:
        check = _checks().begin(place.path, size)
    if check is None:
        st.info(
            f"These are {size.bytes / 1e9:,.1f} GB. The check reads each value once, in the background; "
            "a disk gives some 200 MB a second."
        )
        if st.button("Check these data", type="primary"):
            _checks().begin(place.path, size)
            st.rerun()
    elif check.is_over and check.state == "done":
        _show_report(check, place)
    elif check.is_over:
        st.error(message_text(check.problem))
    else:
        _wait(check)


def _describe(place: DataPlace, size: DataSize) -> None:
    files = f"{size.files:,} file{'' if size.files == 1 else 's'}"
    about = [str(place.path), place.dataset, files, f"{size.bytes / 1e6:,.1f} MB on the disk"]
    if place.used_by:
        about.append(f"used by {', '.join(place.used_by)}")
    st.caption(plain_text(" · ".join(part for part in about if part)))


@st.fragment(run_every=0.5)
def _wait(check: BackgroundCheck) -> None:
    """How far the check is; the whole page once it is over."""
    with guarded():
        if check.is_over:
            st.rerun()
        if check.state == "waiting":
            st.progress(0.0, text="Another check is at work; this one comes next.")
        else:
            read = f"{check.done / 1e6:,.0f} of {check.total / 1e6:,.0f} MB of values read"
            text = f"Checking: {read}" if check.total else "Checking: opening the files"
            st.progress(check.fraction, text=text)
        if st.button("Stop"):
            check.stop()
            st.rerun()


def _show_report(check: BackgroundCheck, place: DataPlace) -> None:
    report = check.report
    assert report is not None  # the state says so
    counts = severity_counts(report)
    badges = [
        f":{_COLOURS[kind]}-badge[{count} {kind}{'' if count == 1 else 's'}]"
        for kind, count in counts.items()
        if count
    ]
    read = f"{report.bytes_read / 1e6:,.0f} MB of values read"
    st.markdown(f"{' '.join(badges) or ':green-badge[nothing is wrong]'} &nbsp; {read}")
    adopt("part", _TABS, _TABS[0], what="part of the report")
    tabs = st.tabs(_TABS, key="part", on_change="rerun")
    publish("part", "" if st.session_state["part"] == _TABS[0] else st.session_state["part"])
    for number, tab in enumerate(tabs):
        if not tab.open:
            continue
        with tab, guarded():
            if number == 0:
                _show_findings(check, place)
            else:
                _show_part(check, number)


def _show_findings(check: BackgroundCheck, place: DataPlace) -> None:
    report = check.report
    assert report is not None
    if not report.findings:
        st.success("Nothing is wrong with these data.")
    for each in report.findings:
        with st.container(border=True):
            st.markdown(f":{_COLOURS[each.severity]}-badge[{each.severity}] `{each.code}`")
            st.text(each.message)
            if each.further_examples:
                st.caption(plain_text(f"Such as {'; '.join(each.further_examples)}"))
            if each.way_out:
                st.caption(plain_text(f"Way out: {each.way_out}"))
            if each.fixable:
                st.caption("`--fix` mends it.")
    if report.fixable:
        st.markdown(f"A mended copy is without {len(report.fixable)} of them:")
        path = Path(place.path)
        out = path.with_name(f"{path.stem}_mended{path.suffix}")
        words = ["stforecast", "check", str(path), "--fix", str(out)]
        st.code(shlex.join(words), language="bash")
    if report.variables:
        st.subheader("Variables")
        st.dataframe(variable_table(report), hide_index=True)
    st.download_button(
        "Report as a page (HTML)",
        lambda: as_html(report),
        file_name=f"check_{Path(place.path).name}.html",
        mime="text/html",
        on_click="ignore",
    )


def _show_part(check: BackgroundCheck, number: int) -> None:
    report = check.report
    assert report is not None
    if not report.variables:
        st.info("There is no variable that could be drawn: see the findings.")
        return
    if number == 1:
        show_figure(plot_times(report), alt="When each variable has frames, and the gaps")
    elif number == 2:
        show_figure(plot_missing(report), alt="Share of missing values against time")
    elif number == 3:
        figure = plot_missing_maps(report)
        if figure is None:
            st.success("No cell misses a value at any time.")
        else:
            show_figure(figure, alt="Where values are missing")
    else:
        show_figure(plot_histograms(report), alt="How values are spread")


with guarded():
    show()
