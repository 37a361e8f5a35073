"""Runs and estimates in the formats of other tools."""
