"""The tables. One class a noun of the glossary; times are UTC.

Label events are append-only. `Item.status`, `Item.annotator_id` and the rows of `Label` are what follows
from them, written in the same transaction.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator


class Kind(StrEnum):
    IMAGE = "image"
    TEXT = "text"


class Status(StrEnum):
    TODO = "todo"
    LABELED = "labeled"
    SKIPPED = "skipped"
    FLAGGED = "flagged"
    # In the bin: shown nowhere but there, and back by an undo until the bin is emptied.
    DELETED = "deleted"


# What "all items" means everywhere but in the bin.
PRESENT = (Status.TODO, Status.LABELED, Status.SKIPPED, Status.FLAGGED)


class Split(StrEnum):
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class Action(StrEnum):
    LABEL = "label"
    SKIP = "skip"
    FLAG = "flag"
    CLEAR = "clear"
    # A second, blind look at a labeled item: an answer that changes nothing.
    CHECK = "check"
    DELETE = "delete"
    # Out of the bin, as it was before.
    RESTORE = "restore"
    UNDO = "undo"
    REDO = "redo"


class DecisionState(StrEnum):
    DONE = "done"
    UNDONE = "undone"
    # Undone, and then the annotator decided something new: it can no longer be redone.
    DROPPED = "dropped"


class JobKind(StrEnum):
    IMPORT = "import"
    EMBED = "embed"
    SUGGEST = "suggest"
    TRAIN = "train"
    EXPORT = "export"
    DOWNLOAD = "download"
    LABEL = "label"
    # Finding near-duplicates.
    GROUP = "group"
    # Emptying the bin.
    EMPTY = "empty"
    # Judging finished runs by the labels of today.
    EVALUATE = "evaluate"
    # Looking through the labeled data: see `backend.inspecting`.
    INSPECT = "inspect"


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"


class RunState(StrEnum):
    """A run's state is its job's state, kept with the run so that it outlives the job's row."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"


