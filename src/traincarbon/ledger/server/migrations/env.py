"""What Alembic runs to bring a database up to date: in the connection and the transaction of the caller."""

from alembic import context

from traincarbon.ledger.server.address import SCHEMA
from traincarbon.ledger.server.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, version_table_schema=SCHEMA, include_schemas=True, transactional_ddl=True
)
context.run_migrations()
