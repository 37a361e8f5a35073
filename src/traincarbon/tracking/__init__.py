"""Track a training while it runs, with a metering process beside it."""
