"""What alembic runs: the revisions, on the connection and in the transaction it is handed."""

from alembic import context

from triage.ledger.tables import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
