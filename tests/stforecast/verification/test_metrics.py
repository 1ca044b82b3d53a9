import pytest

from stforecast.verification.dialects import DIALECTS, Dialect, dialect_for, dialect_of
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


def test_each_dialect_is_found_by_dataset_and_name():
    for dataset, dialects in DIALECTS.items():
        assert dialect_for(dataset) is dialects[0]
        for dialect in dialects:
            assert dialect_for(dataset, dialect.name) is dialect
            assert dialect_of({"dataset": dataset, "dialect": dialect.name}) is dialect
            assert set(dialect.shown) <= set(dialect.metrics)


def test_weather_and_traffic_have_dialects_of_their_own():
    names = {name: [one.name for one in dialects] for name, dialects in DIALECTS.items()}
    assert names.pop("weatherbench") == ["wb2", "wb1", "openstl"]
    assert names.pop("taxibj") == ["traffic", "openstl"]
    assert set(map(tuple, names.values())) == {("video", "openstl")}
    assert dialect_for("taxibj", "openstl") is not dialect_for("weatherbench", "openstl")
    assert dialect_for("something").name == "wb2"
    with pytest.raises(ValueError, match="dialect 'wb2' is unknown; known: traffic, openstl"):
        dialect_for("taxibj", "wb2")


def test_a_threshold_is_for_dialects_that_have_one():
    assert dialect_for("taxibj").threshold == 10
    assert dialect_for("taxibj", threshold=3).threshold == 3
    with pytest.raises(ValueError, match="threshold = 3 is for metrics of active cells"):
        dialect_for("weatherbench", threshold=3)
    for wrong in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="threshold must be above 0, but it is"):
            dialect_for("taxibj", threshold=wrong)


def test_a_range_of_values_is_for_scaled_errors():
    scaled = dialect_for("taxibj", "openstl", value_range=(2, 1292))
    assert (scaled.value_range, scaled.span) == ((2, 1292), 1290)
    with pytest.raises(ValueError, match="is for scaled errors, but dialect 'traffic' has none"):
        dialect_for("taxibj", value_range=(0, 1))
    with pytest.raises(ValueError, match="must be the least and the greatest value"):
        dialect_for("taxibj", "openstl", value_range=(1, 1))


def test_a_dialect_that_contradicts_itself_is_refused():
    rules = {"name": "x", "explanation": "", "source": "", "headline": "pooled", "shown": ()}
    with pytest.raises(ValueError, match="weights 'area' are unknown; known: cell_area, cosine"):
        Dialect(**rules, weights="area", metrics={"rmse": RMSE}, anomalies="none")
    with pytest.raises(ValueError, match="Dialect 'x': acc compares anomalies"):
        Dialect(**rules, weights="uniform", metrics={"acc": ACC_POOLED}, anomalies="none")
