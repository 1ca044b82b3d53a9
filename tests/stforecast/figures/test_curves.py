"""Curves: scores against lead time and the loss of a training."""

import matplotlib.colors
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from stforecast.baselines.of_dataset import BASELINES
from stforecast.figures.curves import plot_history, plot_scores
from stforecast.figures.palette import forecaster_style


def make_scores(*, channels=("t2m", "msl"), metrics=("rmse", "acc"), n_leads=4, hours=6.0):
    """Scores of 1, 2, 3 … in the order of forecaster, metric, channel, lead time."""
    forecasters = ["simvp", "persistence", "climatology"]
    shape = (len(forecasters), len(metrics), len(channels), n_leads)
    units = {"t2m": "K", "msl": "Pa", "z500": "m2 s-2"}
    table = [
        ["1" if metric == "acc" else units.get(channel, "1") for channel in channels]
        for metric in metrics
    ]
    leads = np.arange(1, n_leads + 1) * np.timedelta64(round(hours * 3600), "s")
    return xr.Dataset(
        {
            "score": (
                ("forecaster", "metric", "channel", "lead_time"),
                np.arange(1.0, 1 + np.prod(shape)).reshape(shape),
            )
        },
        coords={
            "forecaster": forecasters,
            "metric": list(metrics),
            "channel": list(channels),
            "lead_time": leads.astype("timedelta64[ns]"),
            "units": (("metric", "channel"), table),
            "variable": ("channel", list(channels)),
        },
        attrs={
            "dialect": "wb2",
            "dataset": "weatherbench",
            "synthetic": "true",
            "split": "test",
            "n_init_times": 7,
        },
    )


def texts_of(figure):
    return [text.get_text() for text in figure.texts]


def lines_of(axes):
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def test_each_channel_has_a_panel_and_each_forecaster_a_line():
    scores = make_scores()
    figure = plot_scores(scores)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["t2m (K)", "msl (hPa)"]
    lines = lines_of(figure.axes[0])
    assert list(lines) == ["simvp", "persistence", "climatology"]
    np.testing.assert_array_equal(lines["simvp"].get_xdata(), [6, 12, 18, 24])
    np.testing.assert_array_equal(lines["simvp"].get_ydata(), [1, 2, 3, 4])
    # Pressures are shown in hPa: 5 Pa = 0.05 hPa.
    np.testing.assert_allclose(lines_of(figure.axes[1])["simvp"].get_ydata()[0], 0.05)


def test_forecaster_has_the_same_colour_in_every_figure():
    for figure in (plot_scores(make_scores()), plot_scores(make_scores(), metric="acc")):
        for name, line in lines_of(figure.axes[0]).items():
            assert line.get_color() == forecaster_style(name).colour


def test_head_says_by_which_rules_the_scores_were_made():
    assert texts_of(plot_scores(make_scores())) == [
        "RMSE",
        "weatherbench (synthetic)  ·  test split  ·  7 forecasts  ·  dialect wb2",
    ]
    bare = make_scores().drop_attrs().drop_vars("variable")
    assert texts_of(plot_scores(bare)) == ["RMSE", ""]


def test_first_metric_is_drawn_where_there_is_no_rmse():
    assert texts_of(plot_scores(make_scores(metrics=("mae", "bias"))))[0] == "MAE"


@pytest.mark.parametrize(
    ("hours", "n_leads", "label", "last"),
    [
        (24, 10, "days", 10),
        (6, 4, "hours", 24),
        (0.5, 4, "minutes", 120),
        (1 / 3600, 9, "seconds", 9),
    ],
)
def test_lead_times_are_counted_as_people_do(hours, n_leads, label, last):
    figure = plot_scores(make_scores(hours=hours, n_leads=n_leads))
    axes = figure.axes[0]
    assert axes.get_xlabel() == f"Lead time ({label})"
    assert axes.get_xlim() == (0, last)
    assert len(axes.get_xticks()) <= 9


def test_errors_start_at_zero_and_correlations_end_at_one():
    scores = make_scores(metrics=("rmse", "acc", "bias"))
    assert plot_scores(scores).axes[0].get_ylim()[0] == 0
    scores["score"] = scores["score"] / 100
    low, high = plot_scores(scores, metric="acc").axes[0].get_ylim()
    assert (low, high) == (0, 1)
    high_scores = scores.assign(score=scores["score"] * 0 + 0.85)
    assert plot_scores(high_scores, metric="acc").axes[0].get_ylim() == (0.8, 1)
    assert [line.get_ydata()[0] for line in plot_scores(scores, metric="bias").axes[0].lines][
        -1
    ] == 0


