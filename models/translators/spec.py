"""What a translator is made of."""

from dataclasses import dataclass

__all__ = ["TranslatorSpec"]


@dataclass(frozen=True, kw_only=True)
class TranslatorSpec:
    """Size and options of a translator; each translator reads what concerns it."""

    channels_in: int
    """History steps × spatial width."""
    channels_out: int
    """Horizon steps × spatial width."""
    width: int
    """Channels between the first and the last layer."""
    layers: int
    """Number of blocks, at least 2."""
    mlp_ratio: int | float = 8.0
    """Hidden channels of a block's MLP, as a multiple of the block's channels."""
    drop_path: int | float = 0.0
    """Drop rate of the last block."""
    circular: bool = False
    """The grid goes round the globe in x."""
    rows: int | None = None
    """Rows of a latent frame; only a translator that is bound to its grid needs them."""
    columns: int | None = None
    """Columns of a latent frame, likewise."""
    masked_windows: bool = True
    """"swin" only: shifted windows do not join opposite edges of the grid."""
