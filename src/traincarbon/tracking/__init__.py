"""Metering a training while it runs, in a process of its own beside it."""
