"""The changes of a project's classes, and the labels that they move: each a handful of statements, however many labels.

What a change did to labels is kept in `moved_labels`, one row an item, so that an undo gives exactly those back that
nobody decided on since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    ScalarSelect,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from db.models import (
    ClassChange,
    DecisionState,
    GoldLabel,
    Item,
    Label,
    LabelClass,
    LabelEvent,
    MovedLabel,
    Run,
    Snapshot,
    Status,
    Suggestion,
    table,
)
from db.session import Session, direct
from db.suggestions import in_bin

MOVED, LABELS, GOLD, ITEMS, EVENTS = (table(each) for each in (MovedLabel, Label, GoldLabel, Item, LabelEvent))
CLASSES = table(LabelClass)
# A share of a change: what it does to the labels, or the gold labels, of one class.
PART = "part"


@dataclass(frozen=True)
class Move:
    """The labels of one class that go with it, to the class `into` or away. `id` is the part of the change."""

    id: int
    class_id: int
    into: int | None
    is_gold: bool


def lock(session: Session, project_id: int) -> None:
    """Nobody records a label of these classes meanwhile. SQLite has one writer anyhow."""
    direct(session).execute(select(CLASSES.c.id).where(CLASSES.c.project_id == project_id).with_for_update())


def add(session: Session, change: ClassChange, moves: Sequence[tuple[int, int | None]] = ()) -> ClassChange:
    """`moves` are the classes whose labels go with them, and where to. What was undone can no longer be redone."""
    undone = update(ClassChange).where(
        ClassChange.project_id == change.project_id, ClassChange.state == DecisionState.UNDONE
    )
    session.execute(undone.values(state=DecisionState.DROPPED).execution_options(synchronize_session=False))
    session.add(change)
    session.flush()
    for class_id, into in moves:
        for is_gold in (False, True):
            about = {"of": change.id, "class_id": class_id, "into": into, "is_gold": is_gold}
            session.add(ClassChange(project_id=change.project_id, kind=PART, counts=about))
    session.flush()
    return change


def moves_of(session: Session, change: ClassChange) -> list[Move]:
    """In the order in which they were made."""
    return [move for move, of in _parts(session, change.project_id) if of == change.id]


def _parts(session: Session, project_id: int) -> list[tuple[Move, int]]:
    query = select(ClassChange.id, ClassChange.counts)
    query = query.where(ClassChange.project_id == project_id, ClassChange.kind == PART).order_by(ClassChange.id)
    return [
        (Move(part_id, about["class_id"], about["into"], about["is_gold"]), about["of"])
        for part_id, about in session.execute(query)
    ]


def has_moved(session: Session, project_id: int) -> bool:
    """Whether any change of the project ever took labels along, or may when it is undone."""
    query = select(ClassChange.id).where(ClassChange.project_id == project_id, ClassChange.kind == PART)
    return session.scalar(query.limit(1)) is not None


def get(session: Session, change_id: int) -> ClassChange | None:
    return session.get(ClassChange, change_id)


def newest_done(session: Session, project_id: int) -> ClassChange | None:
    """What an undo takes back."""
    return session.scalar(_in_state(project_id, DecisionState.DONE).order_by(ClassChange.id.desc()).limit(1))


def last_undone(session: Session, project_id: int) -> ClassChange | None:
    """What a redo brings back: undone newest first, so the oldest of the undone was undone last."""
    return session.scalar(_in_state(project_id, DecisionState.UNDONE).order_by(ClassChange.id).limit(1))


def _in_state(project_id: int, state: DecisionState) -> Select[ClassChange]:
    return select(ClassChange).where(
        ClassChange.project_id == project_id, ClassChange.kind != PART, ClassChange.state == state
    )


def page(session: Session, project_id: int, after: int | None, limit: int) -> Sequence[ClassChange]:
    """Newest first; `after` is the last id of the page before."""
    query = select(ClassChange).where(ClassChange.project_id == project_id, ClassChange.kind != PART)
    query = query.order_by(ClassChange.id.desc()).limit(limit)
    return session.scalars(query.where(ClassChange.id < after) if after is not None else query).all()


def newest_split(session: Session, project_id: int, class_id: int) -> ClassChange | None:
    """The newest splitting of this class that stands."""
    query = _in_state(project_id, DecisionState.DONE).where(ClassChange.kind == "split").order_by(ClassChange.id.desc())
    return next((each for each in session.scalars(query) if each.counts["class_id"] == class_id), None)


def of_item(session: Session, item: Item) -> list[tuple[ClassChange, Move]]:
    """What moved a label of the item, newest first."""
    part_ids = set(session.scalars(select(MovedLabel.change_id).where(MovedLabel.item_id == item.id)))
    if not part_ids:
        return []
    parts = [(move, of) for move, of in _parts(session, item.project_id) if move.id in part_ids and not move.is_gold]
    return [(session.get_one(ClassChange, of), move) for move, of in reversed(parts)]


def standing(session: Session, project_id: int) -> list[Move]:
    """What took labels from classes that are gone, in the order in which it did: of labels, not of gold ones."""
    parts = [(move, of) for move, of in _parts(session, project_id) if not move.is_gold]
    query = select(ClassChange.id, ClassChange.kind, ClassChange.state)
    query = query.where(ClassChange.project_id == project_id, ClassChange.kind != PART)
    changes = {row[0]: row for row in session.execute(query)}
    is_gone = (LabelClass.project_id == project_id, LabelClass.gone_name.is_not(None))
    gone = set(session.scalars(select(LabelClass.id).where(*is_gone)))
    done = [move for move, of in parts if changes[of].state != DecisionState.UNDONE]
    # Undone newest first.
    undone = [move for move, of in reversed(parts) if changes[of].state == DecisionState.UNDONE]
    return [move for move in done + undone if move.class_id in gone]


def take(session: Session, move: Move, *, multi_label: bool) -> None:
    """Take the labels of a class that goes from their items, and give these the other class if there is one.

    An item that loses its only class is to do again where an item has exactly one.
    """
    connection, source = direct(session), GOLD if move.is_gold else LABELS
    taken = _taken(source, move)
    columns = ["change_id", "item_id", "had_other", "last_event_id"]
    connection.execute(insert(MOVED).from_select(columns, taken, include_defaults=False))
    of_part = select(MOVED.c.item_id).where(MOVED.c.change_id == move.id)
    of_class = source.c.class_id == move.class_id
    if move.into is None:
        connection.execute(delete(source).where(of_class))
    else:
        # To change a row costs half of what it takes to write a new one and forget the old.
        connection.execute(delete(source).where(of_class, source.c.item_id.in_(of_part.where(MOVED.c.had_other))))
        connection.execute(update(source).where(of_class).values(class_id=move.into))
    if move.into is None and not move.is_gold and not multi_label:
        now_to_do = update(ITEMS).where(ITEMS.c.id.in_(of_part), ITEMS.c.status == Status.LABELED)
        connection.execute(now_to_do.values(status=Status.TODO, annotator_id=None, decided_at=None))


def _taken(source: Table, move: Move) -> Select[Any]:
    had_other: Any = literal(False)
    if move.into is not None:
        other = source.alias()
        had_other = exists().where(other.c.item_id == source.c.item_id, other.c.class_id == move.into)
    event: Any = literal(None) if move.is_gold else ITEMS.c.last_event_id
    query = select(literal(move.id), source.c.item_id, had_other, event).where(source.c.class_id == move.class_id)
    query = query.order_by(source.c.item_id)
    return query if move.is_gold else query.join_from(source, ITEMS, ITEMS.c.id == source.c.item_id)


def give_back(session: Session, move: Move, *, multi_label: bool) -> None:
    """Give the labels that the move took back to their items, except where somebody decided something else since."""
    connection, source = direct(session), GOLD if move.is_gold else LABELS
    of_part = select(MOVED.c.item_id).where(MOVED.c.change_id == move.id)
    if not move.is_gold:
        # Once, and all that follows need not read the items.
        others = MOVED.c.item_id.not_in(_unchanged(move))
        connection.execute(delete(MOVED).where(MOVED.c.change_id == move.id, others))
    alone = of_part
    if move.into is not None:
        alone = of_part.where(MOVED.c.had_other)
        moved_on = source.c.item_id.in_(of_part.where(~MOVED.c.had_other))
        connection.execute(
            update(source).where(source.c.class_id == move.into, moved_on).values(class_id=move.class_id)
        )
    back = alone.add_columns(literal(move.class_id))
    connection.execute(insert(source).from_select(["item_id", "class_id"], back, include_defaults=False))
    if move.into is None and not move.is_gold and not multi_label:
        again = update(ITEMS).where(ITEMS.c.id.in_(of_part), ITEMS.c.status == Status.TODO)
        decided = {"annotator_id": _of_event(EVENTS.c.annotator_id), "decided_at": _of_event(EVENTS.c.created_at)}
        connection.execute(again.values(status=Status.LABELED, **decided))
    connection.execute(delete(MOVED).where(MOVED.c.change_id == move.id))


def _unchanged(move: Move) -> Select[int]:
    """The move's items that stand where it left them."""
    query = select(MOVED.c.item_id).where(MOVED.c.change_id == move.id)
    if move.is_gold:
        return query
    same = and_(ITEMS.c.id == MOVED.c.item_id, ITEMS.c.last_event_id.is_not_distinct_from(MOVED.c.last_event_id))
    return query.join_from(MOVED, ITEMS, same)


