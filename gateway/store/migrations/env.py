"""Alembic's entry point: runs the migrations on the connection that `gateway.store.migrate` hands over."""

from alembic import context

from gateway.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can't alter a column: the table is made anew and its triggers with it, which a migration must restore.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
