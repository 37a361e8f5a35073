"""The launchers of trainings: a row each, and readers of what they write."""
