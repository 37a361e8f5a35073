"""The ledger of a team on a server: runs of many stores in PostgreSQL, sent by whoever metered them."""
