"""Published training runs, and the priors fitted to them."""
