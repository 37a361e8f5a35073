"""One step a file; each states which one it follows."""
