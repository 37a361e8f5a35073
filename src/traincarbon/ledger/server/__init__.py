"""The ledger of a team on a server: runs of many stores in PostgreSQL, each sent from the machine that metered it."""
