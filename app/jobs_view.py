"""The Jobs view: whether every batch job delivers what it should, and what keeps it from it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from app.address import adopt, publish, write_choices
from app.choices import age_text, catalogue, look_again
from app.drawn import message_text, plain_text, show_facts, show_figure
from app.guard import guarded
from stforecast.batch.rows import Row, RunRow
from stforecast.figures.job_states import JOB_STATE_STYLES, plot_job_states
from stforecast.viewing.catalogue import Entry
from stforecast.viewing.jobs import JobOverview, job_overview

_REFRESH = 60.0
"""Seconds after which the page looks again by itself."""
_LEVELS = {
    "bad": ("red", "stale"),
    "warning": ("orange", "needs a look"),
    "unknown": ("gray", "age not judged"),
    "good": ("green", "fresh"),
}
"""Colour and words of a badge, the worst first."""
_MOST_REASONS = 12
FORECASTS = Path(__file__).parent / "forecast_view.py"


@st.fragment(run_every=_REFRESH)
def show() -> None:
    """Draw the view; again each minute."""
    with guarded():
        now = np.datetime64("now", "ns")
        _show_head(now)
        entries = [entry for entry in catalogue().entries if entry.kind == "job"]
        if not entries:
            st.info(
                f"There is no batch job in `{catalogue().folder}`. A job is a TOML file with `run`, "
                "`[input]` and `[[output]]`; put one there, and start it with"
            )
            st.code("stforecast batch run JOB.toml", language="bash")
            return
        found = {entry.name: job_overview(entry, now=now) for entry in entries}
        order = sorted(found, key=lambda name: (list(_LEVELS).index(found[name].level), name))
        by_name = {entry.name: entry for entry in entries}
        _show_cards(order, found)
        if len(order) > 1:
            adopt("job", order, _default(order), what="job")
            name = str(st.selectbox("Job", order, key="job", persist_state="session"))
            publish("job", name)
        else:
            name = order[0]
        _show_job(by_name[name], found[name])
    write_choices()


def _show_head(now: np.datetime64) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Jobs")
        st.button("Refresh", on_click=look_again, help="The page does so itself each minute.")
    st.caption(f"As of {_moment(str(now))} UTC")


def _default(order: Sequence[str]) -> str:
    """The job that the sidebar names, else the one that most asks for a look."""
    chosen = str(st.session_state.get("run"))
    return chosen if chosen in order else order[0]


def _show_cards(order: Sequence[str], found: dict[str, JobOverview]) -> None:
    """A card for each job: whether it is fresh, its newest forecast, and what came of the rest."""
    with st.container(horizontal=True):
        for name in order:
            with st.container(border=True, width=340), guarded():
                _show_card(name, found[name])


def _show_card(name: str, job: JobOverview) -> None:
    colour, words = _LEVELS[job.level]
    if job.problem:
        words = "broken"
    st.markdown(f"**{plain_text(name)}** &nbsp; :{colour}-badge[{words}]")
    st.caption(message_text(job.freshness[:1].upper() + job.freshness[1:]))
    counts = _counts(job.counts)
    if counts:
        st.markdown(counts)


def _counts(counts: dict[str, int]) -> str:
    return " · ".join(f"{counts[state]} {state}" for state in JOB_STATE_STYLES if counts.get(state))


def _show_job(entry: Entry, job: JobOverview) -> None:
    if job.problem:
        st.error(message_text(job.problem))
    status = job.status
    if status is None:
        return
    newest, last = status.newest, status.last_run
    waiting = sum(row.state in ("waiting", "running") for row in status.rows)
    zone = "" if job.time_zone == "UTC" else f" {job.time_zone}"
    show_facts(
        {
            "Newest good forecast": f"{_moment(newest.init_time)}{zone}" if newest else "none",
            "Last run": _last_text(last),
            "Waiting or running": str(waiting),
            "Failed": str(status.counts.get("failed", 0)),
        }
    )
    st.page_link(FORECASTS, label="See its forecasts", query_params={"run": entry.name})
    for path in status.lost:
        st.warning(f"An output that should be there is gone: {plain_text(str(path))}")
    if not status.rows:
        st.info("No run has looked at an init time yet. Start one with")
        st.code(f"stforecast batch run {entry.path}", language="bash")
        return
    figure = plot_job_states(status.rows)
    show_figure(figure, alt="Init times by what became of them", is_newest_right=True)
    left, right = st.columns(2)
    with left:
        _show_reasons("What waits, and why", status.rows, ("waiting", "running"))
    with right:
        _show_reasons("What failed or was skipped, and why", status.rows, ("failed", "skipped"))
    _show_reasons("Made from histories with holes", status.rows, ("degraded",))
    with guarded():
        _show_verification(job)


def _last_text(last: RunRow | None) -> str:
    if last is None:
        return "none yet"
    end = "went well" if last.exit_code == 0 else "something failed"
    return f"{age_text(np.datetime64(last.finished[:19]))}: {end} (exit code {last.exit_code})"


def _show_reasons(title: str, rows: Sequence[Row], states: Sequence[str]) -> None:
    """Init times in some states by reason, the newest first; nothing where there are none."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in reversed(rows):
        if row.state in states:
            why = "; ".join(filter(None, [row.reason, *row.warnings]))
            groups.setdefault((row.state, why), []).append(row)
    if not groups:
        return
    st.markdown(f"**{title}**")
    lines = []
    for (state, why), members in list(groups.items())[:_MOST_REASONS]:
        times = _moment(members[0].init_time)
        if len(members) > 1:
            times = f"{_moment(members[-1].init_time)} to {times} ({len(members)})"
        attempts = max(row.attempts for row in members)
        tried = f", {attempts} attempts" if attempts > 1 else ""
        lines.append(f"- **{plain_text(times)}** {state}: {plain_text(why or 'no reason')}{tried}")
    if len(groups) > _MOST_REASONS:
        lines.append(f"- and {len(groups) - _MOST_REASONS} more reasons")
    st.markdown("\n".join(lines))


