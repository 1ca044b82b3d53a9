"""Video: clips read from files, and moving digits made by rule, as series of 8-bit frames."""
