"""Several runs in one figure."""

import matplotlib.colors
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from stforecast.comparing import Comparison
from stforecast.figures.comparison import plot_comparison, plot_histories, run_colour
from stforecast.figures.palette import FAINT, forecaster_style


def make_scores(*, n_leads=4, persistence=5.0, channel="t2m", metric="rmse", names=None):
    names = ["simvp", "persistence"] if names is None else names
    values = np.full((len(names), 1, 1, n_leads), persistence)
    values[0] = 1.0 + np.arange(n_leads)
    leads = np.arange(1, n_leads + 1) * np.timedelta64(6, "h")
    return xr.Dataset(
        {"score": (("forecaster", "metric", "channel", "lead_time"), values)},
        {
            "forecaster": names,
            "metric": [metric],
            "channel": [channel],
            "lead_time": leads.astype("timedelta64[ns]"),
            "units": (("metric", "channel"), [["Pa"]]),
            "variable": ("channel", ["msl"]),
        },
        {"dialect": "wb2", "dataset": "weatherbench", "split": "test", "n_init_times": 7},
    )


def compared(*scores, notes=()):
    names = tuple(f"run{number}" for number in range(len(scores)))
    return Comparison(names, scores, pd.DataFrame(), notes)


def colours_of(axes):
    return [matplotlib.colors.to_hex(line.get_color()) for line in axes.lines]


def labels_of(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_each_run_has_its_colour_though_all_are_of_one_network():
    figure = plot_comparison(compared(make_scores(), make_scores()), channel="t2m")
    axes = figure.axes[0]
    assert labels_of(figure) == ["run0 (SimVP)", "run1 (SimVP)", "Persistence"]
    persistence = matplotlib.colors.to_hex(forecaster_style("persistence").colour)
    expected = [run_colour(0).lower(), run_colour(1).lower(), persistence]
    assert colours_of(axes) == expected
    # Pa are shown in hPa.
    assert axes.get_title(loc="left") == "t2m (hPa)"
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.01, 0.02, 0.03, 0.04])
    np.testing.assert_allclose(axes.lines[0].get_xdata(), [6, 12, 18, 24])
    assert "dialect wb2" in figure.texts[1].get_text()


def test_a_baseline_that_differs_is_drawn_for_each_run():
    scores = (make_scores(), make_scores(persistence=6.0))
    figure = plot_comparison(compared(*scores, notes=("Unfair.",)), channel="t2m")
    assert labels_of(figure)[-1] == "Persistence, of each run"
    assert colours_of(figure.axes[0])[2:] == [run_colour(0).lower(), run_colour(1).lower()]
    key = figure.legends[0].get_lines()[-1]
    assert key.get_color() == FAINT
    assert "not scored alike" in figure.texts[1].get_text()


def test_a_baseline_that_is_the_same_where_both_have_it_is_drawn_once_to_its_end():
    figure = plot_comparison(compared(make_scores(n_leads=2), make_scores()), channel="t2m")
    assert len(figure.axes[0].lines) == 3
    assert len(figure.axes[0].lines[2].get_xdata()) == 4
    assert figure.axes[0].get_xlim() == (0, 24)


def test_a_run_without_the_channel_has_no_line():
    figure = plot_comparison(compared(make_scores(), make_scores(channel="msl")), channel="msl")
    assert labels_of(figure) == ["run1 (SimVP)", "Persistence"]
    assert colours_of(figure.axes[0])[0] == run_colour(1).lower()


def test_many_runs_with_long_names_have_a_legend_of_their_own_height():
    scores = [make_scores(names=["simvp"])] * 9
    few = plot_comparison(compared(*scores[:2]), channel="t2m").get_size_inches()[1]
    names = tuple(f"a-very-long-name-of-a-run-that-nobody-reads-{number}" for number in range(9))
    figure = plot_comparison(Comparison(names, tuple(scores), pd.DataFrame(), ()), channel="t2m")
    assert labels_of(figure)[0].startswith("…")
    assert labels_of(figure)[8].endswith("nobody-reads-8 (SimVP)")
    assert figure.get_size_inches()[1] > few + 1
    figure.canvas.draw()
    legend = figure.legends[0].get_window_extent()
    top_of_panel = figure.axes[0].get_window_extent().y1
    assert legend.y0 > top_of_panel
    assert legend.x1 < figure.bbox.x1
    assert len({run_colour(number) for number in range(8)}) == 8


def test_what_no_run_has_is_refused():
    comparison = compared(make_scores())
    with pytest.raises(ValueError, match="No run is scored on channel 'z500'; there are t2m"):
        plot_comparison(comparison, channel="z500")
    with pytest.raises(ValueError, match="scores of run0 have no metric 'acc'; they have rmse"):
        plot_comparison(comparison, channel="t2m", metric="acc")


def history(losses):
    n_epochs = len(losses)
    return pd.DataFrame(
        {
            "epoch": np.arange(1, n_epochs + 1),
            "train_loss": np.linspace(1, 0.5, n_epochs),
            "validation_loss": losses,
        }
    )


def test_trainings_are_drawn_with_their_best_epochs():
    figure = plot_histories({"a": history([3.0, 1.0, 2.0]), "b": history([5.0])})
    assert labels_of(figure) == ["a: 1 at epoch 2", "b: 5 at epoch 1", "Training loss"]
    assert colours_of(figure.axes[0]) == [run_colour(0).lower()] * 3 + [run_colour(1).lower()] * 3


def test_a_training_that_has_no_loss_yet_is_named_without_a_best_epoch():
    figure = plot_histories({"a": history([np.nan, np.nan]), "b": history([]), "c": history([2.0])})
    assert labels_of(figure) == ["a", "c: 2 at epoch 1", "Training loss"]


def test_no_epoch_at_all_is_refused():
    for histories in ({}, {"a": history([])}):
        with pytest.raises(ValueError, match="No history holds an epoch"):
            plot_histories(histories)
