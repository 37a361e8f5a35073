"""Plotly pages of ``validate``, ``compare``, ``optimise`` and ``calibrate``."""
