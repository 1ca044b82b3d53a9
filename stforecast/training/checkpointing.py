"""Gradient checkpointing: less memory for more arithmetic."""

from torch import nn

from models.translators.metaformer import MetaTranslator

__all__ = ["checkpoint_gradients"]


def checkpoint_gradients(network: nn.Module) -> None:
    """Let the blocks of a network's translator be computed again for the gradients, instead of kept.

    Raises:
        ValueError: the network has no such blocks.

    References:
        Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost, arXiv 1604.06174.
    """
    translators = [part for part in network.modules() if isinstance(part, MetaTranslator)]
    if not translators:
        raise ValueError(
            "training.checkpoint_gradients = true computes the blocks of SimVP's translator again, but "
            f"{type(network).__name__} here has no such blocks; leave it out, or choose simvp with "
            "another translator than incepu."
        )
    for translator in translators:
        translator.checkpoints_gradients = True
