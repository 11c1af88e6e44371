"""Leases, counted items, acceptances, bulk actions, and what was suggested.

The triggers hang on the table `items`: a later batch_alter_table of it has to make them again (`count_items`).
"""

import sqlalchemy as sa
from alembic import op

import db.models

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ADD_ONE = """INSERT INTO item_counts (project_id, status, count) VALUES (NEW.project_id, NEW.status, 1)
    ON CONFLICT (project_id, status) DO UPDATE SET count = item_counts.count + 1;"""
TAKE_ONE = """UPDATE item_counts SET count = count - 1 WHERE project_id = OLD.project_id AND status = OLD.status;"""
SQLITE = (
    f"CREATE TRIGGER items_counted_new AFTER INSERT ON items BEGIN {ADD_ONE} END",
    f"CREATE TRIGGER items_counted_gone AFTER DELETE ON items BEGIN {TAKE_ONE} END",
    f"""CREATE TRIGGER items_counted_changed AFTER UPDATE OF status ON items WHEN OLD.status <> NEW.status
    BEGIN {TAKE_ONE} {ADD_ONE} END""",
)
POSTGRESQL = (
    f"""CREATE FUNCTION count_items() RETURNS trigger AS $$ BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status = NEW.status THEN RETURN NULL; END IF;
    IF TG_OP <> 'INSERT' THEN {TAKE_ONE} END IF;
    IF TG_OP <> 'DELETE' THEN {ADD_ONE} END IF;
    RETURN NULL; END $$ LANGUAGE plpgsql""",
    """CREATE TRIGGER items_counted AFTER INSERT OR DELETE OR UPDATE OF status ON items
    FOR EACH ROW EXECUTE FUNCTION count_items()""",
)


def upgrade() -> None:
    op.create_table(
        "acceptances",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("annotator_id", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("pairs", sa.LargeBinary(), nullable=False),
        sa.Column("sample", sa.JSON(), nullable=False),
        sa.Column("created_at", db.models.UtcDateTime(), nullable=False),
        sa.Column("event_id", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["annotator_id"],
            ["annotators.id"],
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("acceptances", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_acceptances_project_id"), ["project_id"], unique=False)

    op.create_table(
        "item_counts",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "status"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "leases",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=160), nullable=False),
        sa.Column("until", db.models.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id"),
    )
    with op.batch_alter_table("leases", schema=None) as batch_op:
        batch_op.create_index("leases_by_end", ["until"], unique=False)
        batch_op.create_index("leases_by_holder", ["project_id", "holder"], unique=False)

    op.create_table(
        "bulk_actions",
        sa.Column("event_id", sa.String(length=80), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.Column("upto", sa.Integer(), nullable=True),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("created_at", db.models.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event_id"),
    )
    with op.batch_alter_table("bulk_actions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bulk_actions_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_bulk_actions_decision_id"), ["decision_id"], unique=False)

    with op.batch_alter_table("label_events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suggested", sa.JSON(), nullable=True))
        batch_op.create_index("events_by_annotator", ["project_id", "annotator_id", "id"], unique=False)
        batch_op.create_index(
            "events_of_checks",
            ["project_id", "annotator_id", "item_id"],
            unique=False,
            sqlite_where=sa.text("action = 'check'"),
            postgresql_where=sa.text("action = 'check'"),
        )

    with op.batch_alter_table("suggestions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("suggestions_by_class"))
        batch_op.create_index(
            "suggestions_by_class", ["set_id", "class_id", "confidence", "id", "item_id"], unique=False
        )
        batch_op.drop_index(batch_op.f("suggestions_by_margin"))
        batch_op.create_index("suggestions_by_margin", ["set_id", "margin", "id", "item_id"], unique=False)
    count_items()


def count_items() -> None:
    op.execute("INSERT INTO item_counts SELECT project_id, status, count(*) FROM items GROUP BY project_id, status")
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("items_counted_new", "items_counted_gone", "items_counted_changed"):
            op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute("DROP TRIGGER items_counted ON items")
        op.execute("DROP FUNCTION count_items")
    with op.batch_alter_table("suggestions", schema=None) as batch_op:
        batch_op.drop_index("suggestions_by_margin")
        batch_op.create_index(batch_op.f("suggestions_by_margin"), ["set_id", "margin"], unique=False)
        batch_op.drop_index("suggestions_by_class")
        batch_op.create_index(batch_op.f("suggestions_by_class"), ["set_id", "class_id", "confidence"], unique=False)

    with op.batch_alter_table("label_events", schema=None) as batch_op:
        batch_op.drop_index("events_of_checks")
        batch_op.drop_index("events_by_annotator")
        batch_op.drop_column("suggested")

    with op.batch_alter_table("bulk_actions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bulk_actions_decision_id"))
        batch_op.drop_index(batch_op.f("ix_bulk_actions_project_id"))

    op.drop_table("bulk_actions")
    with op.batch_alter_table("leases", schema=None) as batch_op:
        batch_op.drop_index("leases_by_holder")
        batch_op.drop_index("leases_by_end")

    op.drop_table("leases")
    op.drop_table("item_counts")
    with op.batch_alter_table("acceptances", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_acceptances_project_id"))

    op.drop_table("acceptances")
