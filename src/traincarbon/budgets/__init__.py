"""Budgets of projects and months: what a month has taken, what is left of it, and whether a run may start."""
