"""Fit the model to your own runs, for ``carbon calibrate``."""
