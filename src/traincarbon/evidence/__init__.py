"""Evidence for a record: the seals of its journals, and an audit export from which a reviewer computes it again offline."""
