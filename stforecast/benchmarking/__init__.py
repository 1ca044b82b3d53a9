"""Benchmarks: several networks under equal conditions.

plan → trainings (ordinary runs) → the best rate → scores and costs → tables and a figure
"""
