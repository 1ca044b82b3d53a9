"""Recurrent networks: cells that take one frame after another, and the loop around them."""
