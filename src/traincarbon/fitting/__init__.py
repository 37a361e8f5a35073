"""Statistics that several commands share: regression, shrinkage, outliers, and solving for a number."""
