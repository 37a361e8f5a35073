"""Meter the other nodes of a batch job, for a command that its first node started."""
