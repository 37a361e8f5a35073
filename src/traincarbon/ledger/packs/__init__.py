"""Journals at rest, packed: many of them as one file of Parquet, which gives each back byte by byte, beside one journal of their summaries.

The summaries are lines of a journal (``checkpoint``), so whatever reads journals, also an older version, reads a pack without Parquet.
"""
