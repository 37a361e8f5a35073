"""The hardware database: facts as files, each with its source, and ours or the user's own."""
