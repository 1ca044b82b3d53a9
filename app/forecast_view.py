"""The Forecast view: what a run says will be, beside what came, at each lead time."""

from collections.abc import Sequence
from functools import partial
from html import escape

import numpy as np
import streamlit as st

from app.address import adopt, adopt_several, publish, write_choices
from app.charts import strip_of
from app.choices import catalogue, chosen_entry
from app.clickable import Panel, show_panels
from app.drawn import message_text, plain_text, show_picture
from app.guard import guarded
from app.init_time import choose_init_time, step_init_time
from app.map_choice import choose_map
from app.opening import PANELS, known_panels, opening_panels
from app.pictures import (
    Sight,
    forecasts_of,
    picture_of,
    shown_of,
)
from app.place import choose_point, point_clicked, show_values
from app.playing import choose_lead, playing_every
from app.takeaway import offer_downloads
from app.words import address_of, has_clock, init_words, lead_words, time_words
from stforecast.viewing.catalogue import Entry
from stforecast.viewing.forecasts import Forecasts
from stforecast.viewing.point import value_text
from stforecast.viewing.shown import Shown
from stforecast.viewing.shown import View as Kind


def show() -> None:
    """Draw the view."""
    entry = chosen_entry()
    if entry is None:
        _show_nothing(catalogue().problem)
        return
    if entry.problem:
        st.header(plain_text(entry.name))
        st.error(message_text(entry.problem), icon=":material/broken_image:")
        st.caption("Choose another run in the sidebar.")
        return
    forecasts = forecasts_of(entry)
    if len(forecasts.init_times) == 0:
        st.header(plain_text(entry.name))
        for note in forecasts.notes:
            st.warning(message_text(note), icon=":material/folder_off:")
        if not forecasts.notes:
            st.info("It holds no forecast yet.", icon=":material/hourglass_empty:")
        return
    _show_forecast(entry, forecasts)


def _show_nothing(problem: str) -> None:
    st.header("No forecasts yet")
    st.info(
        message_text(problem) or "The folder holds no run, job or forecast.", icon=":material/info:"
    )
    st.markdown("The demonstration makes data, a run and its scores in a few minutes:")
    st.code("make demo\nstforecast app --runs demo", language="bash")


