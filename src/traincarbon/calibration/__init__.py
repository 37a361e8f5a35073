"""Fitting estimates to a team's own runs, for ``carbon calibrate``."""
