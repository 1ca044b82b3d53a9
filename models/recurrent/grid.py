"""Recurrent networks with a weight for each cell of their grid: they take no other grid."""

from jaxtyping import Float
from torch import Tensor

__all__ = ["check_grid"]


def check_grid(frame: Float[Tensor, "B P y x"], *, rows: int, columns: int) -> None:
    """Raise ValueError unless the frame has the rows and columns of patches that were built for."""
    if frame.shape[-2:] != (rows, columns):
        seen_rows, seen_columns = frame.shape[-2:]
        raise ValueError(
            f"The network has a weight for each of {rows} × {columns} patches (rows × columns), "
            f"but a frame has {seen_rows} × {seen_columns}; build and train one for this grid."
        )
