"""What a run shows before anything is chosen."""

from dataclasses import replace

import numpy as np

from app.pictures import Sight, forecasts_of, shown_of
from stforecast.viewing.catalogue import Entry
from stforecast.viewing.shown import Shown
from stforecast.viewing.shown import View as Kind

__all__ = ["PANELS", "known_panels", "opening_panels", "opening_sight"]

PANELS: dict[Kind, str] = {
    "forecast": "Forecast",
    "truth": "Truth",
    "error": "Error",
    "anomaly": "Anomaly",
    "truth anomaly": "Truth anomaly",
}
"""Panels and what they are called."""
_WIDE = 1.6
"""Width over height of a grid whose four panels fit on a screen, two above two."""


def opening_sight(entry: Entry) -> tuple[Sight, list[Kind]]:
    """The sight of an entry that is shown at first, and its panels.

    Raises:
        ValueError: the entry is broken or has no forecast to show.
    """
    forecasts = forecasts_of(entry)
    init_time = forecasts.default_init_time
    if np.isnat(init_time):
        raise ValueError(f"{entry.name} has no forecast to show.")
    sight = Sight(entry, init_time, forecasts.channels[0].name)
    shown = shown_of(sight)
    panels = opening_panels(shown)
    return replace(sight, with_wind=shown.wind is not None, alone=len(panels) == 1), panels


def known_panels(shown: Shown) -> list[Kind]:
    """Panels that a forecast can be shown in."""
    return [what for what in PANELS if shown.field(what, 0) is not None]


def opening_panels(shown: Shown) -> list[Kind]:
    """Panels at first: truth and error where some of the truth is there, and the anomaly."""
    known = known_panels(shown)
    truth = shown.fields.truth
    if truth is None or not np.isfinite(truth).any():
        return [what for what in known if what in ("forecast", "anomaly")]
    height, width = shown.grid.shape
    return known[: 4 if width > _WIDE * height else 3]
