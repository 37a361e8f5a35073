"""The process that meters beside the training."""
