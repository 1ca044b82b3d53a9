import re
import shutil

import pytest
import xarray as xr

from tests.app.views import address_of, open_view, texts_of


@pytest.fixture
def skill(monkeypatch, scored_runs):
    return lambda folder=scored_runs, **address: open_view(monkeypatch, "skill", folder, **address)


@pytest.fixture
def copied(scored_runs, tmp_path):
    """A folder with a copy of the run `globe`, to be damaged."""
    shutil.copytree(scored_runs / "globe", tmp_path / "globe")
    return tmp_path


def change_scores(file, **attrs):
    with xr.open_dataset(file, decode_timedelta=True) as stored:
        scores = stored.load()
    scores.assign_attrs(attrs).to_netcdf(file)


def test_dialect_forecasts_and_lead_over_persistence_are_at_the_top(skill):
    opened = skill(run="globe")
    assert opened.header[0].value == "Skill of globe"
    assert re.search(r"wb2 dialect · test split · \d+ forecasts, 2015-", texts_of(opened))
    labels = [each.label for each in opened.metric]
    assert labels == [f"{name}: simvp beats persistence" for name in ("t2m", "u10", "v10")]
    assert 'alt="rmse against lead time"' in texts_of(opened)
    assert [each.label for each in opened.get("download_button")] == ["Scores (CSV)"]


def test_metric_and_variables_are_chosen_and_kept_in_the_address(skill):
    opened = skill(run="globe")
    opened.selectbox(key="metric").set_value("acc").run()
    opened.multiselect(key="variables").set_value(["u10"]).run()
    assert 'alt="acc against lead time"' in texts_of(opened)
    assert address_of(opened)["metric"] == "acc"
    assert address_of(opened)["variables"] == "u10"


def test_an_address_opens_a_map_of_errors(skill):
    opened = skill(run="globe", tab="By cell", channel="v10", at="+12 h", map="bias")
    assert 'alt="Bias of v10 by cell at +12 h"' in texts_of(opened)
    assert opened.selectbox(key="whose").value == "simvp"


def test_nonsense_in_the_address_falls_back_with_a_notice(skill):
    opened = skill(run="globe", tab="Moon", metric="luck")
    said = [each.value for each in opened.warning]
    assert any("“Moon”" in text for text in said)
    assert any("“luck”" in text for text in said)
    assert opened.selectbox(key="metric").value == "rmse"


def test_the_spread_shows_forecast_against_truth_and_errors(skill):
    said = texts_of(skill(run="globe", tab="Spread"))
    assert 'alt="Forecast against truth of t2m at +6 h"' in said
    assert 'alt="Histogram of errors of t2m at +6 h"' in said


def test_the_training_is_shown_and_offered(skill):
    opened = skill(run="globe", tab="Training")
    assert 'alt="Loss of the training by epoch"' in texts_of(opened)
    assert [each.label for each in opened.get("download_button")] == ["Training (CSV)"]


@pytest.mark.parametrize(
    ("tab", "alt"),
    [
        ("Peak hours", "rmse of outflow by period"),
        ("Week", "Profile of the week of inflow at +30 min"),
    ],
)
def test_traffic_has_peak_hours_and_a_week(skill, tab, alt):
    assert f'alt="{alt}"' in texts_of(skill(run="city", tab=tab))


def test_runs_are_compared_once_another_is_chosen(skill, copied):
    shutil.copytree(copied / "globe", copied / "twin")
    text = (copied / "twin" / "experiment.toml").read_text()
    (copied / "twin" / "experiment.toml").write_text(text.replace("seed = 0", "seed = 1"))
    opened = skill(copied, run="globe")
    opened.multiselect(key="with").set_value(["twin"]).run()
    assert opened.session_state["tab"] == "Compared"
    said = texts_of(opened)
    assert 'alt="rmse of t2m of 2 runs"' in said
    assert opened.dataframe[0].value.loc["seed"].tolist() == ["0", "1"]
    assert 'alt="Loss of each training by epoch"' in said
    assert address_of(opened)["with"] == "twin"