def _show_verification(job: JobOverview) -> None:
    """Scores by month, beside persistence, and drift."""
    st.subheader("Verification")
    for note in job.notes:
        st.info(message_text(note))
    if not job.scores:
        return
    drifting = [line for line in job.drift if line.drifts]
    if drifting:
        worst = max(drifting, key=lambda line: line.excess or 0.0)
        st.warning(
            f"{worst.channel} drifts: at +{worst.lead_hours:g} h its RMSE is {worst.excess:.0%} above "
            "that of the run's own test."
        )
    if job.drift:
        st.markdown("**The last window against the run's own test**")
        st.dataframe(_drift_table(job), hide_index=True)
    regions = sorted({score.region for score in job.scores}, key=lambda name: (name != "all", name))
    region = regions[0]
    if len(regions) > 1:
        adopt("region_of", regions, regions[0], what="region")
        region = st.segmented_control(
            "Region", regions, key="region_of", required=True, persist_state="session"
        )
        publish("region_of", "" if region == regions[0] else str(region))
    st.markdown("**RMSE by month of init time, persistence in brackets**")
    st.dataframe(_month_table(job, str(region)), hide_index=True)


def _drift_table(job: JobOverview) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "variable": [line.channel for line in job.drift],
            "lead time": [f"+{line.lead_hours:g} h" for line in job.drift],
            "forecasts": [line.forecasts for line in job.drift],
            "RMSE now": [_number(line.rmse, line.units) for line in job.drift],
            "in the test": [_number(line.test_rmse, line.units) for line in job.drift],
            "change": [_share(line.excess) for line in job.drift],
            "of persistence": [_share(line.persistence_excess) for line in job.drift],
            "verdict": ["drifts" if line.drifts else "as tested" for line in job.drift],
        }
    )


def _month_table(job: JobOverview, region: str) -> pd.DataFrame:
    """A row for each variable and lead time, a column for each month."""
    rows: dict[tuple[str, float], dict[str, str]] = {}
    for score in job.scores:
        if score.region != region:
            continue
        row = rows.setdefault((score.channel, score.lead_hours), {})
        row["variable"] = f"{score.channel} ({score.units})"
        row["lead time"] = f"+{score.lead_hours:g} h"
        beside = "" if score.persistence_rmse is None else f" ({score.persistence_rmse:.3g})"
        row[score.month] = "–" if score.rmse is None else f"{score.rmse:.3g}{beside}"
    return pd.DataFrame(list(rows.values())).fillna("–")


def _number(value: float | None, units: str) -> str:
    return "–" if value is None else f"{value:.3g} {units}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:+.0%}".replace("-", "−")


def _moment(text: str) -> str:
    """A time of the record as people write it."""
    return text[:16].replace("T", " ")


show()
