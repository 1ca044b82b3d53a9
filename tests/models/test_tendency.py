import torch

from models import build_network
from models.network import Network
from models.tendency import TendencyNetwork

OPTIONS = {"spatial_width": 4, "translator_width": 8, "translator_layers": 2}


def network_of():
    torch.manual_seed(0)
    return build_network(
        "simvp",
        OPTIONS,
        history=4,
        horizon=3,
        channels_in=2,
        channels_out=2,
        height=8,
        width=8,
    ).eval()


def test_a_network_that_puts_out_nothing_is_persistence():
    inner = network_of()
    for parameter in inner.parameters():
        torch.nn.init.zeros_(parameter)
    history = torch.randn(2, 4, 2, 8, 8)
    assert torch.equal(TendencyNetwork(inner)(history), history[:, -1:].expand(-1, 3, -1, -1, -1))


def test_the_loss_is_that_of_the_forecast():
    network = TendencyNetwork(network_of())
    history, target = torch.randn(2, 4, 2, 8, 8), torch.randn(2, 3, 2, 8, 8)

    def error(forecast, truth):
        return (forecast - truth).square().mean()

    loss = network.training_loss(history, target, error=error, progress=0.0)
    torch.testing.assert_close(loss, error(network(history), target))


def test_extra_inputs_are_no_part_of_what_changes():
    class FirstChannel(Network):
        def forward(self, history):
            return 2 * history[:, :, :1]

        def training_loss(self, history, target, *, error, progress):
            return error(self(history), target)

    history, target = torch.randn(2, 3, 4, 5, 5), torch.randn(2, 3, 1, 5, 5)
    network = TendencyNetwork(FirstChannel())
    torch.testing.assert_close(network(history), history[:, -1:, :1] + 2 * history[:, :, :1])

    def error(forecast, truth):
        return (forecast - truth).square().mean()

    loss = network.training_loss(history, target, error=error, progress=0.0)
    torch.testing.assert_close(loss, error(network(history), target))
