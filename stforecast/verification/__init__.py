"""Verification: from forecasts and truth to scores, each with the rules by which it was computed.

statistics of each frame → sums (they add up) → metrics, by the rules of a dialect → skill, tables
"""
