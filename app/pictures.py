"""Pictures, kept: what one visitor has looked at is there at once for the next.

Everything that is kept is bounded, in bytes where it may be large, and nothing that is kept is changed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from app.choices import data_paths
from stforecast.figures.boxes import Box
from stforecast.figures.field_map import FieldMap
from stforecast.figures.geography import View, find_view
from stforecast.figures.regions import REGIONS, regions_of
from stforecast.figures.wind import reference_speed
from stforecast.viewing.catalogue import Entry
from stforecast.viewing.data import data_for, data_stamp
from stforecast.viewing.forecasts import Forecasts, open_forecasts
from stforecast.viewing.kept import Kept
from stforecast.viewing.reading import READING
from stforecast.viewing.scaling import scale_of
from stforecast.viewing.shown import Shown
from stforecast.viewing.shown import View as Kind
from stforecast.viewing.units import in_everyday_units

__all__ = [
    "EVERYDAY_UNITS",
    "OWN_UNITS",
    "WHOLE",
    "Picture",
    "Sight",
    "box_of",
    "cell_at",
    "forecasts_of",
    "kept_png",
    "picture_of",
    "regions_for",
    "shown_of",
]

WHOLE = "whole grid"
"""The region that is no part."""
OWN_UNITS, EVERYDAY_UNITS = "own", "everyday"
"""Those of the data, and those of weather reports."""
_PNG_BYTES = 96 * 2**20
_SHOWN_BYTES = 256 * 2**20
_WIDTH = 900
"""Pixels of a panel: about twice what it takes on the page."""
_LOOK_AGAIN = 5.0
"""Seconds that the state of data is believed."""
_ALONE = 1500
"""Pixels of a panel that stands alone."""


@dataclass(frozen=True)
class Sight:
    """What somebody looks at: one variable of one forecast, on one sort of map."""

    entry: Entry
    init_time: np.datetime64
    channel: str
    projection: str = "automatic"
    region: str = WHOLE
    with_wind: bool = False
    alone: bool = False
    """One panel has the page to itself."""
    units: str = OWN_UNITS
    """Or `EVERYDAY_UNITS`."""

    @property
    def forecast_key(self) -> tuple[object, ...]:
        """Tells forecasts apart."""
        entry = self.entry
        stamps = (entry.stamp, _data_stamp(entry))
        return (entry.path, stamps, str(self.init_time), self.channel, self.units)

    @property
    def key(self) -> tuple[object, ...]:
        """Tells sights apart."""
        return (
            *self.forecast_key,
            *(self.projection, self.region, self.with_wind, self.alone),
        )


@dataclass(frozen=True)
class Picture:
    """A map as a PNG."""

    png: bytes
    size: tuple[int, int]


def forecasts_of(entry: Entry) -> Forecasts:
    """The forecasts of an entry, opened once, and again when its files or its data have changed.

    Raises:
        ValueError: the entry is broken.
    """
    return _opened((entry.path, entry.stamp, _data_stamp(entry)), entry, data_paths())


@st.cache_resource(max_entries=6, show_spinner=False)
def _opened(key: tuple[object, ...], _entry: Entry, places: tuple[str, ...]) -> Forecasts:
    # What is wrong with its own data is what a visitor must know.
    own: Forecasts | ValueError | OSError | None = None
    with READING:
        for place in data_for(_entry, places):
            try:
                found = open_forecasts(_entry, data=place)
            except (ValueError, OSError) as error:
                own = error if place is None else own  # else: data of something else
                continue
            if len(found.init_times) > 0:
                return found
            own = found if place is None else own
    assert own is not None  # its own data are among the places
    if isinstance(own, Exception):
        raise own
    return own


def _data_stamp(entry: Entry) -> tuple[tuple[int, int], ...]:
    return _stamps(str(entry.path), data_paths(), entry)


@st.cache_resource(ttl=_LOOK_AGAIN, max_entries=64, show_spinner=False)
def _stamps(path: str, places: tuple[str, ...], _entry: Entry) -> tuple[tuple[int, int], ...]:
    return data_stamp(_entry, places)


def shown_of(sight: Sight) -> Shown:
    """Fields, truth and baselines of a sight, computed or read once."""

    def make() -> Shown:
        if sight.units == EVERYDAY_UNITS:
            return in_everyday_units(shown_of(replace(sight, units=OWN_UNITS)))
        return forecasts_of(sight.entry).shown(sight.init_time, sight.channel)

    return _kept_shown().get(sight.forecast_key, make)


def picture_of(
    sight: Sight, what: Kind, number: int, *, mark: tuple[int, int] | None = None
) -> Picture | None:
    """One panel at the lead time of a number; None where there is no such field.

    Args:
        mark: row and column of a cell that is marked.
    """
    shown = shown_of(sight)
    field = shown.field(what, number)
    if field is None:
        return None
    drawn = _map_of(sight, what)
    wind = None
    if sight.with_wind and what == "forecast" and shown.wind is not None:
        wind = (shown.wind[0][number], shown.wind[1][number])
    png = kept_png((*sight.key, what, number, mark), lambda: drawn.png(field, wind=wind, mark=mark))
    return Picture(png, drawn.size)


def cell_at(sight: Sight, what: Kind, x: float, y: float) -> tuple[int, int] | None:
    """Row and column of the cell at fractions of a panel, from the upper left; None beside the map."""
    return _map_of(sight, what).cell_at(x, y)


def _map_of(sight: Sight, what: Kind) -> FieldMap:
    alike: dict[Kind, Kind] = {"truth": "forecast", "truth anomaly": "anomaly"}
    scaled = alike.get(what, what)
    return _map((sight.key, scaled), sight, scaled)


@st.cache_resource(max_entries=40, show_spinner=False)
def _map(key: tuple[object, ...], _sight: Sight, _what: Kind) -> FieldMap:
    shown = shown_of(_sight)
    return FieldMap(
        _view(_sight),
        scale_of(shown, _what),
        width=_ALONE if _sight.alone else _WIDTH,
        smooth=not shown.fields.are_cells,
        wind_speed=None if shown.wind is None else reference_speed(*shown.wind),
    )


def _view(sight: Sight) -> View:
    return find_view(
        forecasts_of(sight.entry).grid,
        projection=sight.projection,
        region=box_of(sight),
        pixels=_ALONE if sight.alone else _WIDTH,
    )


def box_of(sight: Sight) -> Box | None:
    """West, south, east and north of the region in degrees; None of the whole grid."""
    return None if sight.region == WHOLE else REGIONS[sight.region]


def regions_for(forecasts: Forecasts) -> tuple[str, ...]:
    """Names of the regions that a grid covers."""
    return regions_of(forecasts.grid)


def kept_png(key: tuple[object, ...], make: Callable[[], bytes]) -> bytes:
    """A PNG that is made once, as long as there is room for it."""
    return _kept_pngs().get(key, make)


@st.cache_resource(show_spinner=False)
def _kept_shown() -> Kept[Shown]:
    return Kept(lambda shown: shown.nbytes, most_bytes=_SHOWN_BYTES)


@st.cache_resource(show_spinner=False)
def _kept_pngs() -> Kept[bytes]:
    return Kept(len, most_bytes=_PNG_BYTES)
