"""One row of an archive as the database takes it: types checked, ids changed for those of this machine."""

import base64
import binascii
import hashlib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from backend import errors
from backend.archives.container import bad
from backend.archives.ids import Mapped, Row
from backend.suggesting import naming
from backend.training import near, runs
from db.archives import Part
from db.class_changes import PART
from db.models import Action, DecisionState, Kind, RunState, Split, Status

# What each of these columns may say, and which part the ids in these columns are of.
WORDS: dict[str, dict[str, frozenset[str]]] = {
    "items": {"status": frozenset(Status), "split": frozenset(Split)},
    "class_changes": {"state": frozenset(DecisionState)},
    "decisions": {"state": frozenset(DecisionState)},
    "label_events": {"action": frozenset(Action)},
    "bulk_actions": {"kind": frozenset(Action)},
    "runs": {"state": frozenset(RunState)},
    "predictions": {"split": frozenset(Split)},
}
REFERENCES = {
    "item_id": "items", "class_id": "classes", "annotator_id": "annotators", "decision_id": "decisions",
    "origin_id": "origins", "run_id": "runs", "set_id": "suggestion_sets", "snapshot_id": "snapshots",
    "change_id": "class_changes", "merged_into": "classes",
}  # fmt: skip
LISTS = {"class_ids", "target_ids", "steps", "classes", "before", "after", "sample", "tags"}
# What an undo of such a change needs beside the classes.
COUNTED = {
    PART: frozenset(("of", "class_id", "into", "is_gold")), "split": frozenset(("class_id", "upto_event", "names")),
}  # fmt: skip
COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
# A browser runs what is in an SVG.
IMAGE = re.compile(r"image/(?!svg)[a-z0-9.+-]{1,40}")
DEEP = 40


def row_of(part: Part, names: Sequence[str], values: Sequence[Any], mapped: Mapped) -> Row:
    """The row with new ids; its own old id is in "id". Raises BadFile."""
    told = dict(zip(names, values, strict=True))
    row: Row = {}
    for name, kind in part.columns.items():
        if name not in told and name in part.later:
            told[name] = part.as_new(name)
        if name not in told:
            raise bad(f"the table of {part.name.replace('_', ' ')} has no column {name}")
        row[name] = _value(part, name, kind, told[name])
    for name, words in WORDS.get(part.name, {}).items():
        if row[name] is not None and row[name] not in words:
            raise bad(f'"{str(row[name])[:30]}" is no {name} of {part.name.replace("_", " ")}')
    for name, of in REFERENCES.items():
        if row.get(name) is not None and name in part.columns and part.name != "classes":
            row[name] = mapped.of(of).get(row[name])
    own = OWN.get(part.name)
    return own(row, mapped) if own else row


def settled(part: Part, row: Row, mapped: Mapped) -> Row:
    """The row, when all rows of its batch have their new ids: with what it says of rows of its own part."""
    if part.name == "classes" and row["merged_into"] is not None:
        row["merged_into"] = mapped.of("classes").get(row["merged_into"])
    elif part.name == "class_changes" and "of" in row["counts"]:
        row["counts"]["of"] = mapped.of("class_changes").get(row["counts"]["of"])
    elif part.name == "label_events" and row["before"]["last_event_id"] is not None:
        row["before"]["last_event_id"] = mapped.of("label_events").get(row["before"]["last_event_id"])
    elif part.name == "items" and row["group_id"] is not None:
        # The item that the group is called by may be gone for good. Then the group keeps together by its number.
        row["group_id"] = mapped.of("items").find(row["group_id"]) or -row["group_id"]
    return row


def _value(part: Part, name: str, kind: type, value: Any) -> Any:
    if value is None:
        if name in part.optional:
            return None
        raise bad(f"a row of {part.name.replace('_', ' ')} has no {name.replace('_', ' ')}")
    if not _fits(part, name, kind, value):
        raise bad(f"the {name.replace('_', ' ')} of a row of {part.name.replace('_', ' ')} is of a wrong kind")
    try:
        if kind is bytes:
            return base64.b64decode(value, validate=True)
        if kind is datetime:
            at = datetime.fromisoformat(value)
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        if kind is str:
            value.encode()
    except (ValueError, binascii.Error):
        raise bad(f"the {name.replace('_', ' ')} of a row of {part.name.replace('_', ' ')} cannot be read") from None
    return value


