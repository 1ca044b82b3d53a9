"""Batch jobs: forecasts of many init times, day after day, that nobody watches."""
