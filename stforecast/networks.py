"""The network that an experiment describes."""

from models import NETWORKS, Network, build_network
from models.tendency import TendencyNetwork
from stforecast.experiment import Experiment

__all__ = ["network_of"]


def network_of(
    experiment: Experiment, *, n_channels: int, shape: tuple[int, int], n_inputs: int = 0
) -> Network:
    """A network with fresh weights, for frames of `n_channels` on a grid of rows and columns.

    Args:
        n_inputs: planes that come in beside the channels and do not come out.

    Raises:
        ValueError: the network or an option is unknown, or the options contradict each other.
    """
    options = experiment.network.options()
    network = build_network(
        experiment.network.name,
        options,
        history=experiment.history,
        horizon=experiment.horizon,
        channels_in=n_channels + n_inputs,
        channels_out=n_channels,
        height=shape[0],
        width=shape[1],
    )
    if experiment.target == "field":
        return network
    if not NETWORKS[experiment.network.name].one_pass:
        raise ValueError(
            f"target = 'tendency' does not go with {experiment.network.name}, which is fed its own "
            "forecasts as frames: changes are none. Choose target = 'field', or simvp."
        )
    if experiment.horizon > experiment.history and options.get("beyond_history") != "projection":
        raise ValueError(
            f"target = 'tendency' with a horizon ({experiment.horizon}) beyond the history "
            f"({experiment.history}) would feed changes back as if they were frames: choose a "
            "horizon up to the history (forecasts go on by rollout), or "
            "network.beyond_history = 'projection'."
        )
    return TendencyNetwork(network)
