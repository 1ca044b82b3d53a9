import numpy as np
import pytest
import xarray as xr

from stforecast.verification.skill import beats, beats_until, skill

HOURS = np.timedelta64(3_600_000_000_000, "ns")


def _scores(values, *, metrics=("rmse",), dialect="wb2"):
    """Scores of simvp and persistence; `values` (forecaster, metric, channel, lead_time)."""
    values = np.asarray(values, dtype="float64")
    return xr.Dataset(
        {"score": (("forecaster", "metric", "channel", "lead_time"), values)},
        {
            "forecaster": ["simvp", "persistence"],
            "metric": list(metrics),
            "channel": [f"c{row}" for row in range(values.shape[2])],
            "lead_time": np.arange(1, values.shape[3] + 1) * 6 * HOURS,
        },
        {"dialect": dialect},
    )


def test_skill_is_the_share_of_the_error_that_is_gone():
    # 1 - 3/4, 1 - 4/4, 1 - 6/4; persistence has no skill against itself.
    result = skill(_scores([[[[3, 4, 6]]], [[[4, 4, 4]]]]))
    np.testing.assert_allclose(result.sel(forecaster="simvp").squeeze(), [0.25, 0, -0.5])
    np.testing.assert_allclose(result.sel(forecaster="persistence").squeeze(), 0)
    assert result.attrs == {"baseline": "persistence", "metric": "rmse", "units": "1"}


def test_skill_against_a_perfect_baseline_is_undefined():
    result = skill(_scores([[[[3, 4]]], [[[0, 4]]]])).sel(forecaster="simvp").squeeze()
    np.testing.assert_array_equal(result, [np.nan, 0])


@pytest.mark.parametrize(
    ("ours", "hours"),
    [
        ([1, 2, 3], 18),  # better at each
        ([1, 2, 5], 12),
        ([1, 5, 1], 6),  # better again later does not count
        ([5, 1, 1], 0),
        ([4, 1, 1], 0),  # equal is not better
        ([np.nan, 1, 1], 0),
        ([1, np.nan, 1], 6),
        ([np.inf, 1, 1], 0),
    ],
)
def test_a_forecaster_beats_a_baseline_up_to_the_first_lead_time_where_it_is_not_better(
    ours, hours
):
    won = beats_until(_scores([[[ours]], [[[4, 4, 4]]]]), forecaster="simvp")
    assert won.dims == ("channel",)
    assert won.item() == int(hours * HOURS.astype("int64"))


def test_each_channel_has_its_own_lead_time():
    scores = _scores([[[[1, 1], [1, 9], [9, 9]]], [[[4, 4]] * 3]])
    won = beats_until(scores, forecaster="simvp")
    np.testing.assert_array_equal(won, np.array([12, 6, 0]) * HOURS)
    assert won["channel"].values.tolist() == ["c0", "c1", "c2"]


def test_better_means_higher_for_acc_and_nearer_zero_for_bias():
    ours, theirs = [[[0.9, 0.1]], [[-1, -3]]], [[[0.5, 0.5]], [[2, 2]]]
    scores = _scores([ours, theirs], metrics=("acc", "bias"))
    won = beats(scores, forecaster="simvp", metric="acc")
    np.testing.assert_array_equal(won.squeeze(), [True, False])
    won = beats(scores, forecaster="simvp", metric="bias")
    np.testing.assert_array_equal(won.squeeze(), [True, False])


def test_a_score_that_is_not_there_is_named():
    scores = _scores([[[[1]]], [[[2]]]])
    with pytest.raises(ValueError, match="no forecaster 'climatology'; they have simvp, persist"):
        beats_until(scores, forecaster="simvp", baseline="climatology")
    with pytest.raises(ValueError, match="The scores have no metric 'mae'; they have rmse"):
        skill(scores, metric="mae")
    with pytest.raises(ValueError, match="dialect has no metric 'crps'; it has rmse, mse"):
        skill(scores, metric="crps")


def test_skill_in_terms_of_acc_or_bias_is_refused():
    scores = _scores([[[[1]]], [[[2]]]], metrics=("bias",))
    with pytest.raises(ValueError, match="lower when better, not 'bias'; take rmse, mse or mae"):
        skill(scores, metric="bias")
