"""Measuring this machine, for ``carbon bench``."""
