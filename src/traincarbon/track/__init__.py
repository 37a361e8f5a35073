"""Tracking: a meter beside the training, what it shows while the training runs, and what it says at the end."""
