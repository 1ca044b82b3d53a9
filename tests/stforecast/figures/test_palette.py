import matplotlib
import pytest

from pipelines.variable_table import VARIABLES
from stforecast.baselines.of_dataset import BASELINE_NAMES
from stforecast.figures.palette import (
    ERROR_COLOURS,
    FIELD_STYLES,
    field_style,
    forecaster_style,
    pretty_units,
)


@pytest.mark.parametrize(
    ("units", "shown"),
    [("m2 s-2", "m² s⁻²"), ("m s-1", "m s⁻¹"), ("K", "K"), ("1", ""), ("%", "%"), ("K2", "K²")],
)
def test_units_are_written_for_readers(units, shown):
    assert pretty_units(units) == shown


def test_unknown_forecaster_looks_the_same_each_time():
    assert forecaster_style("mine") == forecaster_style("mine")
    assert forecaster_style("mine").label == "mine"
    assert forecaster_style("mine").colour != forecaster_style("simvp").colour


def test_colour_maps_exist():
    assert all(style.colour_map in matplotlib.colormaps for style in FIELD_STYLES.values())
    assert field_style("something").colour_map == "viridis"


def test_every_baseline_has_a_look_of_its_own():
    styles = [forecaster_style(name) for name in BASELINE_NAMES]
    assert not any(style.label in BASELINE_NAMES for style in styles)
    assert len({(style.colour, style.line) for style in styles}) == len(styles)
    assert len({style.line for style in styles}) == len(styles)  # a grey print tells them apart


@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_has_colours_that_suit_it(name):
    style, variable = FIELD_STYLES[name], VARIABLES[name]
    is_wind = "wind" in variable.standard_name
    assert style.signed == is_wind
    assert style.from_zero == (variable.valid_min == 0)
    diverging = {"PuOr_r", "BrBG", "BrBG_r", "RdBu_r", "RdYlBu_r"}
    assert (style.colour_map in diverging) == style.signed
    assert style.anomaly_colours in diverging - {ERROR_COLOURS, style.colour_map}
    # Red is warm and blue is cold, for temperatures and nothing else.
    assert (style.anomaly_colours == "RdYlBu_r") == ("temperature" in variable.standard_name)
