"""The metering process beside the training."""
