"""Readers of the files of other tools: one format per file."""
