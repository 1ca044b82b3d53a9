"""Training: from an experiment and a series to a run with a forecaster in it."""

from stforecast.training.train import train

__all__ = ["train"]
