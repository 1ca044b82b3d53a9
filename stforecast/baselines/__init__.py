"""Baselines: forecasts that need no network, with the same interface, so that skill is relative."""