def test_an_unfair_comparison_says_why(skill, copied):
    shutil.copytree(copied / "globe", copied / "twin")
    change_scores(copied / "twin" / "scores.nc", n_init_times=3)
    said = texts_of(skill(copied, run="globe", **{"with": "twin"}, tab="Compared"))
    assert "This comparison is not quite fair" in said
    assert "different numbers of forecasts" in said


def test_a_run_to_compare_with_that_was_not_evaluated_is_told(skill, runs):
    opened = skill(run="globe", **{"with": "region"}, tab="Compared")
    assert f"stforecast evaluate {runs / 'region'}" in opened.error[0].value


def test_only_runs_of_the_same_dataset_are_compared(skill):
    assert skill(run="globe").multiselect(key="with").options == ["region"]


def test_a_run_without_scores_says_how_to_make_them(skill, runs):
    opened = skill(run="region")
    assert opened.code[0].value == f"stforecast evaluate {runs / 'region'}"
    assert 'alt="Loss of the training by epoch"' in texts_of(opened)


def test_scores_without_errors_say_how_to_make_these(skill, copied):
    (copied / "globe" / "errors.nc").unlink()
    opened = skill(copied, run="globe", tab="By cell")
    assert opened.code[0].value == f"stforecast evaluate {copied / 'globe'}"
    assert not opened.error


def test_damaged_scores_say_what_to_do(skill, copied):
    (copied / "globe" / "scores.nc").write_text("no NetCDF")
    [said] = skill(copied, run="globe").error
    assert "holds no scores" in said.value
    assert "stforecast evaluate" in said.value


def test_damaged_scores_leave_those_of_another_dialect(skill, copied):
    (copied / "globe" / "scores_wb1.nc").write_text("no NetCDF")
    opened = skill(copied, run="globe")
    [said] = opened.error
    assert "scores\\_wb1.nc holds no scores" in said.value
    assert 'alt="rmse against lead time"' in texts_of(opened)


def test_damaged_errors_leave_the_rest_of_the_view(skill, copied):
    (copied / "globe" / "errors.nc").write_text("no NetCDF")
    opened = skill(copied, run="globe", tab="Spread")
    assert "holds no errors" in opened.error[0].value
    assert len(opened.metric) == 3


def test_a_broken_run_shows_what_is_wrong_and_no_command_that_would_fail(skill):
    opened = skill(run="broken")
    assert "stforecast train" in opened.warning[0].value
    assert not opened.code


def test_a_job_has_no_scores_of_its_own(skill):
    assert "the Jobs view shows" in skill(run="desk.toml").info[0].value


def test_an_empty_folder_says_what_to_do(skill, tmp_path):
    assert "holds no run" in skill(tmp_path).info[0].value


def test_scores_of_several_dialects_are_told_apart(skill, copied):
    for name in ("scores", "errors"):
        shutil.copy(copied / "globe" / f"{name}.nc", copied / "globe" / f"{name}_validation.nc")
    change_scores(copied / "globe" / "scores_validation.nc", split="validation")
    opened = skill(copied, run="globe", scores="wb2 · validation")
    assert "wb2 dialect · validation split" in texts_of(opened)


def test_errors_of_a_large_grid_have_no_map_and_say_what_was_left_out(skill, copied):
    file = copied / "globe" / "errors.nc"
    with xr.open_dataset(file, decode_timedelta=True) as stored:
        errors = stored.load().drop_dims(["y", "x"])
    errors.assign_attrs(left_out="maps").to_netcdf(file)
    assert "too large for a map" in skill(copied, run="globe", tab="By cell").info[0].value
    assert "too much memory: maps." in texts_of(skill(copied, run="globe", tab="Spread"))


def test_traffic_without_a_true_clock_has_no_week(skill, runs, tmp_path):
    shutil.copytree(runs / "city", tmp_path / "city")
    file = tmp_path / "city" / "errors.nc"
    with xr.open_dataset(file, decode_timedelta=True) as stored:
        errors = stored.load().drop_dims("slot")
    errors.to_netcdf(file)
    opened = skill(tmp_path, run="city", tab="Week")
    assert "have no days of the week" in opened.info[0].value
