import torch
from torch import nn

from models import build_network
from models.counting import count_macs, count_parameters


class OneConvolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1, groups=2)
        self.norm = nn.BatchNorm2d(4)
        self.fixed = nn.Parameter(torch.zeros(7), requires_grad=False)

    def forward(self, history):
        return self.norm(self.conv(history.flatten(0, 1)))


def test_trainable_values_are_counted():
    # 4 × 1 × 3 × 3 weights + 4 biases + 4 scales + 4 offsets
    assert count_parameters(OneConvolution()) == 36 + 4 + 4 + 4


def test_a_grouped_convolution_costs_its_kernel_for_each_value_it_puts_out():
    # 5 steps × 4 channels × 6 × 8 cells × 1 channel of a group × 3 × 3
    macs = count_macs(OneConvolution(), history=5, channels=2, height=6, width=8)
    assert macs == 5 * 4 * 6 * 8 * 9


def test_a_rollout_costs_every_pass():
    def macs(horizon):
        network = build_network(
            "simvp",
            {"spatial_width": 4, "translator_width": 8, "translator_layers": 2},
            history=2,
            horizon=horizon,
            channels_in=1,
            channels_out=1,
            height=8,
            width=8,
        )
        return count_macs(network, history=2, channels=1, height=8, width=8)

    assert macs(6) == 3 * macs(2)
    assert macs(1) < macs(2)  # a frame that nobody wants is not decoded


def test_counting_leaves_the_network_as_it_is():
    network = OneConvolution().train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    count_macs(network, history=1, channels=2, height=6, width=8)
    assert network.training
    for key, value in network.state_dict().items():
        assert torch.equal(value, before[key])
        assert value.device.type == "cpu"
