"""Colours, line styles and names: one look for one thing, in every figure and in the dashboard.

Lines take Okabe and Ito's colours, which people with any colour vision can tell apart
(https://jfly.uni-koeln.de/color/), and a line style each, so that they survive a grey print. Fields take
colour maps whose lightness changes evenly.
"""

import re
from dataclasses import dataclass
from zlib import crc32

__all__ = [
    "FIELD_STYLES",
    "FORECASTER_STYLES",
    "FieldStyle",
    "ForecasterStyle",
    "field_style",
    "forecaster_style",
    "pretty_units",
]

INK = "#22262b"
"""Text."""
FAINT = "#8a9099"
"""Ticks, frames and second lines of text."""
MISSING = "#d9dce0"
"""Cells without a value."""

ERROR_COLOURS = "RdBu_r"
"""Forecast less truth: red is too high, blue too low, white right."""


ANOMALY_COLOURS = "BrBG_r"
"""A field less its climatology: brown is higher than usual, teal lower."""
WET_ANOMALY_COLOURS = "BrBG"
"""The same of water: teal is wetter than usual, brown drier."""
WARM_ANOMALY_COLOURS = "RdYlBu_r"
"""The same of temperatures: red is warmer than usual, blue colder, pale yellow neither, so that they are
not taken for errors."""


@dataclass(frozen=True)
class ForecasterStyle:
    """How a forecaster's line looks."""

    colour: str
    line: tuple[float, tuple[float, ...]]
    """Offset, and lengths of dashes and gaps in line widths; none of them: one stroke."""
    label: str
    """Name for readers."""
    marker: str = "o"
    """A marker of matplotlib."""


_STROKE = (0.0, ())

FORECASTER_STYLES: dict[str, ForecasterStyle] = {
    "simvp": ForecasterStyle("#0072B2", _STROKE, "SimVP"),
    "tau": ForecasterStyle("#56B4E9", _STROKE, "TAU", "s"),
    "convlstm": ForecasterStyle("#D55E00", _STROKE, "ConvLSTM", "^"),
    "predrnn": ForecasterStyle("#CC79A7", _STROKE, "PredRNN", "D"),
    "predrnnpp": ForecasterStyle("#AA4499", _STROKE, "PredRNN++", "P"),
    "predrnnv2": ForecasterStyle("#882255", _STROKE, "PredRNNv2", "X"),
    "mim": ForecasterStyle("#44AA99", _STROKE, "MIM", "v"),
    "mau": ForecasterStyle("#999933", _STROKE, "MAU", "<"),
    "e3dlstm": ForecasterStyle("#332288", _STROKE, "E3D-LSTM", ">"),
    "phydnet": ForecasterStyle("#661100", _STROKE, "PhyDNet", "h"),
    "crevnet": ForecasterStyle("#117733", _STROKE, "CrevNet", "p"),
    "persistence": ForecasterStyle("#6b7178", (0.0, (4, 1.6)), "Persistence", ""),
    "climatology": ForecasterStyle("#E69F00", (0.0, (1.2, 1.2)), "Climatology", ""),
    "daily_naive": ForecasterStyle("#009E73", (0.0, (5, 1.4, 1.2, 1.4)), "A day before", ""),
    "weekly_naive": ForecasterStyle(
        "#000000", (0.0, (5, 1.2, 1.2, 1.2, 1.2, 1.2)), "A week before", ""
    ),
    "historical_average": ForecasterStyle("#E69F00", (0.0, (2.4, 1.2)), "Historical average", ""),
}

_OTHERS = ("#882255", "#44AA99", "#AA4499", "#999933", "#332288", "#661100")
"""Tol's muted colours, apart from those above (https://sronpersonalpages.nl/~pault)."""
_MARKERS = ("v", "P", "X", "<", ">", "h")


def forecaster_style(name: str) -> ForecasterStyle:
    """How a forecaster looks, the same in every figure and every process, known by name or not."""
    if name in FORECASTER_STYLES:
        return FORECASTER_STYLES[name]
    number = crc32(name.encode())
    marker = _MARKERS[number // len(_OTHERS) % len(_MARKERS)]
    return ForecasterStyle(_OTHERS[number % len(_OTHERS)], _STROKE, name, marker)


@dataclass(frozen=True)
class FieldStyle:
    """How the values of a variable become colours."""

    colour_map: str
    """A colour map of matplotlib."""
    signed: bool = False
    """Values have a direction: the scale is symmetric about 0."""
    from_zero: bool = False
    """Values cannot be negative, and 0 means none: the scale starts at 0."""
    anomaly_colours: str = ANOMALY_COLOURS
    """A diverging colour map for the difference from climatology."""


_WARM = FieldStyle("inferno", anomaly_colours=WARM_ANOMALY_COLOURS)
_WET = FieldStyle("YlGnBu", from_zero=True, anomaly_colours=WET_ANOMALY_COLOURS)

FIELD_STYLES: dict[str, FieldStyle] = {
    "t2m": _WARM,
    "t": _WARM,
    "z": FieldStyle("viridis"),
    "msl": FieldStyle("viridis"),
    "sp": FieldStyle("viridis"),
    "u10": FieldStyle("PuOr_r", signed=True),
    "v10": FieldStyle("PuOr_r", signed=True),
    "u": FieldStyle("PuOr_r", signed=True),
    "v": FieldStyle("PuOr_r", signed=True),
    "q": _WET,
    "r": _WET,
    "tp": _WET,
    "tp6h": _WET,
    "tp24h": _WET,
    "tcc": FieldStyle("Greys_r", from_zero=True, anomaly_colours=WET_ANOMALY_COLOURS),
    "tisr": FieldStyle("magma", from_zero=True),
    "inflow": FieldStyle("magma", from_zero=True),
    "outflow": FieldStyle("magma", from_zero=True),
    "luminance": FieldStyle("gray", from_zero=True),
}


def field_style(variable: str) -> FieldStyle:
    """How a variable looks; in viridis where it is unknown."""
    return FIELD_STYLES.get(variable, FieldStyle("viridis"))


_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def pretty_units(units: str) -> str:
    """CF units as readers write them: "m2 s-2" becomes "m² s⁻²"; nothing for "1"."""
    if units == "1":
        return ""
    return re.sub(
        r"(?<=[A-Za-z])-?\d+", lambda power: power.group().translate(_SUPERSCRIPTS), units
    )
