import pytest

from stforecast.verification.dialects import DIALECTS, Dialect, find_dialect
from stforecast.verification.metrics import ACC_POOLED, RMSE, Metric, squared_units


@pytest.mark.parametrize(
    ("units", "squared"),
    [
        ("K", "K2"),
        ("m2 s-2", "m4 s-4"),
        ("m s-1", "m2 s-2"),
        ("kg kg-1", "kg2 kg-2"),
        ("1", "1"),
        ("%", "%2"),
        ("", ""),
        ("vehicles per 30 min", "(vehicles per 30 min)2"),
    ],
)
def test_units_are_squared_as_cf_writes_them(units, squared):
    assert squared_units(units) == squared


def test_an_unknown_statistic_is_refused():
    with pytest.raises(ValueError, match="statistic 'squares' is unknown; known: absolute_error"):
        Metric(("squares",), lambda sums: sums["squares"], 1, "lower")


def test_each_dialect_is_found_by_its_name():
    for name, dialect in DIALECTS.items():
        assert dialect.name == name
        assert find_dialect(name) is dialect
        assert set(dialect.shown) <= set(dialect.metrics)


def test_a_dialect_that_contradicts_itself_is_refused():
    rules = {"name": "x", "explanation": "", "source": "", "headline": "pooled", "shown": ()}
    with pytest.raises(ValueError, match="weights 'area' are unknown; known: cell_area, cosine"):
        Dialect(**rules, weights="area", metrics={"rmse": RMSE}, anomalies="none")
    with pytest.raises(ValueError, match="Dialect 'x': acc compares anomalies"):
        Dialect(**rules, weights="uniform", metrics={"acc": ACC_POOLED}, anomalies="none")
