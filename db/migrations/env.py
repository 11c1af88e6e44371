"""Runs the migrations on the database that db.session.migrate names."""

from alembic import context
from sqlalchemy import create_engine, text

from db.models import Base

url = context.config.attributes["url"]
engine = create_engine(url)
with engine.connect() as connection:
    if url.startswith("sqlite"):
        connection.execute(text("PRAGMA busy_timeout=60000"))
        connection.execute(text("PRAGMA journal_mode=WAL"))
        connection.commit()
        # Two processes may start at once: the second waits here and then finds nothing to do.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_as_batch=True, transactional_ddl=True
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
