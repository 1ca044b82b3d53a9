"""Numbers as people read them."""

__all__ = ["short_number"]


def short_number(value: float) -> str:
    """A number in a few digits: "101325", "0.0123"; without a power of ten where it is readable."""
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e7 else f"{value:.4g}"
