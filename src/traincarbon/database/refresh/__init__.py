"""Bring tables up to date from their upstreams, as changes that a person reviews before they are written."""
