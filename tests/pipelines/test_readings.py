import numpy as np
import pytest

from pipelines.readings import Reading, Sample, decide_units, standard_height
from pipelines.variables import VARIABLES


def decide(short, values, declared, **options):
    readings = VARIABLES[short].readings
    return decide_units(values, declared, name=short, readings=readings, **options)


@pytest.mark.parametrize(
    ("short", "values", "declared", "units"),
    [
        ("t2m", [250.0, 300.0], "K", "K"),
        ("t2m", [-30.0, 35.0], "degC", "degC"),
        ("t2m", [20.0, 90.0], "degF", "degF"),  # no reading of its own: checked in kelvin
        ("msl", [980.0, 1030.0], "millibars", "hPa"),
        ("tcc", [0.0, 1.0], "(0 - 1)", "1"),
        ("tcc", [0.0, 100.0], "%", "%"),
        ("tcc", [0.0, 0.0], "%", "%"),  # a clear sky in any units
        ("r", [3.0, 104.0], "%", "%"),
        ("tp", [0.0, 0.4], "mm", "mm"),
        ("q", [0.0, 15.0], "g/kg", "g kg-1"),
        ("t2m", [np.nan, np.nan], "K", "K"),
    ],
)
def test_declared_units_are_believed_if_the_values_allow_them(short, values, declared, units):
    assert decide(short, np.array(values), declared).declared == units


@pytest.mark.parametrize(
    ("short", "values", "units"),
    [
        ("t2m", [250.0, 300.0], "K"),
        ("t2m", [-30.0, 35.0], "degC"),
        ("msl", [980.0, 1030.0], "hPa"),
        ("msl", [98_000.0, 103_000.0], "Pa"),
        ("tcc", [0.0, 1.0], "1"),
        ("tcc", [0.0, 100.0], "%"),
        ("r", [0.1, 1.02], "1"),
        ("r", [5.0, 98.0], "%"),
        ("tp", [0.0, 30.0], "mm"),
        ("q", [0.0, 15.0], "g kg-1"),
        ("u10", [-12.0, 15.0], "m s-1"),
    ],
)
@pytest.mark.parametrize("declared", [None, "", "unknown"])
def test_missing_units_are_told_by_the_range(short, values, units, declared):
    assert decide(short, np.array([*values, np.nan]), declared).declared == units


@pytest.mark.parametrize(
    ("level", "value", "units"),
    [
        (500.0, 5500.0, "m"),
        (500.0, 54_000.0, "m2 s-2"),
        (850.0, 1450.0, "m"),
        (850.0, 14_200.0, "m2 s-2"),
        (50.0, 20_000.0, "m"),
        (50.0, 196_000.0, "m2 s-2"),
    ],
)
def test_geopotential_and_height_are_told_apart_by_the_level(level, value, units):
    values = {level: np.array([0.95 * value, value, 1.03 * value])}
    assert decide("z", values, None).declared == units


def test_height_becomes_geopotential():
    conversion = decide("z", {500.0: np.array([5500.0])}, "gpm")
    assert conversion.apply(np.array([5500.0]))[0] == pytest.approx(53_936.575)  # 5500 * 9.80665


def test_geopotential_near_the_ground_without_units_is_refused():
    with pytest.raises(ValueError, match="may be in m2 s-2 or in m; set the units"):
        decide("z", {1000.0: np.array([250.0])}, None)


def test_geopotential_declared_in_metres_is_refused():
    with pytest.raises(ValueError, match="declared in m, but the values .* look like m2 s-2"):
        decide("z", {500.0: np.array([54_000.0])}, "m")


def test_precipitation_of_less_than_a_millimetre_is_ambiguous():
    with pytest.raises(
        ValueError, match=r"may be in m or in mm; set the units attribute to 'm', or"
    ):
        decide("tp", np.array([0.0, 0.02]), None)


def test_a_convention_decides_what_the_range_leaves_open():
    assert decide("tp", np.array([0.0, 0.02]), None, convention="m").declared == "m"
    # WeatherBench 2 has fractions; values that are no fractions are per cent all the same.
    assert decide("r", np.array([5.0, 98.0]), None, convention="1").declared == "%"


@pytest.mark.parametrize(
    ("short", "values", "declared", "message"),
    [
        ("t2m", [-30.0, 35.0], "K", "declared in K, but the values .-30 to 35. look like degC"),
        ("msl", [980.0, 1030.0], "Pa", "look like hPa. If they are in hPa, set the units"),
        ("r", [0.1, 0.9], "%", "look like 1"),
        ("tcc", [0.0, 100.0], "1", "look like %"),
        ("tp", [0.0, 30.0], "m", "look like mm"),
        ("t2m", [5000.0], "K", "no such values occur in nature"),
        ("t2m", [280.0], "furlong", "units 'furlong' are unknown; known for it: K, degC, degF"),
        ("t2m", [280.0], "Pa", "units 'Pa' measure something else; known for it: K"),
        ("tisr", [1e6], "W m-2", "measure something else"),
    ],
)
def test_declared_units_that_cannot_be_are_refused(short, values, declared, message):
    with pytest.raises(ValueError, match=message):
        decide(short, np.array(values), declared)


def test_values_that_fit_no_units_are_refused():
    with pytest.raises(ValueError, match="-32767 to 290. are not in K or degC.*_FillValue"):
        decide("t2m", np.array([-32767.0, 290.0]), None)


def test_frames_without_a_value_tell_no_units():
    with pytest.raises(ValueError, match="hold no value to tell K or degC by"):
        decide("t2m", np.array([np.nan]), None)


def test_the_way_out_is_part_of_the_message():
    with pytest.raises(ValueError, match="write 'hPa' into slp"):
        decide("msl", np.array([1000.0]), "Pa", way_out="write {!r} into slp".format)


def test_a_reading_needs_a_range():
    with pytest.raises(ValueError, match="low .5. must be below high .1."):
        Reading("K", 5, 1)


def test_a_sample_needs_values():
    with pytest.raises(ValueError, match="needs finite values"):
        Sample({500.0: np.array([np.nan])})


@pytest.mark.parametrize(
    ("level", "height"), [(1013.25, 0), (850, 1457), (500, 5574), (226.32, 11_000), (50, 20_576)]
)
def test_standard_heights_agree_with_the_table_of_the_atmosphere(level, height):
    assert standard_height(level) == pytest.approx(height, abs=5)
