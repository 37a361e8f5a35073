"""Regression, shrinkage and outliers: statistics that calibration and priors share."""