def test_scores_that_are_missing_leave_a_gap():
    scores = make_scores()
    scores["score"] = scores["score"] * np.nan
    for metric in ("rmse", "acc"):
        figure = plot_scores(scores, metric=metric)
        assert len(lines_of(figure.axes[0])) == 3


def test_squared_errors_have_squared_units():
    figure = plot_scores(make_scores_of_squares(), metric="mse")
    assert figure.axes[0].get_title(loc="left") == "msl (hPa²)"
    # 1 Pa² is 1e-4 hPa².
    np.testing.assert_allclose(lines_of(figure.axes[0])["simvp"].get_ydata()[0], 1e-4)


def make_scores_of_squares():
    scores = make_scores(channels=("msl",), metrics=("mse",))
    return scores.assign_coords(units=(("metric", "channel"), [["Pa2"]]))


def test_traffic_is_drawn_in_vehicles():
    scores = make_scores(channels=("inflow",), metrics=("rmse", "mape"), hours=0.5)
    scores.attrs |= {"dialect": "traffic", "dataset": "taxibj"}
    assert plot_scores(scores).axes[0].get_title(loc="left") == "inflow (vehicles)"
    scores["units"] = (("metric", "channel"), [["1"], ["%"]])
    figure = plot_scores(scores, metric="mape")
    assert figure.axes[0].get_title(loc="left") == "inflow (%)"
    assert figure.axes[0].get_ylim()[0] == 0


def test_fifth_channel_begins_another_row():
    scores = make_scores(channels=("t2m", "msl", "a", "b", "c"))
    boxes = [axes.get_position() for axes in plot_scores(scores).axes]
    assert boxes[4].y1 < boxes[0].y0
    assert boxes[4].x0 == boxes[0].x0


def test_channels_can_be_chosen():
    assert len(plot_scores(make_scores(), channels=["msl"]).axes) == 1


def test_unknown_metric_and_channel_list_the_known_ones():
    with pytest.raises(
        ValueError, match="metric 'crps' is not in the scores, which hold rmse, acc"
    ):
        plot_scores(make_scores(), metric="crps")
    with pytest.raises(ValueError, match="no channel z500; they have t2m, msl"):
        plot_scores(make_scores(), channels=["t2m", "z500"])


def make_history(n_epochs=20):
    epoch = np.arange(1, n_epochs + 1)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "step": epoch * 10,
            "train_loss": 1 / epoch,
            "validation_loss": (epoch - 13.0) ** 2 / 100 + 0.25,  # least, 0.25, at epoch 13
            "learning_rate": 5e-3 * np.cos(epoch / n_epochs),
            "seconds": epoch * 1.0,
        }
    )


def test_loss_is_drawn_on_a_logarithmic_axis_above_the_learning_rate():
    upper, lower = plot_history(make_history()).axes
    assert upper.get_yscale() == "log"
    assert upper.get_position().y0 > lower.get_position().y1
    np.testing.assert_allclose(lower.lines[0].get_ydata()[0], 5e-3 * np.cos(0.05))
    assert upper.get_xlim() == (0.5, 20.5)


def test_best_epoch_is_marked():
    upper = plot_history(make_history()).axes[0]
    (best,) = [line for name, line in lines_of(upper).items() if name.startswith("Best")]
    assert best.get_label() == "Best: epoch 13, 0.25"
    assert (list(best.get_xdata()), list(best.get_ydata())) == ([13], [0.25])


def test_history_of_one_epoch_and_without_validation_can_be_drawn():
    plot_history(make_history(1)).canvas.draw()
    history = make_history().assign(validation_loss=np.nan)
    assert not any(name.startswith("Best") for name in lines_of(plot_history(history).axes[0]))


def test_learning_rate_of_zero_can_be_drawn():
    plot_history(make_history().assign(learning_rate=0.0)).canvas.draw()


def test_empty_history_is_refused():
    with pytest.raises(ValueError, match="holds no epoch yet"):
        plot_history(make_history(0))


@pytest.mark.parametrize(("dataset", "least"), [("weatherbench", 0.5), ("taxibj", 0.4)])
def test_colours_of_lines_are_apart(dataset, least):
    colours = [forecaster_style(name).colour for name in ("simvp", *BASELINES[dataset])]
    values = np.array([matplotlib.colors.to_rgb(colour) for colour in colours])
    apart = np.abs(values[:, None] - values)[~np.eye(len(colours), dtype=bool)]
    assert apart.sum(axis=1).min() > least
