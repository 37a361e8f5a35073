"""Read bills of clouds, and find what of them each run cost."""
