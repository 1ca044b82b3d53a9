import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from stforecast.batch.rows import Row
from stforecast.figures.job_states import JOB_STATE_STYLES, plot_job_states


def rows_of(states, *, minutes=360, first="2009-01-01"):
    """One row after another, so many minutes apart."""
    times = np.datetime64(first, "m") + np.arange(len(states)) * np.timedelta64(minutes, "m")
    return [Row(f"{time}:00", state) for time, state in zip(times, states, strict=True)]


def cells_of(figure):
    """Day and row of each cell, with its state."""
    edges = {to_hex(style.colour): state for state, style in JOB_STATE_STYLES.items()}
    found = {}
    for patch in figure.axes[0].patches:
        if isinstance(patch, Rectangle):
            face = to_hex(patch.get_facecolor())
            colour = to_hex(patch.get_edgecolor()) if face == "#ffffff" else face
            found[int(patch.get_x()), int(patch.get_y())] = edges[colour]
    return found


def texts_of(figure):
    return [text.get_text() for text in figure.texts]


def test_each_init_time_is_a_cell_of_its_day_and_time_of_day():
    states = ["done", "failed", "done", "skipped", "degraded", "waiting"]
    figure = plot_job_states(rows_of(states))
    # four a day: the fifth is the first of the second day
    assert cells_of(figure) == {
        (0, 0): "done",
        (0, 1): "failed",
        (0, 2): "done",
        (0, 3): "skipped",
        (1, 0): "degraded",
        (1, 1): "waiting",
    }
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["00:00", "06:00", "12:00", "18:00"]


def test_the_legend_names_the_states_that_occur_from_good_to_bad():
    figure = plot_job_states(rows_of(["failed", "done", "running"]))
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["done", "running", "failed"]


def test_days_without_an_init_time_keep_their_place():
    rows = [*rows_of(["done"]), *rows_of(["done"], first="2009-01-04")]
    assert set(cells_of(plot_job_states(rows))) == {(0, 0), (3, 0)}


def test_only_the_newest_days_are_shown_and_the_others_counted():
    figure = plot_job_states(rows_of(["failed"] * 5 + ["done"] * 3, minutes=1440), most_days=3)
    assert cells_of(figure) == {(0, 0): "done", (1, 0): "done", (2, 0): "done"}
    assert any(text.endswith("5 older ones are not shown") for text in texts_of(figure))
    dates = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert dates == ["6 Jan 2009"]


def test_the_order_of_rows_does_not_matter():
    rows = rows_of(["done", "failed", "done", "waiting"])
    assert cells_of(plot_job_states(rows[::-1])) == cells_of(plot_job_states(rows))


def test_cells_of_several_init_times_show_what_asks_for_a_look():
    states = ["done"] * 96
    states[1], states[4] = "failed", "degraded"
    found = cells_of(plot_job_states(rows_of(states, minutes=15)))
    # 96 a day are shown by half hours: 48 cells, of two init times each
    assert len(found) == 48
    assert found[0, 0] == "failed"
    assert found[0, 2] == "degraded"
    assert found[0, 1] == "done"


@pytest.mark.parametrize(("n_rows", "minutes"), [(1, 60), (240, 30), (240, 60), (90, 1440)])
def test_names_lie_within_the_sheet_and_apart(n_rows, minutes):
    figure = plot_job_states(rows_of(["done"] * n_rows, minutes=minutes))
    renderer = figure.canvas.get_renderer()
    figure.draw_without_rendering()
    for labels in (figure.axes[0].get_xticklabels(), figure.axes[0].get_yticklabels()):
        boxes = [label.get_window_extent(renderer) for label in labels]
        assert boxes
        for number, box in enumerate(boxes):
            assert figure.bbox.x0 <= box.x0
            assert box.x1 <= figure.bbox.x1 + 1
            assert not any(box.overlaps(other) for other in boxes[:number])


def test_a_record_without_rows_cannot_be_drawn():
    with pytest.raises(ValueError, match="holds no init time yet"):
        plot_job_states([])


def test_at_least_a_day_is_shown():
    with pytest.raises(ValueError, match="most_days must be at least 1, not 0"):
        plot_job_states(rows_of(["done"]), most_days=0)
