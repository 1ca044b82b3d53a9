"""Layouts of forecast files: what they hold, how they are written and read."""

from stforecast.layouts.cf import to_cf
from stforecast.layouts.files import (
    LAYOUTS,
    Layout,
    layout_of,
    read_forecast,
    write_forecast,
    write_forecasts,
)
from stforecast.layouts.wb2 import to_wb2

__all__ = [
    "LAYOUTS",
    "Layout",
    "layout_of",
    "read_forecast",
    "to_cf",
    "to_wb2",
    "write_forecast",
    "write_forecasts",
]
