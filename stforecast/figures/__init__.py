"""Figures: maps and curves, drawn without pyplot, so that servers and notebooks can use them alike."""
