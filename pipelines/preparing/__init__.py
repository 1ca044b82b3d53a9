"""Preparing a store: raw files copied by independent blocks, then measured, on any number of workers."""
