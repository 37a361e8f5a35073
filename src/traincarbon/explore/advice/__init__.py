"""The ways to the same end that advice computes, one kind a file."""
