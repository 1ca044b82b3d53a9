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
from stforecast.layouts.tidy import to_tidy
from stforecast.layouts.wb2 import to_wb2

__all__ = [
    "LAYOUTS",
    "Layout",
    "layout_of",
    "read_forecast",
    "to_cf",
    "to_tidy",
    "to_wb2",
    "write_forecast",
    "write_forecasts",
]
