"""Benchmark this machine, for ``carbon bench``."""
