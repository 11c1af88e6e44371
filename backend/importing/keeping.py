"""One batch into the database: items, labels, sources, and the cursor that says that it is done, in one transaction."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from backend.importing import classes_in_data, rejected
from backend.importing.ready import Made, Ready
from backend.importing.rows import HowRead, Rejection
from backend.importing.tally import Tally
from backend.labeling import labels
from db import decisions, jobs, storing
from db import labels as label_rows
from db.labels import State
from db.models import DecisionState, Status, now
from db.session import Session, writing
from db.storing import Labeling, New, There

ANNOTATOR = "imported"
NOTHING_BEFORE = json.dumps(State().as_json())


@dataclass
class Import:
    """What all batches of one import have in common. `labels` is "labels", "gold" or "none"."""

    job_id: int
    known: classes_in_data.Known
    labels: str
    tally: Tally
    origins: dict[str, int] = field(default_factory=dict)
    # The names that came with an item -> the ids of the classes.
    classes_of: dict[tuple[str, ...], tuple[int, ...]] = field(default_factory=dict)

    @property
    def project_id(self) -> int:
        return self.known.project.id


def keep(importing: Import, batch: Sequence[Made]) -> float:
    """Write one batch; return the seconds for which the database was locked."""
    tally = importing.tally
    rows: list[Ready] = []
    refused: list[Rejection] = []
    for _, _, what in batch:
        if isinstance(what, Ready):
            rows.append(what)
        elif isinstance(what, HowRead):
            tally.note(what)
        else:
            refused.append(what)
            tally.reject(what)
    if refused:
        # Before the cursor that speaks of them.
        tally.rejected_bytes += rejected.append(importing.job_id, refused)
    tally.key, tally.number = list(batch[-1].key), batch[-1].number
    # It need not wait for the disk: after a crash of the machine the cursor is as old as the items.
    with writing(is_lasting=False) as session:
        began = time.perf_counter()
        if rows:
            _keep_rows(session, importing, rows)
        jobs.write(session, importing.job_id, cursor=tally.as_cursor())
    return time.perf_counter() - began


def _keep_rows(session: Session, importing: Import, rows: Sequence[Ready]) -> None:
    tally, at = importing.tally, now()
    there = storing.there(session, importing.project_id, [row.content_hash for row in rows])
    first: dict[bytes, Ready] = {}
    again = [row for row in rows if row.content_hash in there or first.setdefault(row.content_hash, row) is not row]
    fresh = list(first.values())
    named = _named(session, importing, rows)
    ids = _add(session, importing, fresh, named, at)
    tally.imported += len(fresh)
    tally.duplicates += len(again)
    if again:
        added = zip(fresh, ids, strict=True)
        all_there = there | {row.content_hash: There(id_, Status.TODO, row.source) for row, id_ in added}
        _meet_again(session, importing, again, all_there, {each: ids for each, ids in named.items() if each in there})


def _add(
    session: Session,
    importing: Import,
    fresh: Sequence[Ready],
    named: Mapping[bytes, tuple[int, ...]],
    at: datetime,
) -> Sequence[int]:
    tally = importing.tally
    given = named if importing.labels == "labels" else {}
    new = [
        New(*row[:6], _origin(session, importing, row.origin, at), row.meta, row.split, given.get(row.content_hash, ()))
        for row in fresh
    ]
    count = sum(1 for each in new if each.class_ids)
    ids = storing.add_new(session, importing.project_id, new, at, _labeling(session, importing, at) if count else None)
    tally.labeled += count
    if importing.labels == "gold":
        pairs = zip(ids, fresh, strict=True)
        gold = {item_id: named[row.content_hash] for item_id, row in pairs if row.content_hash in named}
        tally.gold += storing.set_gold(session, gold)
    return ids


def _meet_again(
    session: Session,
    importing: Import,
    again: Sequence[Ready],
    there: Mapping[bytes, There],
    named: Mapping[bytes, tuple[int, ...]],
) -> None:
    """What the project has already: its other places are remembered, and labels come to what has none.

    `named` has the classes of what was there before this batch.
    """
    tally = importing.tally
    tally.in_bin += sum(1 for row in again if there[row.content_hash].status == Status.DELETED)
    places = ((there[row.content_hash], row.source) for row in again)
    other = [(item.item_id, source) for item, source in places if source and source != item.source]
    tally.other_places += storing.add_sources(session, other)
    if importing.labels == "gold":
        tally.gold += storing.set_gold(session, {there[each].item_id: ids for each, ids in named.items()})
        return
    wanted = {there[each].item_id: ids for each, ids in named.items() if there[each].status == Status.TODO}
    if wanted:
        event_id = f"import-{importing.job_id}-{tally.seen}"
        recorded = labels.record_many(session, importing.known.project, ANNOTATOR, wanted, event_id=event_id)
        tally.labeled += len(wanted) - len(recorded.rejected)


def _named(session: Session, importing: Import, rows: Sequence[Ready]) -> dict[bytes, tuple[int, ...]]:
    """Content hash -> the classes that came with it; what came without is missing.

    A first label stays, as every label does that is there before an import; of gold labels the newest stands.
    """
    if importing.labels == "none" or not any(row.labels for row in rows):
        return {}
    found: dict[bytes, tuple[int, ...]] = {}
    now_there = label_rows.classes_now(session, importing.project_id)
    for row in rows:
        if row.labels and (importing.labels == "gold" or row.content_hash not in found):
            ids = importing.classes_of.get(row.labels)
            if ids is None:
                ids = tuple(sorted(classes_in_data.ids_of(session, row.labels, importing.known, importing.tally)))
                if ids:
                    # Names that stand for no class are counted each time.
                    importing.classes_of[row.labels] = ids
                    now_there = label_rows.classes_now(session, importing.project_id)
            if ids:
                # Somebody may have merged, deleted or archived some since.
                ids = tuple(each for each in now_there.now(ids) if not now_there.archived.get(each, True))
            if ids:
                found[row.content_hash] = ids
    return found


def _labeling(session: Session, importing: Import, at: datetime) -> Labeling:
    """All labels of an import are one decision, unless somebody has undone it meanwhile."""
    tally = importing.tally
    annotator_id = decisions.annotator(session, ANNOTATOR)
    if tally.decision_id is None or decisions.state_of(session, tally.decision_id) != DecisionState.DONE:
        [tally.decision_id] = decisions.add(session, importing.project_id, annotator_id, 1, at)
    return Labeling(annotator_id, tally.decision_id, f"import-{importing.job_id}", NOTHING_BEFORE)


def _origin(session: Session, importing: Import, name: str, at: datetime) -> int | None:
    if not name:
        return None
    if name not in importing.origins:
        importing.origins[name] = storing.origin(session, importing.project_id, name, at)
    return importing.origins[name]


def described(tally: Tally) -> str:
    """ "7,594 imported, 6 duplicates, 0 rejected, 1 label" """
    parts = [
        f"{tally.imported:,} imported",
        "1 duplicate" if tally.duplicates == 1 else f"{tally.duplicates:,} duplicates",
        f"{tally.rejected:,} rejected",
        "1 label" if tally.labeled == 1 else f"{tally.labeled:,} labels",
    ]
    if tally.gold:
        parts.append(f"{tally.gold:,} with a gold label")
    return ", ".join(parts)
