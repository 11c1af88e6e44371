"""What an inspection of the labels found and nobody has decided on since, and the reason of each in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.training.readiness import in_words as joined
from db import labels, worklists
from db.models import Inspection, Project
from db.session import Session

Found = dict[str, Any]
One = Mapping[str, Any]


def found(session: Session, project: Project, inspection: Inspection) -> list[Found]:
    """As `doubted` tells them, in their order, in today's classes.

    Left out is what was decided on since or is in the bin, whose copy is labeled like it now, and what is proposed in a
    class that is gone or archived.
    """
    told: list[Found] = inspection.result["found"]
    decided = set(worklists.looked_at(session, project.id, inspection.upto_event))
    open_ids = {each["item_id"] for each in told} - decided
    twin_ids = {each["twin"] for each in told if each["twin"] is not None and each["item_id"] in open_ids}
    there = worklists.there(session, sorted(open_ids | twin_ids))
    classes = labels.classes_now(session, project.id)
    of_twins = labels.class_ids_of(session, sorted(twin_ids & there))
    standing = []
    for each in told:
        if each["item_id"] not in open_ids & there:
            continue
        proposed = each["proposed"]
        if each["twin"] is not None:
            if each["twin"] not in there:
                continue
            proposed = of_twins.get(each["twin"], [])
        now = each | {"given": sorted(classes.now(each["given"])), "proposed": sorted(classes.now(proposed))}
        if each["kind"] == "outlier" or can_be_accepted(now, classes.archived, multi_label=project.multi_label):
            standing.append(now)
    return standing


def can_be_accepted(each: One, archived: Mapping[int, bool], *, multi_label: bool) -> bool:
    """Whether what is proposed is another answer, one that a person could give."""
    if each["given"] == each["proposed"] or not (each["proposed"] or multi_label):
        return False
    return not any(archived.get(class_id, True) for class_id in each["proposed"])


def reason(each: One, names: Mapping[int, str], *, multi_label: bool) -> str:
    """'Labeled Sports, but learned from the other labels it looks like World (93 %); 9 of 10 items like it are
    World.'"""
    given, proposed = named(each["given"], names), named(each["proposed"], names)
    if each["kind"] == "outlier":
        return f"Labeled {given}. It is unlike all other labeled items: does it belong here, and can it be read?"
    if each["kind"] == "duplicate":
        return f"Labeled {given}, but nearly the same item is labeled {proposed}."
    share = f"{100 * each['confidence']:.0f} %"
    if not multi_label:
        return (
            f"Labeled {given}, but learned from the other labels it looks like {proposed} ({share}); "
            f"{like_it(each, f'are {proposed}')}."
        )
    too_many = [class_id for class_id in each["given"] if class_id not in each["proposed"]]
    missing = [class_id for class_id in each["proposed"] if class_id not in each["given"]]
    parts = [f"{named(too_many, names)} {'does' if len(too_many) == 1 else 'do'} not fit"] if too_many else []
    parts += [f"{named(missing, names)} {'is' if len(missing) == 1 else 'are'} missing"] if missing else []
    return (
        f"Labeled {given}. Learned from the other labels, {' and '.join(parts)} ({share}); "
        f"{like_it(each, 'are labeled so')}."
    )


def like_it(each: One, what: str) -> str:
    near = each["neighbours"]
    return f"{near['proposed']} of {near['of']} items like it {what}"


def named(class_ids: Sequence[int], names: Mapping[int, str]) -> str:
    return joined([names.get(class_id, "a class that is gone") for class_id in class_ids] or ["none of the classes"])
