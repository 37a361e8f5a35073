"""What real runs teach the next estimate: priors fitted to published runs, and how far estimates are from them."""
