"""The steps by which the tables of a ledger on a server came to be, for Alembic."""
