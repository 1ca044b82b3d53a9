"""Downloads can be read by others and say what is in them."""

import io

import numpy as np
import pandas as pd
import xarray as xr

from stforecast.layouts import read_forecast
from stforecast.viewing.downloads import field_netcdf, file_name, series_csv
from stforecast.viewing.forecasts import open_forecasts
from stforecast.viewing.point import point_table
from tests.stforecast.viewing.conftest import entry_at


def shown_of(folder, name, channel):
    forecasts = open_forecasts(entry_at(folder, name))
    return forecasts.shown(forecasts.default_init_time, channel)


def test_a_field_is_a_cf_file_that_is_read_back_as_a_forecast(globe, tmp_path):
    shown = shown_of(globe, "globe", "t2m")
    (tmp_path / "field.nc").write_bytes(field_netcdf(shown, 1))
    made = read_forecast(tmp_path / "field.nc")
    assert made["lead_time"].values.tolist() == [12 * 3600 * 10**9]
    assert made["init_time"].values[0] == shown.fields.init_times[0]
    np.testing.assert_array_equal(made.values[0, 0, 0], shown.fields.forecast[1])
    np.testing.assert_array_equal(made["latitude"], shown.grid["latitude"])
    with xr.open_dataset(tmp_path / "field.nc") as opened:
        assert opened.attrs["Conventions"] == "CF-1.8"
        assert opened["t2m"].attrs["units"] == "K"


def test_counts_keep_their_time_step_and_cells_their_numbers(city, tmp_path):
    shown = shown_of(city, "city", "inflow")
    (tmp_path / "field.nc").write_bytes(field_netcdf(shown, 2))
    with xr.open_dataset(tmp_path / "field.nc", decode_timedelta=False) as opened:
        # The third lead time is 90 minutes ahead, and counts are over 30 all the same.
        assert opened["inflow"].attrs["long_name"] == "inflow per 30 min"
        bounds = opened["time_bounds"].values[0]
        assert bounds[1] - bounds[0] == np.timedelta64(30, "m")
        assert opened["row"].values.tolist() == [3, 2, 1, 0]
        assert opened.attrs["place"] == "own"


def test_a_series_is_a_table_with_all_it_takes_to_read_it(globe):
    shown = shown_of(globe, "globe", "t2m")
    table = point_table(shown, 2, 5)
    text = series_csv(table, shown, place="33.75°N 112.5°E")
    read = pd.read_csv(io.BytesIO(text), parse_dates=["init_time", "valid_time"])
    assert set(read["channel"]) == {"t2m"}
    assert (set(read["units"]), set(read["place"])) == ({"K"}, {"33.75°N 112.5°E"})
    assert (read["valid_time"] == table["valid_time"]).all()
    for name in ("history", "forecast", "truth", "error", "persistence", "climatology"):
        np.testing.assert_allclose(read[name], table[name], rtol=1e-5)
    assert b"nan" not in text


def test_a_files_name_says_run_channel_init_time_and_lead(globe, city):
    shown = shown_of(globe, "globe", "t2m")
    assert file_name("a/glo be/", shown, ".nc", number=1) == "a-glo-be_t2m_20150209T00_lead012h.nc"
    named = file_name("globe", shown, ".csv", place="33.75°N 112.5°E (row 2, column 5)")
    assert named == "globe_t2m_20150209T00_33.75N-112.5E.csv"
    minutes = file_name("city", shown_of(city, "city", "inflow"), ".png", number=0)
    assert minutes.endswith("_lead000h30min.png")
