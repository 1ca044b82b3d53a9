import pytest
import torch
from torch import nn

from models.translators import TranslatorSpec
from models.translators.incepu import InceptionTranslator


def test_skips_double_the_width_of_all_blocks_up_but_the_first():
    spec = TranslatorSpec(channels_in=24, channels_out=40, width=16, layers=4)
    translator = InceptionTranslator(spec)
    assert [block.reduce.in_channels for block in translator.encoder] == [24, 16, 16, 16]
    assert [block.reduce.in_channels for block in translator.decoder] == [16, 32, 32, 32]
    assert translator(torch.randn(1, 24, 4, 4)).shape == (1, 40, 4, 4)


def test_two_layers_are_enough():
    spec = TranslatorSpec(channels_in=8, channels_out=8, width=16, layers=2)
    assert InceptionTranslator(spec)(torch.randn(1, 8, 4, 4)).shape == (1, 8, 4, 4)


@pytest.mark.parametrize(("width", "groups"), [(16, 8), (48, 8), (12, 1)])
def test_eight_groups_unless_half_the_width_does_not_divide(width, groups):
    spec = TranslatorSpec(channels_in=8, channels_out=8, width=width, layers=2)
    convolutions = [
        part
        for part in InceptionTranslator(spec).modules()
        if isinstance(part, nn.Conv2d) and part.kernel_size != (1, 1)
    ]
    assert {part.groups for part in convolutions} == {groups}
    assert {part.kernel_size[0] for part in convolutions} == {3, 5, 7, 11}


def test_channels_out_that_eight_does_not_divide_are_refused():
    spec = TranslatorSpec(channels_in=8, channels_out=12, width=16, layers=2)
    message = r"normalises in 8 groups, but steps × spatial_width is 12; take a spatial_width"
    with pytest.raises(ValueError, match=message):
        InceptionTranslator(spec)
