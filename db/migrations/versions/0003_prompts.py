"""A prompt a class."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Added where it is: no table is made anew, so the triggers on `items` stay.
    op.add_column("classes", sa.Column("prompt", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("classes", "prompt")
