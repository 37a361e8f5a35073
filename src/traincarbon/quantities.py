"""Exact constants."""

S_PER_H = 3600.0
S_PER_DAY = 86400.0
H_PER_DAY = 24.0
H_PER_YEAR = 8766.0
"""Hours in a Julian year of 365.25 days."""
W_PER_KW = 1e3
G_PER_KG = 1e3
