"""What an experiment may say of clips."""

import pytest

from pipelines.clips import WHOLE, ClipConfig
from pipelines.video.options import check_options, colour_of, stride_of


def test_what_a_dataset_knows_passes():
    clips = ClipConfig(size=(16, 16), every=2)
    check_options("kth", clips, known=("size", "every"))
    check_options("kth", ClipConfig(), known=())


def test_what_it_does_not_know_is_refused():
    with pytest.raises(
        ValueError, match=r"clips\.digits = 3 is nothing that kth knows; it takes clips"
    ):
        check_options("kth", ClipConfig(digits=3), known=("size",))


@pytest.mark.parametrize(
    ("colour", "variables", "wanted"),
    [
        (None, None, "rgb"),
        ("grey", None, "grey"),
        (None, ["luminance"], "grey"),
        (None, ["blue", "red"], "rgb"),
        ("rgb", ["blue"], "rgb"),
    ],
)
def test_the_named_channels_tell_the_colour(colour, variables, wanted):
    assert colour_of(ClipConfig(colour=colour), variables, default="rgb") == wanted


@pytest.mark.parametrize(
    ("colour", "variables"),
    [(None, ["t2m"]), (None, []), (None, ["luminance", "red"]), ("grey", ["red"])],
)
def test_channels_that_frames_do_not_have_are_refused(colour, variables):
    with pytest.raises(
        ValueError, match="are no channels of frames in .*: grey ones have luminance"
    ):
        colour_of(ClipConfig(colour=colour), variables, default="rgb")


def test_a_stride_is_for_validation_and_test():
    assert stride_of(ClipConfig(), "test", published=-3) == -3
    assert stride_of(ClipConfig(stride=4), "validation", published=-3) == 4
    assert stride_of(ClipConfig(stride=0), "test", published=-3) == WHOLE
    assert stride_of(ClipConfig(stride=4), "train", published=-3) == -3
