"""Lead times in words."""

import numpy as np
import pytest

from stforecast.lead_texts import is_counted, lead_text


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(1, "+1 min"), (30, "+30 min"), (90, "+1 h 30 min"), (360, "+6 h")],
)
def test_times_are_read_in_hours_and_minutes(minutes, text):
    assert lead_text(np.timedelta64(minutes, "m")) == text


@pytest.mark.parametrize(("frames", "text"), [(1, "+1 frame"), (10, "+10 frames")])
def test_a_frame_of_video_is_a_minute_of_its_clock_and_is_counted(frames, text):
    assert lead_text(np.timedelta64(frames, "m"), counted=True) == text


@pytest.mark.parametrize(
    ("dataset", "counted"),
    [("kth", True), ("mmnist", True), ("taxibj", False), ("weatherbench", False), ("", False)],
)
def test_frames_of_video_alone_are_counted(dataset, counted):
    # TaxiBJ's clock may be artificial too, but its steps are half hours.
    assert is_counted({"dataset": dataset, "clock": "artificial"}) is counted


def test_data_that_do_not_name_their_dataset_have_times():
    assert not is_counted({})