def now() -> datetime:
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """SQLite forgets time zones: store UTC, give back UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {dict[str, Any]: JSON, list[Any]: JSON, datetime: UtcDateTime}


def table(model: type[Base]) -> Table:
    """The table behind a model: for many rows at once, without an object each."""
    return model.metadata.tables[model.__tablename__]


class Project(Base):
    __tablename__ = "projects"
    __table_args__ = (
        Index(
            "projects_by_name",
            "name",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[Kind] = mapped_column(String(10))
    multi_label: Mapped[bool] = mapped_column(default=False)
    description: Mapped[str] = mapped_column(default="")
    # The suggestion set that the pad shows; none until one was made.
    suggestion_set_id: Mapped[int | None] = mapped_column(default=None)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
    # Deleted projects stay until they are emptied, so that a deletion can be undone.
    deleted_at: Mapped[datetime | None] = mapped_column(default=None)
    classes: Mapped[list["LabelClass"]] = relationship(order_by="LabelClass.position", passive_deletes=True)


class LabelClass(Base):
    __tablename__ = "classes"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(10), default="")
    color: Mapped[str] = mapped_column(String(9))
    description: Mapped[str] = mapped_column(default="")
    # What a model reads instead of name and description: one prompt a line.
    prompt: Mapped[str] = mapped_column(Text, default="", server_default="")
    position: Mapped[int] = mapped_column(default=0)
    archived: Mapped[bool] = mapped_column(default=False)
    # The name of a class that was merged or deleted; then `name` is one that nobody else can want. None: it is there.
    gone_name: Mapped[str | None] = mapped_column(String(200), default=None)
    # The class that its labels went to.
    merged_into: Mapped[int | None] = mapped_column(default=None)


class ClassChange(Base):
    """One change of the classes of a project, as one undo takes it back: the history of the class set."""

    __tablename__ = "class_changes"
    __table_args__ = (Index("class_changes_by_project", "project_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    annotator_id: Mapped[int | None] = mapped_column(ForeignKey("annotators.id"), default=None)
    # "add", "change", "reorder", "merge", "split", "archive", "delete"
    kind: Mapped[str] = mapped_column(String(20))
    # The fields of each class that it touched: [{"id", "name", …}], as they were and as they are since.
    before: Mapped[list[Any]] = mapped_column(default=list)
    after: Mapped[list[Any]] = mapped_column(default=list)
    # What it touched, as was said beforehand: {"items", "labels", …}.
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[DecisionState] = mapped_column(String(10), default=DecisionState.DONE)
    created_at: Mapped[datetime] = mapped_column(default=now)


class MovedLabel(Base):
    """A label that a change of classes took from its item, so that an undo can give it back."""

    __tablename__ = "moved_labels"
    __table_args__ = (Index("moved_labels_by_item", "item_id"), {"sqlite_with_rowid": False})

    change_id: Mapped[int] = mapped_column(ForeignKey("class_changes.id", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    # Whether the item had the class that the label went to as well: then an undo leaves that one.
    had_other: Mapped[bool] = mapped_column(default=False)
    # The event that the item's state came from. An undo leaves what somebody decided since.
    last_event_id: Mapped[int | None] = mapped_column(default=None)


class Annotator(Base):
    __tablename__ = "annotators"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Item(Base):
    """One image or one text. `content_hash` is the SHA-256 of the original bytes (of the UTF-8 text)."""

    __tablename__ = "items"
    __table_args__ = (
        # Also the random order: hashes are as good as shuffled, and the same on every machine.
        Index("items_by_hash", "project_id", "content_hash", unique=True),
        Index("items_by_status", "project_id", "status", "id"),
        Index("items_to_do_shuffled", "project_id", "content_hash", sqlite_where=text("status = 'todo'")),
        # Small while little is decided; answers who decided what without reading a single item.
        Index(
            "items_decided",
            "project_id",
            "status",
            "annotator_id",
            "split",
            sqlite_where=text("status <> 'todo'"),
            postgresql_where=text("status <> 'todo'"),
        ),
        # Each of these gives the items of one filter in the order of their ids; what has none of it is not in them.
        Index("items_by_origin", "project_id", "origin_id", "id", sqlite_where=text("origin_id IS NOT NULL")),
        Index("items_by_split", "project_id", "split", "id", sqlite_where=text("split IS NOT NULL")),
        Index("items_by_annotator", "project_id", "annotator_id", "id", sqlite_where=text("annotator_id IS NOT NULL")),
        Index("items_by_group", "project_id", "group_id", "id", sqlite_where=text("group_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    content_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    text: Mapped[str | None] = mapped_column(default=None)
    media_type: Mapped[str | None] = mapped_column(String(50), default=None)
    width: Mapped[int | None] = mapped_column(default=None)
    height: Mapped[int | None] = mapped_column(default=None)
    # The file name, or "file.csv row 12".
    source: Mapped[str] = mapped_column(default="")
    # The file, archive or folder that it came from.
    origin_id: Mapped[int | None] = mapped_column(default=None)
    # Near-duplicates share it: the smallest item id among them. None: it is like no other, or nobody has looked yet.
    group_id: Mapped[int | None] = mapped_column(default=None)
    # What the data said of it beyond text and label: {"id", a column's name, …}; of an image also {"frames"}.
    meta: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    status: Mapped[Status] = mapped_column(String(10), default=Status.TODO)
    split: Mapped[Split | None] = mapped_column(String(10), default=None)
    annotator_id: Mapped[int | None] = mapped_column(ForeignKey("annotators.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    # The event that made the present state: an undo may only take back what is still standing.
    last_event_id: Mapped[int | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Origin(Base):
    """A file with rows, an archive, or a folder of files that items came from; `name` is what a person sees."""

    __tablename__ = "origins"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(default=now)


class ItemSource(Base):
    """Another place where the content of an item was found, beside `Item.source`."""

    __tablename__ = "item_sources"
    __table_args__ = ({"sqlite_with_rowid": False},)

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[str] = mapped_column(String(1000), primary_key=True)


class GoldLabel(Base):
    """A class that the data named and that was put aside to compare with. It is nobody's label. One row a class."""

    __tablename__ = "gold_labels"
    __table_args__ = (Index("gold_labels_by_class", "class_id", "item_id"), {"sqlite_with_rowid": False})

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    class_id: Mapped[int] = mapped_column(ForeignKey("classes.id", ondelete="CASCADE"), primary_key=True)


class WordIndex(Base):
    """How far the full-text index `item_words` (FTS5, SQLite only) has come: a single row. Items behind are scanned."""

    __tablename__ = "word_index"

    id: Mapped[int] = mapped_column(primary_key=True)
    upto: Mapped[int] = mapped_column(default=0)


