"""Which device a job has, sweeps, and where a run came from.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

import db.models

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sweeps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("space", sa.JSON(), nullable=False),
        sa.Column("minutes", sa.Double(), nullable=True),
        sa.Column("created_at", db.models.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("jobs", sa.Column("device", sa.String(length=100), nullable=True))
    op.add_column("jobs", sa.Column("beat_at", db.models.UtcDateTime(), nullable=True))
    op.add_column("runs", sa.Column("sweep_id", sa.Integer(), nullable=True))
    op.add_column("runs", sa.Column("cloned_from", sa.Integer(), nullable=True))
    op.create_index("runs_by_sweep", "runs", ["sweep_id"], sqlite_where=sa.text("sweep_id IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("runs_by_sweep", table_name="runs")
    op.drop_column("runs", "cloned_from")
    op.drop_column("runs", "sweep_id")
    op.drop_column("jobs", "beat_at")
    op.drop_column("jobs", "device")
    op.drop_table("sweeps")
