"""Several runs side by side."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from stforecast.comparing import compare_runs, skill_table
from stforecast.experiment import load_experiment, save_experiment
from stforecast.run import Run

NAMES = ("simvp", "persistence", "climatology")


def make_scores(values, **attrs):
    """RMSE (forecaster, lead_time) of t2m, six hours apart."""
    table = np.asarray(values, dtype="float64")
    leads = np.arange(1, table.shape[1] + 1) * np.timedelta64(6, "h")
    return xr.Dataset(
        {
            "score": (("forecaster", "metric", "channel", "lead_time"), table[:, None, None]),
            "masked": (("channel", "lead_time"), np.zeros((1, table.shape[1]), dtype="int64")),
        },
        {
            "forecaster": list(NAMES[: len(table)]),
            "metric": ["rmse"],
            "channel": ["t2m"],
            "lead_time": leads.astype("timedelta64[ns]"),
            "units": (("metric", "channel"), [["K"]]),
            "variable": ("channel", ["t2m"]),
        },
        {
            "dialect": "wb2",
            "dataset": "weatherbench",
            "synthetic": "false",
            "split": "test",
            "grid": "4x8",
            "first_init_time": "2018-01-01T00:00",
            "last_init_time": "2018-12-01T00:00",
            "n_init_times": 7,
            **attrs,
        },
    )


SCORES = make_scores([[1, 2, 6], [2, 4, 5], [3, 3, 3]])


@pytest.fixture
def make_run(tmp_path):
    """Makes a run that was evaluated, or not if it has no scores."""

    def make_run(name, *, scores=SCORES, settings=(), fingerprint="same"):
        run = Run(tmp_path / name)
        save_experiment(
            load_experiment(base={"dataset": "weatherbench"}, settings=settings),
            run.experiment_file,
        )
        run.training.mkdir()
        run.fingerprint_file.write_text(fingerprint, encoding="utf-8")
        if scores is not None:
            scores.to_netcdf(run.folder / "scores.nc", engine="netcdf4")
        return run

    return make_run


def test_runs_that_differ_in_nothing_have_no_notes(make_run):
    comparison = compare_runs([make_run("a"), make_run("b")])
    assert comparison.names == ("a", "b")
    assert comparison.channels == ("t2m",)
    assert comparison.notes == ()
    assert comparison.differences.empty
    assert comparison.differences.columns.tolist() == ["a", "b"]
    xr.testing.assert_identical(comparison.scores[0], SCORES)


def test_one_run_alone_is_compared_with_nothing(make_run):
    comparison = compare_runs([make_run("a")])
    assert (comparison.names, comparison.notes) == (("a",), ())
    assert comparison.differences.empty


def test_runs_of_one_name_are_told_apart_by_their_folders(make_run):
    comparison = compare_runs([make_run("x/run"), make_run("y/run")])
    assert comparison.names == ("x/run", "y/run")


def test_only_what_differs_between_the_experiments_is_told(make_run):
    first = make_run("a", settings=["history=8", "network.spatial_width=16", "inputs=calendar"])
    second = make_run("b", settings=["history=6", "variables=t2m,z500"])
    differences = compare_runs([first, second]).differences
    assert differences.loc["history"].tolist() == ["8", "6"]
    assert differences.loc["network.spatial_width"].tolist() == ["16", "–"]
    assert differences.loc["inputs"].tolist() == ["calendar", "–"]
    assert differences.loc["variables"].tolist() == ["–", "t2m, z500"]
    assert len(differences) == 4


@pytest.mark.parametrize(
    ("scores", "note"),
    [
        (make_scores([[1, 1]]), "lead times differ: a 3 of .6 h to .18 h, b 2 of .6 h to .12 h"),
        (make_scores(SCORES["score"][:, 0, 0], n_init_times=8), "numbers of forecasts: a 7, b 8"),
        (
            make_scores(SCORES["score"][:, 0, 0], synthetic="true"),
            "synthetic data: a real, b synth",
        ),
        (
            make_scores(SCORES["score"][:, 0, 0], dataset="taxibj"),
            "datasets: a weatherbench, b taxi",
        ),
        (make_scores(SCORES["score"][:, 0, 0], dialect="wb1"), r"rules \(dialects\): a wb2, b wb1"),
        (make_scores(SCORES["score"][:, 0, 0], grid="9x9"), "grids differ: a 4x8, b 9x9"),
        (
            make_scores(SCORES["score"][:, 0, 0], last_init_time="2018-06-01T00:00"),
            "different times: a 2018-01-01T00:00 to 2018-12-01T00:00, b",
        ),
        (SCORES.assign_coords(channel=["msl"]), "other channels: a t2m, b msl"),
        (SCORES.assign(masked=SCORES["masked"] + 2), "different values: a 0 masked, b 6 masked"),
    ],
)
def test_what_makes_it_unfair_is_told(make_run, scores, note):
    comparison = compare_runs([make_run("a"), make_run("b", scores=scores)])
    assert len(comparison.notes) == 1
    assert pd.Series(comparison.notes).str.contains(note).all(), comparison.notes


def test_other_training_data_are_told(make_run):
    comparison = compare_runs([make_run("a"), make_run("b", fingerprint="another")])
    assert comparison.notes == (
        "They were trained on different data: the fingerprints of the series differ.",
    )


def test_a_run_without_scores_names_the_command(make_run):
    runs = [make_run("a"), make_run("b", scores=None), make_run("c", scores=None)]
    with pytest.raises(
        ValueError, match="2 of 3 runs have no such scores; .*evaluate .*b` and `.*c`, or leave"
    ):
        compare_runs(runs)
    with pytest.raises(ValueError, match="evaluate .*a --dialect wb1 --split validation`"):
        compare_runs(runs[:1], dialect="wb1", split="validation")


def test_a_comparison_needs_runs_that_are_each_their_own(make_run):
    run = make_run("a")
    with pytest.raises(ValueError, match="no run to compare; name one"):
        compare_runs([])
    with pytest.raises(ValueError, match="stands twice among .*; leave one out"):
        compare_runs([run, run])


def test_the_skill_table_says_how_far_each_baseline_is_beaten():
    table = skill_table(SCORES)
    assert table["baseline"].tolist() == ["persistence", "climatology"]
    assert set(table["forecaster"]) == {"simvp"}
    # Against persistence 1 < 2, 2 < 4, 6 > 5; against climatology 1 < 3, 2 < 3, 6 > 3.
    assert table["beats_until"].tolist() == [pd.Timedelta(hours=12)] * 2
    assert table["says"].tolist() == [
        "beats persistence up to +12 h",
        "beats climatology up to +12 h",
    ]
    np.testing.assert_allclose(table["skill_first"], [1 - 1 / 2, 1 - 1 / 3])
    np.testing.assert_allclose(table["skill_last"], [1 - 6 / 5, 1 - 6 / 3])


def test_the_skill_table_has_words_for_every_case():
    nowhere = skill_table(make_scores([[4, 1], [2, 4]]))
    assert nowhere["says"].tolist() == ["does not beat persistence at +6 h"]
    assert nowhere["beats_until"].tolist() == [pd.Timedelta(0)]
    always = skill_table(make_scores([[1, 1], [2, 4]]))
    assert always["says"].tolist() == ["beats persistence up to +12 h, the last lead time"]
    unknown = skill_table(make_scores(np.full((2, 2), np.nan)))
    assert unknown["says"].tolist() == ["no truth to compare with persistence"]
    assert unknown["skill_first"].isna().all()
    alone = skill_table(make_scores([[1, 1]]))
    assert alone.empty
    assert "says" in alone


def test_lead_times_without_truth_are_passed_over():
    table = skill_table(make_scores([[np.nan, 1, 2], [np.nan, 2, 4]]))
    assert table["says"].tolist() == ["beats persistence up to +18 h, the last lead time"]
    assert table["skill_first"].tolist() == [0.5]
