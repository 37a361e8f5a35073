"""The statements about a training that others ask for: one neutral model of a disclosure, and one writer a format."""
