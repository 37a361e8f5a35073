"""The local web app, `carbon serve`: plans, comparisons, runs and the fleet in a browser, and the same answers as JSON."""
