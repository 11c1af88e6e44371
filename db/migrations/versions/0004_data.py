"""The bin, sources, gold labels, near-duplicates, full-text search, and the history of the class set.

Columns are added where they are: no table is made anew, so the triggers on `items` stay.
"""

import sqlalchemy as sa
from alembic import op

import db.models

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PARTIAL = {"items_by_origin": "origin_id", "items_by_split": "split", "items_by_annotator": "annotator_id",
           "items_by_group": "group_id"}  # fmt: skip
TABLES = ("moved_labels", "class_changes", "word_index", "gold_labels", "item_sources", "origins")
# Contentless: it holds words, not texts. What is taken out of such an index must be named as it went in.
FULL_TEXT = (
    """CREATE VIRTUAL TABLE item_words USING fts5(
    words, content='', detail=none, tokenize='unicode61 remove_diacritics 2')""",
    # The highest ids are given anew once they are free: a new item must not pass for one that is indexed.
    """CREATE TRIGGER items_words_gone AFTER DELETE ON items WHEN OLD.id <= (SELECT upto FROM word_index WHERE id = 1)
    BEGIN
    INSERT INTO item_words (item_words, rowid, words) VALUES ('delete', OLD.id, coalesce(OLD.text, OLD.source));
    UPDATE word_index SET upto = coalesce((SELECT max(id) FROM items WHERE id < OLD.id), 0) WHERE upto = OLD.id;
    END""",
)


def upgrade() -> None:
    op.add_column("classes", sa.Column("gone_name", sa.String(length=200), nullable=True))
    op.add_column("classes", sa.Column("merged_into", sa.Integer(), nullable=True))
    op.add_column("items", sa.Column("origin_id", sa.Integer(), nullable=True))
    op.add_column("items", sa.Column("group_id", sa.Integer(), nullable=True))
    for name, column in PARTIAL.items():
        op.create_index(
            name, "items", ["project_id", column, "id"], unique=False, sqlite_where=sa.text(f"{column} IS NOT NULL")
        )
    of_classes()
    of_items()
    op.execute("INSERT INTO word_index (id, upto) VALUES (1, 0)")
    if op.get_bind().dialect.name == "sqlite":
        for statement in FULL_TEXT:
            op.execute(statement)


def of_classes() -> None:
    op.create_table(
        "class_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("annotator_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", db.models.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["annotator_id"], ["annotators.id"]),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("class_changes_by_project", "class_changes", ["project_id", "id"], unique=False)
    op.create_table(
        "moved_labels",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("had_other", sa.Boolean(), nullable=False),
        sa.Column("last_event_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["change_id"], ["class_changes.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("change_id", "item_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("moved_labels_by_item", "moved_labels", ["item_id"], unique=False)


def of_items() -> None:
    op.create_table(
        "origins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("created_at", db.models.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "name"),
    )
    op.create_table(
        "item_sources",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "source"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "gold_labels",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["class_id"], ["classes.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "class_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("gold_labels_by_class", "gold_labels", ["class_id", "item_id"], unique=False)
    op.create_table(
        "word_index",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("upto", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER items_words_gone")
        op.execute("DROP TABLE item_words")
    for name in TABLES:
        op.drop_table(name)
    for name in PARTIAL:
        op.drop_index(name, table_name="items")
    for table, column in (("items", "group_id"), ("items", "origin_id"), ("classes", "merged_into"),
                          ("classes", "gone_name")):  # fmt: skip
        op.drop_column(table, column)
