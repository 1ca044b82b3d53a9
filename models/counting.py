"""The size of a network: parameters and multiply-adds, at no cost."""

import torch
from torch import nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["count_macs", "count_parameters"]


def count_parameters(network: nn.Module) -> int:
    """Number of trainable values."""
    return sum(values.numel() for values in network.parameters() if values.requires_grad)


def count_macs(network: nn.Module, *, history: int, channels: int, height: int, width: int) -> int:
    """Multiply-adds of one forecast of one window: what papers' tables call FLOPs.

    Convolutions and matrix products count; normalisations and activations do not. Nothing is
    computed (meta device), and the network stays as it is.
    """
    shapes = {
        name: values.to("meta")
        for values_of in (network.named_parameters(), network.named_buffers())
        for name, values in values_of
    }
    window = torch.empty(1, history, channels, height, width, device="meta")
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        functional_call(network, shapes, (window,))
    return counter.get_total_flops() // 2
