"""The first page of a plan: what to approve, how sure it is, what else would do, and when the money goes."""
