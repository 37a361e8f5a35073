"""Meters: what a run draws, read from the machine; one file a source, one interface for all."""
