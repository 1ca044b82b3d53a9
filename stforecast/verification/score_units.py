"""Units in which scores are shown: pressures in hPa, traffic in vehicles, squares squared."""

import xarray as xr

from pipelines.variables import VARIABLES, display_units
from stforecast.verification.dialects import dialect_of
from stforecast.verification.metrics import squared_units

__all__ = ["score_units"]

_COUNTED = dict.fromkeys(("inflow", "outflow", "flow"), "vehicles")
"""What is counted, by variable: CF has no unit for a number of things but "1"."""


def score_units(scores: xr.Dataset, *, channel: str, metric: str) -> tuple[float, str]:
    """Factor and units, as CF writes them, in which people read the scores of a channel.

    Scores whose units are no power of the variable's own are shown as they are.

    Args:
        scores: `units` along (metric, channel); without a dialect in the attributes they are taken
            for those of the weather.
    """
    one = scores.sel(channel=channel, metric=metric)
    units = str(one["units"].values)
    dialect = dialect_of({"dialect": "wb2", **scores.attrs})
    if "variable" not in one.coords or metric not in dialect.metrics:
        return 1.0, units
    rule, variable = dialect.metrics[metric], str(one["variable"].values)
    if variable in _COUNTED and units == "1" and rule.power:
        counted = _COUNTED[variable]
        return 1.0, (counted, squared_units(counted))[rule.power - 1]
    own = VARIABLES[variable].units if variable in VARIABLES else ""
    if rule.units(own) != units:
        return 1.0, units
    factor, shown = display_units(variable, own)
    return factor**rule.power, rule.units(shown)
