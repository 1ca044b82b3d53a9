import numpy as np
import pytest
from pydantic import ValidationError

from pipelines.split import SplitConfig, resolve_split
from pipelines.windows import WindowSpec, window_starts

STEP = np.timedelta64(30, "m").astype("timedelta64[ns]")


def days(n_days, first="2016-01-01"):
    return np.datetime64(first, "ns") + np.arange(48 * n_days) * STEP


def resolve(times, **config):
    return resolve_split(times, SplitConfig(**config), window_steps=8, time_step=STEP)


def test_openstl_tests_on_the_last_500_windows():
    times = np.concatenate([days(40), days(20, "2016-03-01")])
    ranges = resolve(times, protocol="openstl")
    starts = window_starts(times, WindowSpec(4, 4), time_step=STEP, within=ranges["test"])
    assert len(starts) == 500
    # The last window starts 8 frames before the end; the first of 500 another 499 before.
    assert ranges["test"] == range(len(times) - 507, len(times))


def test_windows_lost_to_a_gap_are_made_up_for():
    times = np.delete(days(40), 40 * 48 - 100)
    ranges = resolve(times, protocol="openstl")
    starts = window_starts(times, WindowSpec(4, 4), time_step=STEP, within=ranges["test"])
    assert len(starts) == 500
    # A missing frame costs the 8 windows that would hold it, and is one frame less.
    assert ranges["test"].start == 40 * 48 - 507 - 8


def test_stresnet_tests_on_the_last_four_weeks():
    times = days(60)
    assert resolve(times, protocol="stresnet")["test"] == range(32 * 48, 60 * 48)


def test_validation_is_its_own_and_a_window_lies_between_all():
    ranges = resolve(days(60), protocol="stresnet", validation=0.25)
    # A quarter of the 32 days before the test, and 8 frames of gap at both ends.
    assert ranges["validation"] == range(24 * 48, 32 * 48 - 8)
    assert ranges["train"] == range(24 * 48 - 8)


def test_data_that_are_too_short_are_refused():
    with pytest.raises(ValueError, match="tests on the last 1344 samples, but the data have 1344"):
        resolve(days(35), protocol="stresnet")
    with pytest.raises(ValueError, match="tests on the last 500 windows, but the data have 41"):
        resolve(days(1), protocol="openstl")


def test_a_split_without_a_frame_names_the_key_that_changes_it():
    for validation, name in ((0.9999, "train"), (0.0001, "validation")):
        message = (
            f"split.{name} beside split.protocol = 'stresnet' holds no frame.*split.validation"
        )
        with pytest.raises(ValueError, match=message):
            resolve(days(60), protocol="stresnet", validation=validation)


def test_unknown_protocols_and_times_beside_one_are_refused():
    with pytest.raises(ValidationError, match="known are openstl, stresnet"):
        SplitConfig(protocol="deepst")
    with pytest.raises(ValidationError, match="says what is tested on"):
        SplitConfig(protocol="openstl", train="2015", validation="2016", test="2017")
