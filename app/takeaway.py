"""Downloads: the map, the series, the field and the animation, each made when it is asked for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from app.charts import map_figure, table_of
from app.drawn import picture_of as png_of
from app.opening import PANELS
from app.pictures import OWN_UNITS, Sight, forecasts_of, shown_of
from stforecast.figures.animation import animate, figure_picture
from stforecast.viewing.downloads import field_netcdf, file_name, series_csv
from stforecast.viewing.point import place_text
from stforecast.viewing.reading import READING
from stforecast.viewing.shown import Shown
from stforecast.viewing.shown import View as Kind

__all__ = ["offer_downloads"]

_SECONDS = 0.5
"""That each step of an animation stays."""


def offer_downloads(
    sight: Sight, panels: Sequence[Kind], number: int, cell: tuple[int, int] | None
) -> None:
    """Draw the menu of downloads.

    Args:
        number: of the lead time that is shown.
        cell: row and column of the point that is looked at.
    """
    with st.popover("Download", icon=":material/download:"):
        what = st.selectbox(
            "Panel",
            panels,
            format_func=lambda what: PANELS[what],
            key="download_panel",
            help="Which of the maps the picture and the animations show.",
        )
        # Files stay in the units of the data: what reads them goes by these.
        own = replace(sight, units=OWN_UNITS)
        name, shown = sight.entry.name, shown_of(own)
        _offer(
            "Map at this lead time (PNG)",
            file_name(name, shown, f"_{what.replace(' ', '-')}.png", number=number),
            partial(_png, sight, what, number, cell),
        )
        _offer(
            "Field at this lead time (NetCDF)",
            file_name(name, shown, ".nc", number=number),
            partial(_netcdf, shown, number),
        )
        if cell is None:
            st.caption("Choose a point to download its series.")
        else:
            place = place_text(forecasts_of(sight.entry).grid, *cell)
            _offer(
                "Series at the point (CSV)",
                file_name(name, shown, ".csv", place=place),
                partial(_csv, own, cell, place),
            )
        if sight.units != OWN_UNITS:
            st.caption(f"Field and series are in {shown.fields.units}, as in the data.")
        for kind in ("gif", "mp4"):
            _offer(
                f"Animation of all lead times ({kind.upper()})",
                file_name(name, shown, f"_{what.replace(' ', '-')}.{kind}"),
                partial(_animation, sight, what, kind),
            )


_TYPES = {
    "png": "image/png",
    "nc": "application/x-netcdf",
    "csv": "text/csv",
    "gif": "image/gif",
    "mp4": "video/mp4",
}


def _offer(label: str, name: str, make: Callable[[], bytes]) -> None:
    ending = name.rsplit(".", 1)[1]
    st.download_button(
        label,
        make,
        file_name=name,
        mime=_TYPES[ending],
        key=f"download_{ending}",
        on_click="ignore",
        width="stretch",
    )


def _png(sight: Sight, what: Kind, number: int, cell: tuple[int, int] | None) -> bytes:
    return png_of(map_figure(sight, what, number, mark=cell))


def _netcdf(shown: Shown, number: int) -> bytes:
    with READING:
        return field_netcdf(shown, number)


def _csv(sight: Sight, cell: tuple[int, int], place: str) -> bytes:
    return series_csv(table_of(sight, cell), shown_of(sight), place=place)


def _animation(sight: Sight, what: Kind, kind: str) -> bytes:
    def pictures() -> Iterator[np.ndarray]:
        for number in range(len(shown_of(sight).fields.lead_times)):
            yield figure_picture(map_figure(sight, what, number))

    return animate(pictures(), kind=kind, seconds=_SECONDS)
