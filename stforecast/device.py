"""Where a network computes."""

import torch

__all__ = ["choose_device"]


def choose_device(device: str) -> str:
    """The type of device that "auto", "cpu" or "cuda" names here.

    Raises:
        ValueError: there is no such device.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device not in ("cpu", "cuda"):
        raise ValueError(f"device {device!r} is unknown; known: auto, cpu, cuda.")
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("device cuda: torch sees no GPU here; use --device cpu.")
    return device
