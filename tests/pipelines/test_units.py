import numpy as np
import pytest

from pipelines.units import UNITS, Conversion, convert, find_units


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("K", "K"),
        ("Kelvin", "K"),
        ("°C", "degC"),
        ("degC", "degC"),
        ("deg C", "degC"),
        ("Celsius", "degC"),
        ("Pa", "Pa"),
        ("mb", "hPa"),
        ("mbar", "hPa"),
        ("millibars", "hPa"),
        ("m s**-1", "m s-1"),
        ("m/s", "m s-1"),
        ("m s⁻¹", "m s-1"),
        ("m**2 s**-2", "m2 s-2"),
        ("m2/s2", "m2 s-2"),
        ("m^2 s^-2", "m2 s-2"),
        ("gpm", "m"),
        ("kg kg**-1", "kg kg-1"),
        ("g/kg", "g kg-1"),
        ("(0 - 1)", "1"),
        ("%", "%"),
        ("kg m-2", "mm"),
        ("J m**-2", "J m-2"),
        ("furlong", None),
    ],
)
def test_spellings_of_files_are_known(text, units):
    assert find_units(text) == units


def test_each_spelling_belongs_to_one_unit():
    spelled = [text for name, unit in UNITS.items() for text in (name, *unit.spellings)]
    for name, unit in UNITS.items():
        for text in (name, *unit.spellings):
            assert find_units(text) == name
    assert len(spelled) == len(set(spelled))


@pytest.mark.parametrize(
    ("source", "target", "value", "converted"),
    [
        ("degC", "K", 10.0, 283.15),
        ("degF", "K", 50.0, 283.15),  # (50 + 459.67) * 5 / 9
        ("K", "degC", 283.15, 10.0),
        ("hPa", "Pa", 1013.25, 101_325.0),
        ("mm", "m", 2.5, 0.0025),
        ("1", "%", 0.5, 50.0),
        ("g kg-1", "kg kg-1", 8.0, 0.008),
        ("m", "m2 s-2", 5500.0, 5500 * 9.80665),
        ("dam", "m2 s-2", 550.0, 5500 * 9.80665),
        ("knot", "m s-1", 10.0, 5.14444),  # 10 * 1852 / 3600
    ],
)
def test_conversions_agree_with_tables(source, target, value, converted):
    conversion = convert(source, target)
    assert conversion is not None
    assert conversion.apply(np.array([value]))[0] == pytest.approx(converted, rel=1e-6)


def test_units_of_other_quantities_are_not_converted():
    assert convert("K", "Pa") is None
    assert convert("W m-2", "J m-2") is None
    assert convert("m2 s-2", "m") is None


def test_values_in_the_right_units_are_left_alone():
    values = np.array([1.0])
    assert Conversion("K", "K").apply(values) is values
