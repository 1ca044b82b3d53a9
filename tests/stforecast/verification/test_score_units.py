import numpy as np
import pytest
import xarray as xr

from stforecast.verification.dialects import dialect_for
from stforecast.verification.score_units import score_units


def scores_of(variable, units, *, dataset="weatherbench", dialect=None, known=True):
    """Scores of one channel, with units as the dialect gives them."""
    rules = dialect_for(dataset, dialect)
    names = list(rules.metrics)
    table = [[metric.units(units)] for metric in rules.metrics.values()]
    return xr.Dataset(
        {"score": (("metric", "channel"), np.zeros((len(names), 1)))},
        {
            "metric": names,
            "channel": ["one"],
            "units": (("metric", "channel"), table),
            **({"variable": ("channel", [variable])} if known else {}),
        },
        {"dataset": dataset, "dialect": rules.name},
    )


@pytest.mark.parametrize(
    ("variable", "units", "metric", "expected"),
    [
        ("msl", "Pa", "rmse", (0.01, "hPa")),
        ("msl", "Pa", "mse", (0.01**2, "hPa2")),
        ("msl", "Pa", "acc", (1.0, "1")),
        ("msl", "hPa", "rmse", (1.0, "hPa")),  # not the table's own units: as they are
        ("t2m", "K", "mse", (1.0, "K2")),
        ("mine", "K", "bias", (1.0, "K")),
    ],
)
def test_weather_is_shown_in_its_display_units(variable, units, metric, expected):
    scores = scores_of(variable, units)
    assert score_units(scores, channel="one", metric=metric) == expected


@pytest.mark.parametrize(
    ("dialect", "metric", "units"),
    [
        ("traffic", "rmse", "vehicles"),
        ("traffic", "mae_active", "vehicles"),
        ("traffic", "mape", "%"),
        ("openstl", "mse", "1"),
        ("openstl", "rmse", "vehicles"),
    ],
)
def test_traffic_is_counted_in_vehicles(dialect, metric, units):
    for variable in ("inflow", "outflow", "flow"):
        scores = scores_of(variable, "1", dataset="taxibj", dialect=dialect)
        assert score_units(scores, channel="one", metric=metric) == (1.0, units)


def test_counts_are_squared_too():
    assert score_units(scores_of("inflow", "1"), channel="one", metric="mse") == (1.0, "vehicles2")


def test_what_is_not_known_is_shown_as_it_is():
    bare = scores_of("msl", "Pa", known=False)
    assert score_units(bare, channel="one", metric="rmse") == (1.0, "Pa")
    unknown = scores_of("msl", "Pa").assign_coords(metric=["crps", "b", "c", "d", "e"])
    assert score_units(unknown, channel="one", metric="crps") == (1.0, "Pa")
