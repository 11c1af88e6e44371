"""Labeling, deleting or restoring many items at once, as one decision that one undo takes back.

It goes over the items by id in parts, each a transaction of its own, so that nobody's label waits for it. It is known
by its event_id: asked for again it goes on where it was, and once it is done it changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backend import errors, projects
from backend.jobs import control
from backend.labeling import gone, labels
from backend.labeling.checks import annotator_name, refusal
from backend.labeling.events import part_of
from backend.labeling.moves import PART, asked_before
from db import acceptances, bulk_actions, jobs
from db import decisions as rows
from db import items as item_rows
from db import labels as label_rows
from db.items import Filter
from db.labels import State
from db.models import Action, BulkAction, DecisionState, Job, JobKind, Project, Status, now
from db.session import Session, reading, writing

# More are a job: a person sees how far it is, and can stop it.
MOST_AT_ONCE = 5_000
MOST_NAMED = 1_000
TITLES = {Action.LABEL: "Label", Action.DELETE: "Delete", Action.RESTORE: "Restore"}


@dataclass(frozen=True)
class Wanted:
    """Which items shall have which classes.

    One of: `filter` or `item_ids`, all with `class_ids`; `each`, items {item_id, class_ids, suggested, over} with
    classes of their own; `acceptance_id`, what was suggested when that acceptance was prepared, for items still to do.
    To delete or to restore takes `filter` or `item_ids`, and no classes.
    """

    action: Action = Action.LABEL

    class_ids: Sequence[int] = ()
    filter: Filter | None = None
    item_ids: Sequence[int] = ()
    each: Sequence[Mapping[str, Any]] = ()
    acceptance_id: int | None = None


@dataclass(frozen=True)
class Ahead:
    """The next items of a filter behind the cursor."""

    cursor: int
    ids: Sequence[int]


@dataclass
class Done:
    """How far a bulk label is: items labeled, items left as they are, the first of the rejected ones, and of those that
    somebody had decided on unseen (`conflicts.found`)."""

    changed: int = 0
    left: int = 0
    is_done: bool = False
    rejected: list[dict[str, Any]] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)


def count(session: Session, project: Project, wanted: Wanted, budget_s: float | None = None) -> dict[str, int | bool]:
    """{count, labeled, is_exact}: how many items a filter, item_ids or each names, and how many of those have a label.

    Without is_exact they are at least so many: the time was up. Of an acceptance `accepting.measured` tells.
    """
    if wanted.filter is not None:
        return item_rows.count_matching(session, project.id, wanted.filter, budget_s)
    ids = wanted.item_ids or [each["item_id"] for each in wanted.each]
    found = item_rows.statuses(session, project.id, ids)
    # What is in the bin can only be restored, and nothing else can.
    is_restoring = wanted.action == Action.RESTORE
    fit = {status: number for status, number in found.items() if (status == Status.DELETED) == is_restoring}
    return {"count": sum(fit.values()), "labeled": fit.get(Status.LABELED, 0), "is_exact": True}


def is_done(event_id: str) -> bool:
    """Whether the bulk label of this event_id has come to its end before."""
    with reading() as session:
        asked = bulk_actions.get(session, event_id)
        return asked is not None and asked.is_done


def is_undone(session: Session, event_id: str) -> bool:
    """Whether it was asked for and taken back."""
    asked = bulk_actions.get(session, event_id)
    if asked is None or asked.decision_id is None:
        return False
    return rows.state_of(session, asked.decision_id) != DecisionState.DONE


def label(
    project_id: int, annotator: str, wanted: Wanted, event_id: str, on_part: Callable[[int], None] | None = None
) -> Done:
    """Label them all. `on_part(items that had their turn)` may raise to stop; what was labeled by then stays."""
    done = Done()
    with writing() as session:
        begin(session, projects.get(session, project_id), annotator, wanted, event_id)
    while not done.is_done:
        found = ahead(project_id, wanted, event_id)
        with writing() as session:
            new = part(session, projects.get(session, project_id), annotator, wanted, event_id, found=found)
        new.rejected = (done.rejected + new.rejected)[:MOST_NAMED]
        new.conflicts = (done.conflicts + new.conflicts)[:MOST_NAMED]
        done = new
        if on_part:
            on_part(done.changed + done.left)
    return done


def ahead(project_id: int, wanted: Wanted, event_id: str) -> Ahead | None:
    """What a filter finds next, looked for without holding up those who write; None when it is no filter."""
    if wanted.filter is None:
        return None
    with reading() as session:
        asked = bulk_actions.get(session, event_id)
        if asked is None or asked.is_done:
            return None
        ids = item_rows.ids(session, project_id, wanted.filter, after=asked.cursor, upto=asked.upto, limit=PART)
        return Ahead(asked.cursor, ids)


def part(
    session: Session, project: Project, annotator: str, wanted: Wanted, event_id: str, *, found: Ahead | None = None
) -> Done:
    """Label the next items, for one transaction: those `found`, if nobody was there meanwhile.

    Raises Invalid, before anything is changed, on wrong classes.
    """
    annotator_id = rows.annotator(session, annotator_name(annotator))
    asked = begin(session, project, annotator, wanted, event_id)
    if asked.decision_id is None or rows.state_of(session, asked.decision_id) != DecisionState.DONE:
        # Taken back while it was at work.
        asked.is_done = True
    recorded = labels.Recorded([])
    if not asked.is_done and asked.decision_id is not None:
        events, asked.cursor, asked.is_done = _next(session, project, wanted, asked, found)
        events = [event | {"event_id": part_of(event_id, event["item_id"])} for event in events]
        recorded = labels.record_part(session, asked, project, annotator_id, events)
        asked.changed += len(recorded.acked)
        asked.left += len(events) - len(recorded.acked)
    session.flush()
    return Done(asked.changed, asked.left, asked.is_done, recorded.rejected, recorded.conflicts)


def start(session: Session, project: Project, annotator: str, wanted: Wanted, event_id: str, *, total: int) -> Job:
    """Queue a job that does it; the same event_id twice is one job. Raises Invalid on wrong classes.

    The decision is made now: an undo takes it back even before the job has begun.
    """
    begin(session, project, annotator, wanted, event_id)
    for job in jobs.in_states(session, jobs.ACTIVE, project.id):
        if job.kind == JobKind.LABEL and job.spec["event_id"] == event_id:
            return job
    spec = {
        "action": wanted.action,
        "annotator": annotator_name(annotator),
        "event_id": event_id,
        "total": total,
        "class_ids": list(wanted.class_ids),
        "filter": wanted.filter.as_json() if wanted.filter else None,
        "item_ids": list(wanted.item_ids),
        "each": list(wanted.each),
        "acceptance_id": wanted.acceptance_id,
    }
    return control.add(session, JobKind.LABEL, project.id, spec, f"{TITLES[wanted.action]} {total:,} items")


def from_spec(spec: Mapping[str, Any]) -> Wanted:
    return Wanted(
        action=Action(spec.get("action", Action.LABEL)),
        class_ids=spec["class_ids"],
        filter=Filter.from_json(spec["filter"]) if spec["filter"] else None,
        item_ids=spec["item_ids"],
        each=spec["each"],
        acceptance_id=spec["acceptance_id"],
    )


def _check(session: Session, project: Project, wanted: Wanted) -> None:
    if wanted.acceptance_id is not None or wanted.each:
        return
    if wanted.filter is None and not wanted.item_ids:
        raise errors.Invalid("No items were named.", "Choose at least one.")
    if wanted.action != Action.LABEL:
        return
    classes = label_rows.classes_now(session, project.id)
    trial = gone.of_today({"item_id": 0, "action": Action.LABEL, "class_ids": wanted.class_ids}, classes)
    why = gone.refusal(trial, classes) or refusal(
        trial, {0: State()}, classes.archived, multi_label=project.multi_label
    )
    if why:
        raise errors.Invalid(why["message"], "Nothing was changed.")


def begin(session: Session, project: Project, annotator: str, wanted: Wanted, event_id: str) -> BulkAction:
    """The bulk action of this event_id, made at first use with its decision. Raises Invalid on wrong classes."""
    if there := asked_before(session, project, event_id, wanted.action):
        return there
    _check(session, project, wanted)
    annotator_id = rows.annotator(session, annotator_name(annotator))
    [decision_id] = rows.add(session, project.id, annotator_id, 1, now())
    new = BulkAction(
        event_id=event_id,
        project_id=project.id,
        kind=wanted.action,
        decision_id=decision_id,
        cursor=0,
        # Items that come in while it is at work were not among those that the person counted.
        upto=item_rows.newest_id(session, project.id),
        changed=0,
        left=0,
        is_done=False,
    )
    return bulk_actions.add(session, new)


def _next(
    session: Session, project: Project, wanted: Wanted, asked: BulkAction, found: Ahead | None
) -> tuple[list[dict[str, Any]], int, bool]:
    """The next events without their event_id, the cursor behind them, and whether they are the last."""
    if wanted.acceptance_id is not None:
        return _accepted(session, project, wanted.acceptance_id, asked.cursor)
    if wanted.each:
        chosen = sorted(wanted.each, key=lambda each: each["item_id"])
        ahead = [each for each in chosen if each["item_id"] > asked.cursor][:PART]
    else:
        if found is not None and found.cursor == asked.cursor:
            ids: Sequence[int] = found.ids
        elif wanted.filter is not None:
            ids = item_rows.ids(session, project.id, wanted.filter, after=asked.cursor, upto=asked.upto, limit=PART)
        else:
            ids = [each for each in sorted(set(wanted.item_ids)) if each > asked.cursor][:PART]
        ahead = [{"item_id": item_id, "class_ids": wanted.class_ids} for item_id in ids]
    events = [{"action": wanted.action, **each} for each in ahead]
    return events, ahead[-1]["item_id"] if ahead else asked.cursor, len(ahead) < PART


def _accepted(
    session: Session, project: Project, acceptance_id: int, cursor: int
) -> tuple[list[dict[str, Any]], int, bool]:
    pairs = acceptances.pairs(session, acceptance_id)
    start = int(np.searchsorted(pairs[:, 0], cursor, side="right"))
    # They are sorted: so many rows are enough for a part, and no row behind them is looked at.
    turn = np.unique(pairs[start : start + PART, 0]).tolist()
    states = label_rows.states(session, project.id, turn)
    events = []
    for item_id in turn:
        # What a person decided meanwhile stays.
        if item_id in states and states[item_id].status == Status.TODO:
            class_ids = acceptances.classes_of(pairs, item_id)
            events.append({"action": Action.LABEL, "item_id": item_id, "class_ids": class_ids})
    last = turn[-1] if turn else cursor
    return events, last, int(np.searchsorted(pairs[:, 0], last, side="right")) == len(pairs)
