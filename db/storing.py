"""New items as an import brings them in."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from db.models import Item
from db.session import Session


def add_new(session: Session, rows: Sequence[dict[str, Any]]) -> int:
    """Add the rows whose content the project does not have yet; return how many those were.

    Each row names the same columns, `project_id` and `content_hash` among them.
    """
    if not rows:
        return 0
    connection = session.connection()
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    # Nothing is done on a conflict with the unique index on project and hash.
    return connection.execute(insert(Item).on_conflict_do_nothing(), rows).rowcount
