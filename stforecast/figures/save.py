"""Figures as files."""

from pathlib import Path

from matplotlib.figure import Figure

from pipelines.atomic import atomic_path

__all__ = ["save_figure"]


def save_figure(figure: Figure, path: str | Path, *, dpi: float = 120) -> Path:
    """Write a figure as a PNG, whole or not at all; the path.

    Args:
        dpi: pixels per inch; text and lines grow with it.

    Raises:
        ValueError: the path does not end in .png.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise ValueError(f"Figures are written as PNG, but the path is {path}; end it in .png.")
    with atomic_path(path) as temporary:
        # Without the version of matplotlib the same figure is the same file.
        figure.savefig(
            temporary,
            format="png",
            dpi=dpi,
            metadata={"Software": None},
            pil_kwargs={"optimize": True},
        )
    return path