def _of_event(column: Any) -> ScalarSelect[Any]:
    return select(column).where(EVENTS.c.id == ITEMS.c.last_event_id).scalar_subquery()


def note(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Remember labels that came back to classes that are gone, as if they had been there when these went."""
    connection = direct(session)
    add = postgresql.insert if _is_postgresql(connection) else sqlite.insert
    query = add(MOVED)
    query = query.on_conflict_do_update(
        index_elements=["change_id", "item_id"],
        set_={name: query.excluded[name] for name in ("had_other", "last_event_id")},
    )
    if rows:
        connection.execute(query, list(rows))


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def newest_event(session: Session, project_id: int) -> int:
    return session.scalar(select(func.max(LabelEvent.id)).where(LabelEvent.project_id == project_id)) or 0


def count_labels(session: Session, class_id: int) -> int:
    return session.scalar(select(func.count()).where(Label.class_id == class_id)) or 0


def count_gold(session: Session, class_id: int) -> int:
    return session.scalar(select(func.count()).where(GoldLabel.class_id == class_id)) or 0


def count_both(session: Session, class_id: int, other_id: int) -> int:
    """How many items have both classes."""
    other = LABELS.alias()
    has_other = exists().where(other.c.item_id == LABELS.c.item_id, other.c.class_id == other_id)
    return session.scalar(select(func.count()).where(LABELS.c.class_id == class_id, has_other)) or 0


def count_beside(session: Session, project_id: int, class_id: int) -> int:
    """How many items have the class and are not labeled but flagged, skipped or in the bin: few, found by status."""
    has_it = exists().where(Label.item_id == Item.id, Label.class_id == class_id)
    beside = (Status.FLAGGED, Status.SKIPPED, Status.DELETED)
    query = select(func.count()).where(Item.project_id == project_id, Item.status.in_(beside), has_it)
    return session.scalar(query) or 0


def count_suggestions(session: Session, set_id: int, class_id: int) -> int:
    """For how many items that are not in the bin the set suggests the class."""
    query = select(func.count(Suggestion.id)).where(Suggestion.set_id == set_id, Suggestion.class_id == class_id)
    return (session.scalar(query) or 0) - (session.scalar(in_bin(query, set_id)) or 0)


def suggestions_by_class(session: Session, set_id: int) -> dict[int, int]:
    """Class id -> for how many items that are not in the bin the set suggests it."""
    query = select(Suggestion.class_id, func.count()).where(Suggestion.set_id == set_id).group_by(Suggestion.class_id)
    binned: dict[int, int] = dict(session.execute(in_bin(query, set_id)).all())
    return {class_id: count - binned.get(class_id, 0) for class_id, count in session.execute(query)}


def count_to_give_back(session: Session, move: Move) -> tuple[int, int]:
    """How many items the move would give their label back, and how many would stay as somebody decided since."""
    total = session.scalar(select(func.count()).where(MovedLabel.change_id == move.id)) or 0
    back = session.scalar(select(func.count()).select_from(_unchanged(move).subquery())) or 0
    return back, total - back


def count_runs(session: Session, project_id: int, class_id: int) -> int:
    """How many runs learned the class."""
    known = select(Snapshot.id, Snapshot.classes).where(Snapshot.project_id == project_id)
    ids = [row[0] for row in session.execute(known) if any(each["id"] == class_id for each in row[1])]
    return session.scalar(select(func.count()).where(Run.project_id == project_id, Run.snapshot_id.in_(ids))) or 0