def _fits(part: Part, name: str, kind: type, value: Any) -> bool:
    if kind is int:
        return type(value) is int and abs(value) < 1 << 62
    if kind is float:
        return type(value) in (int, float) and math.isfinite(value)
    if kind is bool:
        return type(value) is bool
    if kind is dict:
        return isinstance(value, list if name in LISTS and not _is_state(part, name) else dict)
    return isinstance(value, str)


def _is_state(part: Part, name: str) -> bool:
    return part.name == "label_events" and name == "before"


def _item(row: Row, mapped: Mapped) -> Row:
    if mapped.kind == Kind.TEXT:
        is_right = row["text"] is not None and row["media_type"] is None
        if not is_right or hashlib.sha256(row["text"].encode()).digest() != row["content_hash"]:
            raise bad("a text in it is not the one that its SHA-256 says")
    elif len(row["content_hash"]) != 32 or row["text"] is not None or not IMAGE.fullmatch(row["media_type"] or ""):
        raise bad("an image in it is not described as one")
    return row


def _class(row: Row, _mapped: Mapped) -> Row:
    if not COLOUR.fullmatch(row["color"]) or len(row["key"]) > 1 or not row["name"].strip():
        raise bad("a class in it has no colour, key or name that can be used")
    if len(row["name"]) > 200 or len(row["gone_name"] or "") > 200:
        raise bad("the name of a class in it is too long")
    return row


def _class_change(row: Row, mapped: Mapped) -> Row:
    for name in ("before", "after"):
        if not all(isinstance(each, dict) for each in row[name]):
            raise bad("a change of classes in it cannot be read")
        row[name] = [_class_fields(each, mapped) for each in row[name]]
    counts = dict(row["counts"])
    if not COUNTED.get(row["kind"], frozenset()) <= set(counts):
        raise bad("a change of classes in it does not say what it touched")
    for name in ("class_id", "into"):
        if counts.get(name) is not None:
            counts[name] = mapped.of("classes").get(counts[name])
    if "upto_event" in counts:
        if type(counts["upto_event"]) is not int:
            raise bad("a split of a class in it names no event")
        counts["upto_event"] = mapped.of("label_events").upto(counts["upto_event"])
    return {**row, "counts": counts}


def _class_fields(told: Mapping[str, Any], mapped: Mapped) -> Row:
    ids = {name: mapped.of("classes").get(told[name]) for name in ("id", "merged_into") if told.get(name) is not None}
    return {**told, **ids}


def _event(row: Row, mapped: Mapped) -> Row:
    before = row["before"]
    if not {"status", "class_ids", "annotator_id", "decided_at", "last_event_id"} <= set(before):
        raise bad("an event in it does not say what was before")
    if before["status"] not in list(Status) or not _is_time(before["decided_at"]):
        raise bad("an event in it does not say rightly what was before")
    people = mapped.of("annotators")
    row["before"] = {
        "status": before["status"],
        "class_ids": mapped.classes(before["class_ids"]),
        "annotator_id": None if before["annotator_id"] is None else people.get(before["annotator_id"]),
        "decided_at": before["decided_at"],
        "last_event_id": before["last_event_id"],
    }
    row["class_ids"] = mapped.classes(row["class_ids"])
    row["event_id"] = mapped.event_id(row["event_id"])
    # Suggestions come and go, and may have been left out.
    row["suggestion_id"] = mapped.of("suggestions").find(row["suggestion_id"])
    if row["suggested"] is not None:
        told = dict(row["suggested"])
        told |= {"class_id": mapped.of("classes").get(told["class_id"])} if told.get("class_id") is not None else {}
        told |= {"set_id": mapped.of("suggestion_sets").find(told["set_id"])} if "set_id" in told else {}
        row["suggested"] = told
    return row


def _is_time(value: Any) -> bool:
    try:
        return value is None or bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _bulk(row: Row, mapped: Mapped) -> Row:
    """A bulk action that was at work then is at its end here: nobody will go on with it."""
    return {**row, "event_id": mapped.event_id(row["event_id"]), "cursor": 0, "upto": None, "is_done": True}


