"""What a person sees of a tracked run: the live panel, a line a minute, and the summary."""
