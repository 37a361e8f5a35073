"""The published runs, and the priors that are fitted to them."""