def _moved(row: Row, mapped: Mapped) -> Row:
    return {**row, "last_event_id": mapped.of("label_events").find(row["last_event_id"])}


def _set(row: Row, mapped: Mapped) -> Row:
    row["class_ids"] = mapped.classes(row["class_ids"])
    number = row["model"].removeprefix(naming.RUN)
    if number != row["model"] and number.isdecimal():
        run_id = mapped.of("runs").find(int(number[:18]))
        row["model"] = f"{naming.RUN}{run_id}" if run_id else row["model"]
    return row


def _scored(row: Row, _mapped: Mapped) -> Row:
    if not row["scores"] or len(row["scores"]) % 4:
        raise bad("the scores of an item in it cannot be read")
    return row


def _prediction(row: Row, mapped: Mapped) -> Row:
    return _scored({**row, "target_ids": mapped.classes(row["target_ids"])}, mapped)


def _snapshot(row: Row, mapped: Mapped) -> Row:
    if not all(isinstance(each, dict) and {"id", "name", "color"} <= set(each) for each in row["classes"]):
        raise bad("the classes of a snapshot in it cannot be read")
    if not re.fullmatch(r"[0-9a-f]{64}", row["fingerprint"]):
        raise bad("a snapshot in it has no fingerprint")
    row["classes"] = [_class_fields(each, mapped) for each in row["classes"]]
    left_out = row["counts"].get(near.LEFT_OUT, 0)
    if type(left_out) is not int:
        raise bad("the counts of a snapshot in it cannot be read")
    about = {name: row[name] for name in ("id", "fingerprint", "classes")}
    mapped.snapshots.append(about | {"left_out": left_out})
    row["counts"] = {
        split: counts if split == near.LEFT_OUT else _counts(counts, mapped) for split, counts in row["counts"].items()
    }
    row["baselines"] = with_new_classes(row["baselines"], mapped)
    return row


def _counts(counts: Any, mapped: Mapped) -> Row:
    if not isinstance(counts, dict) or not all(
        each.isascii() and each.isdecimal() and len(each) < 19 for each in counts
    ):
        raise bad("the counts of a snapshot in it cannot be read")
    return {str(mapped.of("classes").get(int(class_id))): count for class_id, count in counts.items()}


def _run(row: Row, mapped: Mapped) -> Row:
    """A run that was at work then was interrupted, and here is nothing to go on with."""
    recipe_id = row["spec"].get("recipe_id")
    if recipe_id is not None:
        row["spec"] = {**row["spec"], "recipe_id": mapped.of("recipes").find(recipe_id)}
    if row["state"] not in (RunState.DONE, RunState.FAILED):
        row["state"] = RunState.STOPPED
    if not all(isinstance(tag, str) for tag in row["tags"]):
        raise bad("the tags of a run in it are no words")
    try:
        tags = runs.clean_tags(row["tags"])
    except errors.Invalid as error:
        raise bad(f"a run in it has tags that cannot be used. {error.message}") from None
    # Set again when its files come.
    return {**row, "artifact": None, "tags": tags, "metrics": with_new_classes(row["metrics"], mapped)}


def with_new_classes(told: Any, mapped: Mapped, depth: int = 0) -> Any:
    """The same JSON with every "class_id" in it changed."""
    if depth > DEEP:
        raise bad("the figures of a run in it go too deep")
    if isinstance(told, list):
        return [with_new_classes(each, mapped, depth + 1) for each in told]
    if not isinstance(told, dict):
        return told
    return {
        name: mapped.of("classes").get(each)
        if name == "class_id" and each is not None
        else with_new_classes(each, mapped, depth + 1)
        for name, each in told.items()
    }


OWN: dict[str, Callable[[Row, Mapped], Row]] = {
    "items": _item, "classes": _class, "class_changes": _class_change, "label_events": _event, "bulk_actions": _bulk,
    "moved_labels": _moved, "suggestion_sets": _set, "suggestions": _scored, "predictions": _prediction,
    "snapshots": _snapshot, "runs": _run,
}  # fmt: skip
