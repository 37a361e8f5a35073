"""The formats of a disclosure, one a file."""
