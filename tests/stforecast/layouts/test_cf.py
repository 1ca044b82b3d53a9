"""The cf layout, and what the CF checker says of it."""

import numpy as np
import pytest
import xarray as xr
from compliance_checker.runner import CheckSuite, ComplianceChecker

from pipelines.series import Channel
from stforecast.layouts import read_forecast, to_cf, write_forecast

CHANNELS = [
    ["t2m"],
    ["u10", "v10"],
    ["z500", "t850"],
    ["msl"],
    ["tp"],
    ["tcc"],
    ["t2m", "u10", "z500", "r850", "tp", "tcc", "tisr"],
]


@pytest.fixture(scope="module")
def checker():
    # The others announce their own end as errors, or want files that are not there.
    CheckSuite.load_all_available_checkers()
    return ComplianceChecker


@pytest.mark.parametrize("grid", ["global", "regional"])
@pytest.mark.parametrize("channels", CHANNELS, ids=" ".join)
def test_compliance_checker_finds_nothing(build, tmp_path, checker, capsys, channels, grid):
    (file,) = write_forecast(build(channels, grid=grid, n_times=1), tmp_path / "forecast.nc")
    passed, failed = checker.run_checker(str(file), ["cf:1.8"], 0, "strict", output_filename="-")
    report = capsys.readouterr().out
    assert passed, report
    assert not failed, report
    assert "All tests passed!" in report


def test_time_is_the_valid_time_and_the_init_time_a_scalar(build):
    forecast = build(n_times=1)
    dataset = to_cf(forecast)
    assert (dataset["time"].values == forecast["valid_time"].values[0]).all()
    assert dataset["forecast_reference_time"].values == forecast["init_time"].values[0]
    assert dataset["forecast_period"].values.tolist() == [6, 12, 18]
    assert dataset["forecast_period"].attrs["units"] == "hours"


def test_coordinates_are_double_precision_on_the_disk(build, tmp_path):
    (file,) = write_forecast(build(["t2m", "z500", "tp"], n_times=1), tmp_path / "forecast.nc")
    with xr.open_dataset(file, decode_times=False) as dataset:
        numbers = [dataset[name].dtype for name in (*dataset.coords, "time_bounds")]
        assert set(numbers) == {np.dtype("float64")}
        assert dataset["time"].attrs["units"] == "hours since 1970-01-01"


def test_file_opens_without_a_warning(build, tmp_path):
    (file,) = write_forecast(build(["t2m", "tp"], n_times=1), tmp_path / "forecast.nc")
    with xr.open_dataset(file) as dataset:  # warnings are errors
        assert dataset["time"].dtype.kind == "M"


def test_heights_and_pressures_are_scalar_coordinates_of_their_variables(build, tmp_path):
    (file,) = write_forecast(build(["t2m", "u10", "z500"], n_times=1), tmp_path / "forecast.nc")
    with xr.open_dataset(file) as dataset:
        assert dataset["height_2m"].values == 2
        assert dataset["height_10m"].values == 10
        assert dataset["pressure_500"].values == 500
        assert dataset["pressure_500"].attrs["positive"] == "down"
        assert dataset["t2m"].encoding["coordinates"].split()[-1] == "height_2m"
        assert dataset["u10"].encoding["coordinates"].split()[-1] == "height_10m"
        assert dataset["z500"].encoding["coordinates"].split()[-1] == "pressure_500"


def test_sums_have_bounds_and_others_say_that_they_are_none(build):
    dataset = to_cf(build(["t2m", "tp"], n_times=1))
    assert dataset["tp"].attrs["cell_methods"] == "time: sum"
    assert dataset["t2m"].attrs["cell_methods"] == "time: point"
    # The first value is the sum over the six hours up to 12 UTC.
    bounds = dataset["time_bounds"].values[0].astype("datetime64[h]")
    assert bounds.tolist() == np.array(["2018-01-01T06", "2018-01-01T12"], "M8[h]").tolist()
    assert dataset["time"].attrs["bounds"] == "time_bounds"


def test_values_at_a_time_need_no_bounds(build):
    dataset = to_cf(build(["t2m"], n_times=1))
    assert "time_bounds" not in dataset
    assert "cell_methods" not in dataset["t2m"].attrs


def test_file_says_who_made_it_and_that_the_data_are_synthetic(build):
    attrs = to_cf(build(n_times=1)).attrs
    assert attrs["Conventions"] == "CF-1.8"
    assert attrs["title"] == (
        "Forecast of weatherbench by simvp (synthetic data) from 2018-01-01T06:00 UTC"
    )
    assert attrs["source"].startswith("simvp, stforecast ")
    assert "Synthetic" in attrs["comment"]


