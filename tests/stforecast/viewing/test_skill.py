import numpy as np
import pytest
import xarray as xr

from stforecast.viewing.skill import (
    command_for,
    find_score_files,
    headline_metric,
    metrics_of,
    open_errors,
    read_head,
    read_history,
    read_scores,
    scores_caption,
)

LEADS = np.array([6, 12], "timedelta64[h]").astype("timedelta64[ns]")


def make_scores(*, dialect="wb2", split="test", metrics=("mse", "rmse", "acc")):
    shape = (2, len(metrics), 1, 2)
    return xr.Dataset(
        {"score": (("forecaster", "metric", "channel", "lead_time"), np.ones(shape))},
        {
            "forecaster": ["simvp", "persistence"],
            "metric": list(metrics),
            "channel": ["t2m"],
            "lead_time": LEADS,
            "units": (("metric", "channel"), [["K"]] * len(metrics)),
        },
        {
            "dialect": dialect,
            "split": split,
            "n_init_times": 1445,
            "first_init_time": "2018-01-02T18:00",
            "last_init_time": "2018-12-29T18:00",
            "grid": "32x64",
            "synthetic": "true",
        },
    )


def make_errors(**columns):
    dims = ("forecaster", "channel", "lead_time", "error_bin")
    coordinates = {"forecaster": ["simvp"], "channel": ["t2m"], "lead_time": LEADS}
    return xr.Dataset({"errors": (dims, np.ones((1, 1, 2, 3))), **columns}, coordinates)


def test_files_of_scores_are_found_the_plain_one_first_with_their_errors(tmp_path):
    make_scores(dialect="openstl").to_netcdf(tmp_path / "scores_openstl.nc")
    make_scores().to_netcdf(tmp_path / "scores.nc")
    make_errors().to_netcdf(tmp_path / "errors_openstl.nc")
    (plain, other), problems = find_score_files(tmp_path)
    assert problems == ()
    assert (plain.name, plain.errors) == ("wb2 · test", None)
    assert (other.name, other.errors) == ("openstl · test", tmp_path / "errors_openstl.nc")
    assert plain.stamp != other.stamp
    assert find_score_files(tmp_path / "nothing") == ((), ())


def test_a_damaged_file_of_scores_leaves_the_others(tmp_path):
    make_scores().to_netcdf(tmp_path / "scores.nc")
    (tmp_path / "scores_wb1.nc").write_text("no NetCDF")
    [plain], [problem] = find_score_files(tmp_path)
    assert plain.path == tmp_path / "scores.nc"
    assert problem.startswith(f"{tmp_path / 'scores_wb1.nc'} holds no scores")


def test_a_command_names_dialect_and_split_where_they_are_not_the_plain_ones(tmp_path):
    make_scores().to_netcdf(tmp_path / "scores.nc")
    make_scores(dialect="wb1", split="validation").to_netcdf(tmp_path / "scores_wb1_validation.nc")
    (plain, other), problems = find_score_files(tmp_path)
    assert problems == ()
    command = f"stforecast evaluate {tmp_path}"
    assert command_for(tmp_path) == command_for(tmp_path, plain) == command
    assert command_for(tmp_path, other) == f"{command} --dialect wb1 --split validation"


@pytest.mark.parametrize("damage", ["text", "other data"])
def test_damaged_scores_say_how_to_make_them_again(tmp_path, damage):
    file = tmp_path / "scores.nc"
    if damage == "text":
        file.write_text("no NetCDF")
    else:
        make_errors().to_netcdf(file)
    with pytest.raises(ValueError, match=r"holds no scores .*make it again with `stforecast eval"):
        read_scores(file)


@pytest.mark.parametrize("damage", ["text", "other data"])
def test_damaged_errors_say_how_to_make_them_again(tmp_path, damage):
    file = tmp_path / "errors.nc"
    if damage == "text":
        file.write_text("no NetCDF")
    else:
        make_scores().to_netcdf(file)
    with (
        pytest.raises(ValueError, match=r"holds no errors .*make it again with `stforecast eval"),
        open_errors(file),
    ):
        pass


def test_the_head_of_errors_tells_what_can_be_chosen(tmp_path):
    cells = (("forecaster", "channel", "lead_time", "y", "x"), np.ones((1, 1, 2, 2, 2)))
    errors = make_errors(mean_squared_error=cells)
    errors.attrs["left_out"] = "errors of climatology; all but 2 of 9 lead times"
    errors.to_netcdf(tmp_path / "errors.nc")
    head = read_head(tmp_path / "errors.nc")
    assert (head.channels, head.forecasters) == (("t2m",), ("simvp",))
    assert dict(head.lead_times) == {"+6 h": 0, "+12 h": 1}
    assert (head.has_maps, head.has_week) == (True, False)
    assert head.left_out == "errors of climatology, all but 2 of 9 lead times"


def test_a_history_is_read_in_numbers(tmp_path):
    (tmp_path / "history.csv").write_text(
        "epoch,step,train_loss,validation_loss,learning_rate,seconds\n1,45,0.5,0.25,0.001,24\n"
    )
    [row] = read_history(tmp_path).to_dict("records")
    assert (row["epoch"], row["validation_loss"]) == (1.0, 0.25)


def test_a_run_without_a_history_has_no_epoch(tmp_path):
    history = read_history(tmp_path)
    assert history.empty
    assert "train_loss" in history


def test_a_damaged_history_says_what_to_do(tmp_path):
    (tmp_path / "history.csv").write_text("epoch,train_loss\n1,often\n")
    with pytest.raises(ValueError, match="is no history of a training .*--resume"):
        read_history(tmp_path)


def test_the_caption_always_names_dialect_and_number_of_forecasts():
    assert scores_caption(make_scores()) == (
        "wb2 dialect · test split · 1,445 forecasts, 2018-01-02 18:00 to 2018-12-29 18:00 · "
        "grid 32x64 · synthetic data"
    )
    single = make_scores()
    single.attrs = {"dialect": "wb2", "n_init_times": 1}
    assert scores_caption(single) == "wb2 dialect · 1 forecast"
    single.attrs = {}
    assert scores_caption(single) == ""


def test_metrics_that_nobody_has_are_left_out_and_rmse_comes_first():
    scores = make_scores()
    scores["score"].loc[{"metric": "acc"}] = np.nan
    assert metrics_of(scores) == {"rmse": "lower", "mse": "lower"}


def test_the_headline_is_about_rmse_or_what_comes_closest():
    assert headline_metric(make_scores()) == "rmse"
    assert headline_metric(make_scores(metrics=("acc", "mae"))) == "mae"
    assert headline_metric(make_scores(metrics=("acc",))) == ""
