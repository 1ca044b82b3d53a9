"""Patches: cells next to each other folded into channels, and back.

A recurrent network at full resolution is slow; the literature folds p×p cells into one with p² times the
channels.

B: batch, T: step, C: channel, P: channels of a patch (p²·C), Y: row, X: column; y, x: row and column of
patches.
"""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from models.spatial import pad_to_multiple

__all__ = ["fold", "unfold"]


def fold(frames: Float[Tensor, "B T C Y X"], *, patch: int) -> Float[Tensor, "B T P y x"]:
    """Frames of patches; rows and columns that do not fill a patch are repeated to do so."""
    n_steps = frames.shape[1]
    padded = pad_to_multiple(frames.flatten(0, 1), multiple=patch, circular=False)
    return rearrange(padded, "(b t) c (y p) (x q) -> b t (p q c) y x", t=n_steps, p=patch, q=patch)


def unfold(
    patches: Float[Tensor, "B T P y x"], *, patch: int, height: int, width: int
) -> Float[Tensor, "B T C Y X"]:
    """Frames of cells, `height` × `width` of them."""
    frames = rearrange(patches, "b t (p q c) y x -> b t c (y p) (x q)", p=patch, q=patch)
    return frames[..., :height, :width]
