"""How the maps look: layout, projection, region, wind, units, and the speed of playing."""

from dataclasses import replace

import streamlit as st

from app.address import adopt, publish
from app.pictures import EVERYDAY_UNITS, OWN_UNITS, WHOLE, Sight, regions_for
from app.playing import SPEEDS
from stforecast.figures.geography import projections_of
from stforecast.viewing.catalogue import Entry
from stforecast.viewing.forecasts import Forecasts
from stforecast.viewing.shown import Shown
from stforecast.viewing.units import everyday_units

__all__ = ["choose_map"]

_LAYOUTS = {"maps": "Maps", "strip": "Strip"}


def choose_map(forecasts: Forecasts, sight: Sight, shown: Shown, *, alone: bool) -> Sight:
    """Draw the menu, and give the sight as it is chosen."""
    projections, regions = projections_of(forecasts.grid), regions_for(forecasts)
    with st.popover("Map", icon=":material/tune:"):
        adopt("as", list(_LAYOUTS), _layout_at_first(sight.entry), what="layout")
        layout = st.segmented_control(
            "Layout",
            list(_LAYOUTS),
            key="as",
            format_func=lambda name: _LAYOUTS[name],
            required=True,
            persist_state="session",
        )
        publish("as", layout or "maps")
        projection, region = "automatic", WHOLE
        if projections:
            adopt("projection", projections, "automatic", what="projection")
            projection = st.selectbox(
                "Projection", projections, key="projection", persist_state="session"
            )
            publish("projection", "" if projection == "automatic" else projection)
        if regions:
            places = [WHOLE, *regions]
            adopt("region", places, WHOLE, what="region")
            region = st.selectbox("Region", places, key="region", persist_state="session")
            publish("region", "" if region == WHOLE else region)
        with_wind = False
        if shown.wind is not None:
            adopt("wind", ["on", "off"], "on", what="setting of the wind")
            with_wind = (
                st.segmented_control(
                    "Wind arrows", ["on", "off"], key="wind", required=True, persist_state="session"
                )
                == "on"
            )
            publish("wind", "on" if with_wind else "off")
        units = _choose_units(shown)
        st.segmented_control(
            "Speed",
            list(SPEEDS),
            key="speed",
            default="normal",
            required=True,
            persist_state="session",
        )
    return replace(
        sight,
        projection=projection,
        region=region,
        with_wind=with_wind,
        alone=alone,
        units=units,
    )


def _choose_units(shown: Shown) -> str:
    """Those of the data, or those of weather reports where there are such."""
    everyday = everyday_units(shown.fields.channel)
    if not everyday:
        return OWN_UNITS
    names = {OWN_UNITS: shown.fields.units, EVERYDAY_UNITS: everyday}
    adopt("units", list(names), OWN_UNITS, what="sort of units")
    units = st.segmented_control(
        "Units",
        list(names),
        key="units",
        format_func=lambda name: names[name],
        required=True,
        persist_state="session",
    )
    publish("units", "" if units == OWN_UNITS else EVERYDAY_UNITS)
    return units or OWN_UNITS


def _layout_at_first(entry: Entry) -> str:
    return "strip" if entry.theme == "video" else "maps"