class ItemCount(Base):
    """How many items of a status a project has. Kept by triggers on `items`: counting a million takes too long."""

    __tablename__ = "item_counts"
    __table_args__ = ({"sqlite_with_rowid": False},)

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    status: Mapped[Status] = mapped_column(String(10), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class Lease(Base):
    """An item that somebody has in front of them or will have next. It ends by itself at `until`."""

    __tablename__ = "leases"
    __table_args__ = (Index("leases_by_holder", "project_id", "holder"), Index("leases_by_end", "until"))

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    # The annotator's name and the tab: "ada/5f3c…".
    holder: Mapped[str] = mapped_column(String(160))
    until: Mapped[datetime]


class Label(Base):
    """The classes that a person gave to an item, as they stand now. One row a class."""

    __tablename__ = "labels"
    __table_args__ = (Index("labels_by_class", "class_id", "item_id"), {"sqlite_with_rowid": False})

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    class_id: Mapped[int] = mapped_column(ForeignKey("classes.id", ondelete="CASCADE"), primary_key=True)


class Decision(Base):
    """What one undo takes back: a key press, or a bulk action over many items."""

    __tablename__ = "decisions"
    __table_args__ = (Index("decisions_by_annotator", "project_id", "annotator_id", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotators.id"))
    state: Mapped[DecisionState] = mapped_column(String(10), default=DecisionState.DONE)
    created_at: Mapped[datetime] = mapped_column(default=now)


class LabelEvent(Base):
    """One thing that happened to one item. Never changed, never deleted while its item exists."""

    __tablename__ = "label_events"
    __table_args__ = (
        Index("events_by_item", "item_id", "id"),
        Index("events_by_decision", "decision_id"),
        Index("events_by_project", "project_id", "id"),
        Index("events_by_annotator", "project_id", "annotator_id", "id"),
        Index(
            "events_of_checks",
            "project_id",
            "annotator_id",
            "item_id",
            sqlite_where=text("action = 'check'"),
            postgresql_where=text("action = 'check'"),
        ),
        Index(
            "events_by_agreement",
            "project_id",
            "agreed",
            sqlite_where=text("agreed IS NOT NULL"),
            postgresql_where=text("agreed IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # Made by the client, so that a re-send changes nothing.
    event_id: Mapped[str] = mapped_column(String(80), unique=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"))
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotators.id"))
    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id", ondelete="CASCADE"))
    action: Mapped[Action] = mapped_column(String(10))
    class_ids: Mapped[list[Any]] = mapped_column(default=list)
    # {status, class_ids, annotator_id, decided_at, last_event_id} as it was before.
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    seconds: Mapped[float | None] = mapped_column(default=None)
    suggestion_id: Mapped[int | None] = mapped_column(default=None)
    # Whether the person chose what that suggestion said. Kept here: suggestions come and go.
    agreed: Mapped[bool | None] = mapped_column(default=None)
    # {"class_id", "confidence", "is_hidden"}: what was suggested then, and whether the person could see it.
    suggested: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)


class BulkAction(Base):
    """An undo, redo or bulk label that somebody asked for. It goes over its items in parts, each a transaction, so that
    nobody's label waits for it; asked for again, it goes on where it was, or changes nothing.
    """

    __tablename__ = "bulk_actions"

    event_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Action] = mapped_column(String(10))
    # None when there was nothing to do.
    decision_id: Mapped[int | None] = mapped_column(
        ForeignKey("decisions.id", ondelete="CASCADE"), default=None, index=True
    )
    # The last event (of an undo or redo) or item (of a bulk label) that had its turn, and the last that will have one.
    cursor: Mapped[int] = mapped_column(default=0)
    upto: Mapped[int | None] = mapped_column(default=None)
    changed: Mapped[int] = mapped_column(default=0)
    # Those that were left as they are.
    left: Mapped[int] = mapped_column(default=0)
    is_done: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Acceptance(Base):
    """Suggestions above a confidence, as they stood when somebody asked to accept them all, and the sample to judge by.

    Kept, because suggestions learn on, even from the sample's own answers: what was measured is what is accepted.
    """

    __tablename__ = "acceptances"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotators.id"))
    confidence: Mapped[float]
    # (n, 2) int64: item id, class id. Sorted; an item with several classes comes several times.
    pairs: Mapped[bytes] = mapped_column(LargeBinary)
    # The ids of the items that are asked about.
    sample: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=now)
    # Of the bulk label that followed.
    event_id: Mapped[str | None] = mapped_column(String(80), default=None)


class SuggestionSet(Base):
    """One pass of one suggester over a project. `class_ids` is the order of every score vector in it."""

    __tablename__ = "suggestion_sets"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    engine: Mapped[str] = mapped_column(String(30))
    model: Mapped[str] = mapped_column(String(300))
    revision: Mapped[str] = mapped_column(String(80), default="")
    prompts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    class_ids: Mapped[list[Any]] = mapped_column(default=list)
    job_id: Mapped[int | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)
    # None while it is being filled: a set is used only when every item has had its turn.
    finished_at: Mapped[datetime | None] = mapped_column(default=None)


# For a few items of a set SQLite otherwise walks the whole set, in an index that has all the columns asked for.
BY_ITEM = "INDEXED BY suggestions_by_item"


class Suggestion(Base):
    """A model's guess on an item. `scores` is float32, one per class of the set; it sums to 1 unless multi-label."""

    __tablename__ = "suggestions"
    __table_args__ = (
        Index("suggestions_by_item", "set_id", "item_id", unique=True),
        # With the item, so that walking them reads nothing but the index.
        Index("suggestions_by_margin", "set_id", "margin", "id", "item_id"),
        Index("suggestions_by_class", "set_id", "class_id", "confidence", "id", "item_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    set_id: Mapped[int] = mapped_column(ForeignKey("suggestion_sets.id", ondelete="CASCADE"))
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), index=True)
    class_id: Mapped[int] = mapped_column(ForeignKey("classes.id", ondelete="CASCADE"), index=True)
    confidence: Mapped[float]
    # The best score less the second best; small means unsure.
    margin: Mapped[float]
    scores: Mapped[bytes] = mapped_column(LargeBinary)


class Recipe(Base):
    __tablename__ = "recipes"
    __table_args__ = (UniqueConstraint("name", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(default=1)
    # [{"transform": "RandomHorizontalFlip", "params": {...}, "probability": 0.5}, …]
    steps: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Snapshot(Base):
    """The frozen labeled data that runs learn from; the rows are in a Parquet file below home."""

    __tablename__ = "snapshots"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    # [{"id", "name", "color"}, …] in the order of the scores of every run on this snapshot.
    classes: Mapped[list[Any]] = mapped_column(default=list)
    # {"train": {class_id: n}, "validation": …, "test": …}
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # {"majority": {"test": {...}}, "logistic_regression": {...}}; filled by the first run on the snapshot.
    baselines: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Job(Base):
    __tablename__ = "jobs"
    __table_args__ = (Index("jobs_by_state", "state", "id"), Index("jobs_by_project", "project_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), default=None)
    kind: Mapped[JobKind] = mapped_column(String(20))
    # Jobs of one lane run one after the other.
    lane: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(300), default="")
    spec: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[JobState] = mapped_column(String(20), default=JobState.QUEUED)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None] = mapped_column(default=None)
    unit: Mapped[str] = mapped_column(String(20), default="items")
    per_second: Mapped[float | None] = mapped_column(default=None)
    message: Mapped[str] = mapped_column(default="")
    # {"code", "message", "hint"} of a failed job.
    error: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    report: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    # What a resumed job needs to go on where it was.
    cursor: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    # "best" or "nothing" once somebody asked to stop.
    stop_keep: Mapped[str | None] = mapped_column(String(10), default=None)
    # The process that runs it. Pids are reused and survive a reboot in name only: all three must match.
    pid: Mapped[int | None] = mapped_column(default=None)
    pid_started: Mapped[float | None] = mapped_column(default=None)
    boot_id: Mapped[str | None] = mapped_column(String(60), default=None)
    # What of the machine it has to itself while it runs: "cpu", "0" for the first GPU, "0,1" for two.
    device: Mapped[str | None] = mapped_column(String(100), default=None)
    # When it last said something: one that is silent for long hangs.
    beat_at: Mapped[datetime | None] = mapped_column(default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)


class Sweep(Base):
    """Runs that were started together to find settings: they share a budget."""

    __tablename__ = "sweeps"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200), default="")
    # Setting -> the values that were tried.
    space: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Of training, all runs together; none for as long as they take.
    minutes: Mapped[float | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Run(Base):
    __tablename__ = "runs"
    __table_args__ = (
        Index("runs_by_project", "project_id", "id"),
        Index("runs_by_sweep", "sweep_id", sqlite_where=text("sweep_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    job_id: Mapped[int | None] = mapped_column(default=None)
    snapshot_id: Mapped[int | None] = mapped_column(ForeignKey("snapshots.id"), default=None)
    # No foreign keys: SQLite would have to copy the table for them, and a run outlives both.
    sweep_id: Mapped[int | None] = mapped_column(default=None)
    # The run that it repeats with other settings.
    cloned_from: Mapped[int | None] = mapped_column(default=None)
    name: Mapped[str] = mapped_column(String(200), default="")
    spec: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[RunState] = mapped_column(String(20), default=RunState.QUEUED)
    # {"test": {"accuracy", "f1_macro", "n", "per_class": [...], "confusion": [[...]]}, "validation": {...}}
    metrics: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # {"python", "torch", "device", "seconds", "git", …}
    environment: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Relative to home; none until there is something to use.
    artifact: Mapped[str | None] = mapped_column(String(300), default=None)
    note: Mapped[str] = mapped_column(default="")
    # Words of the person's own, to find runs by.
    tags: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    is_starred: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Kept, but no longer in the lists unless asked for.
    is_archived: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)


class RunMetric(Base):
    """One point of one curve. A resumed run writes a step again: the newer value replaces the older."""

    __tablename__ = "run_metrics"
    __table_args__ = (UniqueConstraint("run_id", "name", "step"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    # "train/loss", "validation/accuracy", …
    name: Mapped[str] = mapped_column(String(60))
    step: Mapped[int]
    epoch: Mapped[float | None] = mapped_column(default=None)
    value: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Prediction(Base):
    """A run's scores on an item of its snapshot (validation and test), in the order of the snapshot's classes."""

    __tablename__ = "predictions"
    __table_args__ = ({"sqlite_with_rowid": False},)

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    # Without the index an item that goes for ever would look through the predictions of all runs.
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, index=True)
    split: Mapped[Split] = mapped_column(String(10))
    # What the person had said when the snapshot was made.
    target_ids: Mapped[list[Any]] = mapped_column(default=list)
    class_id: Mapped[int]
    confidence: Mapped[float]
    scores: Mapped[bytes] = mapped_column(LargeBinary)


class Evaluation(Base):
    """A run judged by today's labels of today's test items, the newest time only: its own figures stay as they were."""

    __tablename__ = "evaluations"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    # The order of every score in it: the classes of the project then.
    class_ids: Mapped[list[Any]] = mapped_column(default=list)
    # As a run's metrics of one split; {} while there is nothing to judge by.
    metrics: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Of the items and labels that it was judged by: two evaluations with the same one can be compared.
    fingerprint: Mapped[str] = mapped_column(String(64))
    # Test items of today that the run could not be asked about, because its model is gone.
    unanswered: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)


class EvaluationAnswer(Base):
    """A run's scores on a test item of today, in the order of the evaluation's classes, and the label of then."""

    __tablename__ = "evaluation_answers"
    __table_args__ = ({"sqlite_with_rowid": False},)

    run_id: Mapped[int] = mapped_column(ForeignKey("evaluations.run_id", ondelete="CASCADE"), primary_key=True)
    # Without the index an item that goes for ever would look through the answers of all runs.
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, index=True)
    target_ids: Mapped[list[Any]] = mapped_column(default=list)
    class_id: Mapped[int]
    confidence: Mapped[float]
    scores: Mapped[bytes] = mapped_column(LargeBinary)


class Worklist(Base):
    """Items to look at once more, in an order: what a gallery, a queue of doubts or a lasso sends to the label page."""

    __tablename__ = "worklists"
    __table_args__ = (Index("worklists_by_project", "project_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    # What a person calls it, such as "Broken by Head on MiniLM 3".
    name: Mapped[str] = mapped_column(String(300))
    # int64 item ids, in the order to look at them.
    item_ids: Mapped[bytes] = mapped_column(LargeBinary)
    # Item id, as text, -> why it is in the list. Items without a word are missing.
    notes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # The newest label event then: an item with a newer one has been looked at.
    upto_event: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Inspection(Base):
    """What one look through the data found. The newest of its kind that is finished is the one that counts."""

    __tablename__ = "inspections"
    __table_args__ = (Index("inspections_by_kind", "project_id", "kind", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    # "label_errors", "learning_curve", "map"
    kind: Mapped[str] = mapped_column(String(30))
    job_id: Mapped[int | None] = mapped_column(default=None)
    spec: Mapped[dict[str, Any]] = mapped_column(default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # The newest label event when it began to read: with newer ones it is out of date.
    upto_event: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