def _show_forecast(entry: Entry, forecasts: Forecasts) -> None:
    """The choices, and below them what changes with each step in a part of its own."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="choices"):
        channel = _choose_channel(forecasts)
        init_time = choose_init_time(forecasts)
        _step_buttons(forecasts, init_time)
        sight = Sight(entry, init_time, channel)
        with st.spinner("Making the forecast …", show_time=True):
            shown = shown_of(sight)
        panels = _choose_panels(shown)
        sight = choose_map(forecasts, sight, shown, alone=len(panels) == 1)
    _tell_period(forecasts, init_time)
    every = playing_every()
    part = st.fragment(_show_step, run_every=every)
    part(forecasts, sight, panels, every)
    if shown.fields.truth is not None:
        usual = shown.usual.replace("_", " ")
        against = f" Anomalies are taken from the {usual} of the training period." if usual else ""
        source = plain_text(shown.fields.source)
        st.caption(f"The truth is what {source} holds at the valid time.{against}")
    for note in forecasts.notes:
        st.caption(f":material/info: {message_text(note)}")


def _choose_channel(forecasts: Forecasts) -> str:
    names = {channel.name: channel for channel in forecasts.channels}
    adopt("channel", list(names), next(iter(names)), what="variable")

    def words(name: str) -> str:
        channel = names[name]
        title = channel.long_name or channel.standard_name.replace("_", " ") or name
        level = f" at {channel.level:g} hPa" if channel.level is not None else ""
        level = "" if level in title else level
        return f"{title[:1].upper()}{title[1:]}{level} ({name})"

    channel = st.selectbox(
        "Variable",
        list(names),
        key="channel",
        format_func=words,
        persist_state="session",
        width=270,
    )
    publish("channel", channel)
    return channel


def _step_buttons(forecasts: Forecasts, init_time: np.datetime64) -> None:
    """The init_time before, the one after, and the newest."""
    times = forecasts.init_times
    for key, icon, steps, words in (
        ("earlier", "chevron_left", -1, "The init time before"),
        ("later", "chevron_right", 1, "The next init time"),
        ("latest", "last_page", len(times), "The latest init time"),
    ):
        st.button(
            "",
            key=key,
            icon=f":material/{icon}:",
            help=words,
            on_click=step_init_time,
            args=(times, init_time, steps),
            disabled=bool(init_time == (times[0] if steps < 0 else times[-1])),
        )


def _choose_panels(shown: Shown) -> list[Kind]:
    known = known_panels(shown)
    adopt_several("show", known, opening_panels(shown), what="panel")
    panels = st.pills(
        "Panels",
        known,
        selection_mode="multi",
        key="show",
        format_func=lambda what: PANELS[what],
        on_change=_keep_one,
        args=(st.session_state["show"],),
        persist_state="session",
        label_visibility="collapsed",
    )
    chosen: list[Kind] = [what for what in known if what in panels]
    publish("show", chosen)
    return chosen


def _keep_one(before: list[Kind]) -> None:
    """Leave the last panel on: a page without any would be empty."""
    if not st.session_state["show"]:
        st.session_state["show"] = before


def _tell_period(forecasts: Forecasts, init_time: np.datetime64) -> None:
    period = forecasts.period_of(init_time)
    if period in ("train", "validation"):
        name = "training" if period == "train" else "validation"
        st.warning(
            f"This forecast reaches into the run's own {name} period: it looks better here than it "
            "will on days that the network has not seen.",
            icon=":material/school:",
        )


def _show_step(
    forecasts: Forecasts, sight: Sight, panels: Sequence[Kind], every: float | None
) -> None:
    """One lead time: drawn again alone at each step."""
    with guarded():
        shown = shown_of(sight)
        headline = st.empty()
        notice = st.container()
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="steps"):
            number = choose_lead(forecasts, sight.init_time)
            if playing_every() != every:
                st.rerun()
            cell = choose_point(forecasts, notice)
            offer_downloads(sight, panels, number, cell)
        # Before the maps: until it knows, the browser sends the next click from the old address.
        write_choices()
        headline.html(_headline(forecasts, sight, shown, number))
        if st.session_state.get("as") == "strip":
            show_picture(strip_of(sight), alt=f"Strip of {sight.channel}")
        else:
            _show_maps(forecasts, sight, shown, panels, number, cell)
        if cell is not None:
            show_values(sight, shown, cell, number)


def _headline(forecasts: Forecasts, sight: Sight, shown: Shown, number: int) -> str:
    """What, when, and from whom."""
    fields = shown.fields
    if has_clock(forecasts):
        when = time_words(fields.valid_times[number], forecasts.time_zone)
        lead = lead_words(forecasts, number, sight.init_time).split(" · ")[0]
        when = f"{when} · {lead}"
        start = f"{time_words(sight.init_time, forecasts.time_zone)}"
    else:
        when = lead_words(forecasts, number, sight.init_time)
        position = int(np.searchsorted(forecasts.init_times, sight.init_time))
        start = init_words(forecasts, position)
    units = f" ({fields.units})" if fields.units else ""
    return (
        f'<div class="headline"><span class="what">{escape(fields.title)}{escape(units)}</span>'
        f'<span class="when">{escape(when)}</span>'
        f'<div class="from">{escape(fields.made_by)}, started from {escape(start)} · '
        f"{escape(fields.source)}</div></div>"
    )


def _show_maps(
    forecasts: Forecasts,
    sight: Sight,
    shown: Shown,
    panels: Sequence[Kind],
    number: int,
    cell: tuple[int, int] | None,
) -> None:
    drawn = []
    for what in panels:
        picture = picture_of(sight, what, number, mark=cell)
        field = shown.field(what, number)
        if picture is None or field is None:
            continue
        lead = address_of(shown.fields.valid_times[number])
        drawn.append(
            Panel(
                PANELS[what],
                picture.png,
                picture.size,
                note=_note(what, field, shown, cell),
                alt=f"{PANELS[what]} of {sight.channel} at {lead}",
            )
        )
    show_panels(drawn, key="panels", on_click=partial(point_clicked, sight, list(panels)))


def _note(what: Kind, field: np.ndarray, shown: Shown, cell: tuple[int, int] | None) -> str:
    """What stands beside a panel's name."""
    if not np.isfinite(field).any():
        return "not observed yet" if "truth" in what or what == "error" else "no value"
    if what.endswith("anomaly"):
        against = f"from {shown.usual.replace('_', ' ')}" if shown.usual else ""
    else:
        against = {"error": "forecast − truth"}.get(what, "")
    if cell is None or not np.isfinite(field[cell]):
        return against
    signed = what in ("error", "anomaly", "truth anomaly")
    value = f"{value_text(field[cell], signed=signed)} {shown.fields.units}".strip()
    return f"{against} · {value}" if against else value


with guarded():
    show()
