"""What was suggested when a person decided, as the event keeps it.

    {"class_id", "confidence", "is_hidden", "set_id", "engine", "model"}

Sets of suggestions come and go, so the event names who suggested by itself. The last three are the server's own: they
are missing when nobody can say any more which set a client had in front of it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from db import decisions as rows
from db.decisions import Said
from db.models import Project
from db.session import Session

Event = Mapping[str, Any]
Kept = dict[str, Any] | None


def of_events(
    session: Session, project: Project, events: Sequence[Event], class_ids: Collection[int], *, with_hidden: bool
) -> list[Kept]:
    """One for each event; None where nothing was suggested.

    `class_ids` are those of the project. with_hidden: for an event that says nothing of a suggestion, keep what the
    person was not shown.
    """
    named = rows.said_by(session, [event["suggestion_id"] for event in events if event.get("suggestion_id")])
    unnamed = [event["item_id"] for event in events if _asks_set(event, with_hidden=with_hidden)]
    used = project.suggestion_set_id
    in_use = rows.said_of(session, used, unnamed) if unnamed and used is not None else {}
    return [_of_event(event, named, in_use, class_ids) for event in events]


def _asks_set(event: Event, *, with_hidden: bool) -> bool:
    return not event.get("suggestion_id") and (with_hidden or bool(event.get("suggested")))


def _of_event(event: Event, named: Mapping[int, Said], in_use: Mapping[int, Said], class_ids: Collection[int]) -> Kept:
    suggestion_id, sent = event.get("suggestion_id"), event.get("suggested")
    said = named.get(suggestion_id) if suggestion_id else in_use.get(event["item_id"])
    if said and said.item_id != event["item_id"]:
        said = None
    if sent and sent["class_id"] in class_ids:
        # Without its id, only the same answer tells that it came from the set in use.
        is_by_set = said and (suggestion_id or said.class_id == sent["class_id"])
        shown = {name: sent[name] for name in ("class_id", "confidence", "is_hidden")}
        return shown | (_by(said) if said and is_by_set else {})
    if said is None:
        return None
    about = {"class_id": said.class_id, "confidence": round(said.confidence, 4), "is_hidden": not suggestion_id}
    return about | _by(said)


def _by(said: Said) -> dict[str, Any]:
    return {"set_id": said.set_id, "engine": said.engine, "model": said.model}