def test_local_times_name_their_zone(build):
    forecast = build([Channel("inflow", "inflow")], grid=None, n_times=1)
    forecast.attrs["time_zone"] = "Asia/Shanghai"
    dataset = to_cf(forecast)
    assert dataset["inflow"].dims == ("time", "y", "x")
    assert dataset["time"].attrs["comment"] == "local civil time, Asia/Shanghai"


def test_zone_that_is_not_known_is_said_to_be_unknown(build_town):
    forecast = build_town(n_times=1)
    forecast.attrs["time_zone"] = "unknown"
    dataset = to_cf(forecast)
    assert dataset["time"].attrs["comment"] == "local civil time, time zone unknown"
    assert dataset.attrs["title"].endswith("from 2016-01-23T12:00 local time")
    forecast.attrs["clock"] = "artificial"
    dataset = to_cf(forecast)
    assert dataset["time"].attrs["comment"] == "artificial clock: the data have no times"
    assert dataset.attrs["clock"] == "artificial"


def test_compliance_checker_finds_nothing_in_traffic_on_the_map(
    build_town, tmp_path, checker, capsys
):
    (file,) = write_forecast(build_town(n_times=1), tmp_path / "forecast.nc")
    passed, failed = checker.run_checker(str(file), ["cf:1.8"], 0, "strict", output_filename="-")
    report = capsys.readouterr().out
    assert passed, report
    assert not failed, report
    assert "All tests passed!" in report


def test_compliance_checker_misses_nothing_but_degrees_where_there_is_no_place(
    build_town, tmp_path, checker, capsys
):
    forecast = build_town(n_times=1, lay_out=False)
    (file,) = write_forecast(forecast, tmp_path / "forecast.nc")
    checker.run_checker(str(file), ["cf:1.8"], 0, "strict", output_filename="-")
    report = capsys.readouterr().out
    # A recommendation: rows and columns are neither latitude nor longitude.
    assert "has 1 potential issue" in report
    assert "§2.4 Dimensions" in report
    assert "Errors" not in report


def test_counts_say_what_they_count_and_how_long(build_town):
    dataset = to_cf(build_town(n_times=1))
    assert dataset["inflow"].attrs["long_name"] == "vehicles entering per 30 min"
    assert dataset["outflow"].attrs["units"] == "1"
    assert dataset["outflow"].attrs["cell_methods"] == "time: sum"
    # A frame has the time at which its slot starts: 12:30 counts from 12:30 to 13:00.
    bounds = dataset["time_bounds"].values[0].astype("datetime64[m]")
    assert bounds.tolist() == np.array(["2016-01-23T12:30", "2016-01-23T13:00"], "M8[m]").tolist()


@pytest.mark.parametrize(
    ("step", "text"), [((1, "h"), "h"), ((2, "h"), "2 h"), ((1, "D"), "day"), ((15, "s"), "15 s")]
)
def test_counts_are_per_time_step_whatever_lead_times_are_left(build_town, step, text):
    forecast = build_town(n_times=1, n_leads=4, time_step=np.timedelta64(*step))
    for some in (forecast, forecast[:, 1:3]):
        assert to_cf(some)["inflow"].attrs["long_name"] == f"vehicles entering per {text}"


def test_place_is_a_comment_and_rows_of_the_data_are_kept(build_town):
    dataset = to_cf(build_town(n_times=1))
    assert "Latitude and longitude: roughly there." in dataset.attrs["comment"]
    assert "Synthetic" in dataset.attrs["comment"]
    assert dataset.attrs["place"] == "own"
    # Row 0 of the data is the southernmost; the file begins in the north.
    assert dataset["row"].values.tolist() == [3, 2, 1, 0]
    assert dataset["row"].dims == ("latitude",)
    assert dataset["column"].values.tolist() == [4, 3, 2, 1, 0]


def test_several_init_times_are_refused(build):
    with pytest.raises(ValueError, match=r"holds one init_time, but the forecast has 2"):
        to_cf(build(n_times=2))


def test_file_of_another_is_read_by_its_names(build, tmp_path):
    dataset = to_cf(build(["t2m", "z500"], n_times=1))
    dataset["ozone"] = dataset["t2m"].assign_attrs(units="mol m-2")
    for name in ("t2m", "z500", "ozone"):
        del dataset[name].attrs["short_name"]
    dataset["height_of_nothing"] = ((), 0.0)
    dataset.to_netcdf(tmp_path / "theirs.nc")
    read = read_forecast(tmp_path / "theirs.nc")
    assert read["variable"].values.tolist() == ["t2m", "z", "ozone"]
    assert read["units"].values.tolist() == ["K", "m2 s-2", "mol m-2"]
    assert read["level"].values[1] == 500
