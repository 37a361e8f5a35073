"""Results as a person reads them in a terminal, one result a file."""
