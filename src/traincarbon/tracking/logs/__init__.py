"""Progress from the log lines of tools that people train with: one tool a file."""
