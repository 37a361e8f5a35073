"""Metering a run while it goes on: beside the training, never in its way."""
