"""Failures that are nobody's mistake, but have a reason worth a line."""

__all__ = ["TrainingError"]


class TrainingError(RuntimeError):
    """A training that came to nothing."""
