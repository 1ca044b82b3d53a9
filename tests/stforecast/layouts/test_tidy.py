"""The tidy layout: rows, columns, pieces, and what a table cannot hold."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipelines.series import Channel
from stforecast.layouts import read_forecast, to_tidy, write_forecast, write_forecasts


def read_table(path):
    if path.suffix == ".csv":
        return pd.read_csv(path, parse_dates=["init_time", "valid_time"])
    return pd.read_parquet(path)


def test_table_has_a_row_for_each_init_time_lead_time_and_cell(build_town):
    forecast = build_town(lay_out=False)
    table = to_tidy(forecast)
    # 2 init times × 3 lead times × 4 × 5 cells = 120 rows.
    assert table.shape == (120, 7)
    assert list(table) == [
        *("init_time", "lead_minutes", "valid_time", "row", "column", "inflow", "outflow")
    ]
    # Row 87: 87 = 1·60 + 1·20 + 1·5 + 2, so init time 1, lead time 1, row 1, column 2.
    one = table.iloc[87]
    assert one["init_time"] == pd.Timestamp("2016-01-23T12:30")
    assert one["lead_minutes"] == 60
    assert one["valid_time"] == pd.Timestamp("2016-01-23T13:30")
    assert (one["row"], one["column"]) == (1, 2)
    assert one["inflow"] == forecast[1, 1, 0, 1, 2].item()
    assert one["outflow"] == forecast[1, 1, 1, 1, 2].item()


def test_types_are_small_and_plain(build_town):
    types = {name: str(dtype) for name, dtype in to_tidy(build_town()).dtypes.items()}
    assert types == {
        "init_time": "datetime64[us]",
        "lead_minutes": "int32",
        "valid_time": "datetime64[us]",
        "row": "int32",
        "column": "int32",
        "latitude": "float64",
        "longitude": "float64",
        "inflow": "float32",
        "outflow": "float32",
    }


@pytest.mark.parametrize("transposed", [False, True])
def test_row_and_column_are_those_of_the_data_wherever_north_is(build_town, transposed):
    raw = to_tidy(build_town(lay_out=False))
    placed = to_tidy(build_town(transposed=transposed))
    keys = ["init_time", "lead_minutes", "row", "column"]
    merged = raw.merge(placed, on=keys, suffixes=("", "_placed"), validate="1:1")
    assert len(merged) == len(raw)
    assert (merged["inflow"] == merged["inflow_placed"]).all()
    # Row 0, column 0 of the data is the cell in the south-east.
    corner = placed[(placed["row"] == 0) & (placed["column"] == 0)].iloc[0]
    assert corner["latitude"] == placed["latitude"].min()
    assert corner["longitude"] == placed["longitude"].max()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_files_hold_the_table(build_town, tmp_path, ending):
    forecast = build_town() * 1000
    forecast[0, 0, 0, 0, 0] = np.nan
    forecast.attrs = build_town().attrs
    (file,) = write_forecast(forecast, tmp_path / f"new/f.{ending}")
    digits = {"rtol": 0, "atol": 6e-4} if ending == "csv" else {"rtol": 0, "atol": 0}
    pd.testing.assert_frame_equal(read_table(file), to_tidy(forecast), check_dtype=False, **digits)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [f"f.{ending}"]


def test_csv_is_plain(build_town, tmp_path):
    forecast = build_town(n_times=1) * 0 + 12.34567
    forecast.attrs = build_town().attrs
    forecast[0, 0, 1, 0, 0] = np.nan
    (file,) = write_forecast(forecast, tmp_path / "f.csv")
    lines = file.read_text().splitlines()
    assert lines[:2] == [
        "init_time,lead_minutes,valid_time,row,column,latitude,longitude,inflow,outflow",
        # Cells of 0.1° between 40° and 40.4°, 116° and 116.5°; the north-west is the data's last.
        "2016-01-23T12:00:00,30,2016-01-23T12:30:00,3,4,40.35,116.05,12.346,",
    ]
    assert len(lines) == 1 + 3 * 20


def test_csv_keeps_all_digits_of_what_is_no_count(build, tmp_path):
    forecast = build(["q500"], n_times=1) * 1e-5
    forecast.attrs = build().attrs
    (file,) = write_forecast(forecast, tmp_path / "f.csv")
    read = read_table(file)["q500"].to_numpy(dtype="float32")
    np.testing.assert_array_equal(read, forecast.values.ravel())


def test_parquet_says_what_is_in_it(build_town, tmp_path):
    (file,) = write_forecast(build_town(), tmp_path / "f.parquet")
    schema = pq.read_schema(file)
    assert schema.field("inflow").metadata == {b"units": b"vehicles per 30 min"}
    assert schema.metadata[b"time_zone"] == b"America/New_York"
    assert schema.metadata[b"synthetic"] == b"true"
    assert b"roughly there" in schema.metadata[b"comment"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("rows", [1, 25, 70, 10_000])
def test_pieces_do_not_show(build_town, tmp_path, monkeypatch, ending, rows):
    monkeypatch.setattr("stforecast.layouts.tidy._ROWS", rows)
    forecast = build_town(n_times=5)
    batches = (forecast[start : start + 2] for start in (0, 2, 4))
    (file,) = write_forecasts(batches, tmp_path / f"f.{ending}")
    read = read_table(file).sort_values(["init_time", "lead_minutes"], kind="stable")
    pd.testing.assert_frame_equal(
        read.reset_index(drop=True), to_tidy(forecast), check_dtype=False, rtol=0, atol=5.1e-4
    )
    if ending == "parquet":
        # Whole frames of 20 cells: at least one, else as many as fit.
        groups = pq.ParquetFile(file).num_row_groups
        assert groups == {1: 15, 25: 15, 70: 5, 10_000: 3}[rows]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_failure_leaves_nothing_and_keeps_the_old(build_town, tmp_path, ending):
    def batches():
        yield build_town(n_times=1)
        raise RuntimeError("power cut")

    file = tmp_path / f"f.{ending}"
    file.write_text("old")
    with pytest.raises(RuntimeError, match="power cut"):
        write_forecasts(batches(), file)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(("ending", "reader"), [("csv", "read_csv"), ("parquet", "read_parquet")])
def test_table_is_read_with_pandas(build_town, tmp_path, ending, reader):
    (file,) = write_forecast(build_town(), tmp_path / f"f.{ending}")
    with pytest.raises(ValueError, match=rf"is a table; read it with pandas\.{reader}"):
        read_forecast(file)


def test_times_with_seconds_are_refused(build):
    with pytest.raises(ValueError, match="counts lead times in minutes, but these have seconds"):
        to_tidy(build(time_step=np.timedelta64(90, "s")))


def test_channel_that_is_named_like_a_column_is_refused(build):
    with pytest.raises(ValueError, match="Channel row is named like a column of the tidy layout"):
        to_tidy(build(["t2m", Channel("row", "row")]))
