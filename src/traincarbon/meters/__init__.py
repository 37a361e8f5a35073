"""Meters read the energy of a machine: one source per file, one interface for all."""
