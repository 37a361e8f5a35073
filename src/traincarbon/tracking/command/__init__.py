"""The process that runs the training: its streams, terminal, signals and exit code."""
