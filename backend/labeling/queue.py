"""What to label next: items still to do, in the order that a person chose.

    sequential        as imported
    random            shuffled, the same after a reload
    uncertain         where the best two suggestions are closest comes first, what has no suggestion last
    diverse           typical and unlike each other: for a start without labels
    mixed             of four, two least sure, one diverse, one random (without suggestions: diverse and random)
    class:NAME        what is suggested to be that class, least sure first
    sure:NAME         what is suggested to be that class, surest first
    disagree:A,B      what two sets of suggestions say different things of, what the first is least sure of first
                      (disagree:A is against the set in use); looks at the FURTHEST items it is least sure of
    split:NAME        labeled items of a class that was split, for another look: those that had none since, by id
    list:ID           items of a worklist in its order, whatever was decided on them: those that had no look since
    similar:ITEM_ID   like this item, most alike first
    search:WORDS      nearest to these words in meaning

`diverse`, `mixed`, `similar` and `search` are computed in the assistant. The first two are random instead while it does
not answer, or as far as items have no vectors yet. They have no pages: ask again without the items at hand.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from backend import errors, projects
from backend.evaluating import suggested
from backend.jobs import ask
from backend.labeling import leases, worklists
from backend.suggesting import sets
from db import class_changes, items
from db import projects as project_rows
from db import queue as rows
from db.models import ClassChange, Item, LabelClass, Project, Status
from db.queue import Part
from db.session import Session, reading

log = logging.getLogger("winnow.queue")

# Where two sets nearly always agree, to look further would take longer than a person waits.
FURTHEST = 10_000
# A person waits: after this they get random items, while the assistant makes ready.
PATIENCE_S = 3.0
BLIND = "This project is labeled blind, and which items come in this order would tell what is suggested."
# Each try asks for more than the one before: enough for 60 callers in the same moment.
TRIES = 6
# Of orders that bring again what is decided.
STATUSES: dict[str, Sequence[Status]] = {"split": (Status.LABELED,), "list": worklists.STATUSES}


def next_items(
    session: Session,
    project: Project,
    order: str = "sequential",
    limit: int = 50,
    *,
    without: Collection[int] = (),
    after: int | None = None,
) -> list[Item]:
    """At most `limit` items to do that nobody holds, for a caller who holds none.

    `without` leaves out items that the caller knows already; `after` goes on behind the last item of a page.
    Raises Invalid for an unknown order or class, NotFound for an unknown item.
    """
    return items.by_ids(session, _ids(session, project, order, Part(project.id, limit, without, after)))


def take(
    project_id: int,
    who: str,
    order: str = "sequential",
    limit: int = 50,
    *,
    without: Collection[int] = (),
    after: int | None = None,
) -> list[int]:
    """As `next_items`, and hold them; what `who` holds already comes again. Returns their ids.

    Fewer than `limit` only when there are no more. Raises Unavailable when others were always quicker.
    """
    statuses = STATUSES.get(order.partition(":")[0], (Status.TODO,))
    taken: list[int] = []
    spare = 10 + limit // 4
    for _ in range(TRIES):
        asked = limit - len(taken) + spare
        with reading() as session:
            project = projects.get(session, project_id)
            found = _ids(session, project, order, Part(project_id, asked, [*without, *taken], after, who))
        taken += leases.take(project_id, who, found, limit - len(taken), statuses)
        if len(taken) == limit or len(found) < asked:
            return taken
        spare = 2 * spare + limit
    if not taken:
        raise errors.Unavailable("Others took these items in the same moment.", "Ask again.")
    return taken


def has_pages(order: str) -> bool:
    """Whether `after` goes on behind an item in this order."""
    return order.partition(":")[0] in WITH_PAGES


def looks_at(order: str) -> int | None:
    """How many items this order looks at, those first of which it is least sure; None when it is all."""
    return FURTHEST if order.startswith("disagree:") else None


def left_of_split(session: Session, project: Project, order: str) -> dict[str, int] | None:
    """{total, left}: of the items of a class when it was split, how many nobody has looked at since. Of split:NAME."""
    name, _, what = order.partition(":")
    if name != "split":
        return None
    change, class_id = _split_of(session, project, what.strip())
    left = rows.count_not_looked_at(session, class_id, change.counts["upto_event"])
    return {"total": max(left, change.counts["to_look_at"]), "left": left}


def splits(session: Session, project: Project) -> list[dict[str, Any]]:
    """{name, total, left} of each class that was split and of which some have not been looked at since."""
    there = project_rows.classes(session, project.id)
    names = [each.name for each in there if class_changes.newest_split(session, project.id, each.id)]
    found = [{"name": name, **(left_of_split(session, project, f"split:{name}") or {})} for name in names]
    return [each for each in found if each["left"]]


def _ids(session: Session, project: Project, order: str, part: Part) -> Sequence[int]:
    name, colon, what = order.partition(":")
    if not colon and name in PLAIN:
        return PLAIN[name](session, project, part)
    if colon and name in NAMED:
        return NAMED[name](session, project, part, what.strip())
    raise errors.Invalid(f'"{order}" is not an order.', f"Choose one of {', '.join(ORDERS)}.")


def _sequential(session: Session, _project: Project, part: Part) -> Sequence[int]:
    return rows.sequential(session, part)


def _random(session: Session, _project: Project, part: Part) -> Sequence[int]:
    return rows.shuffled(session, part)


def _uncertain(session: Session, project: Project, part: Part) -> Sequence[int]:
    set_id, after = project.suggestion_set_id, part.after
    found: list[int] = []
    if set_id is not None and (after is None or rows.has_suggestion(session, set_id, after)):
        found += rows.least_sure(session, part, set_id)
        part = replace(part, after=None)
    if len(found) < part.limit:
        found += rows.without_suggestion(session, replace(part, limit=part.limit - len(found)), set_id)
    return found


def _diverse(session: Session, _project: Project, part: Part) -> Sequence[int]:
    return _computed_or_random(session, "diverse", part)


def _mixed(session: Session, _project: Project, part: Part) -> Sequence[int]:
    return _computed_or_random(session, "mixed", part)


def _class(session: Session, project: Project, part: Part, name: str) -> Sequence[int]:
    chosen, set_id = _class_of(session, project, name), project.suggestion_set_id
    return rows.least_sure(session, part, set_id, chosen.id) if set_id is not None else ()


def _sure(session: Session, project: Project, part: Part, name: str) -> Sequence[int]:
    chosen, set_id = _class_of(session, project, name), project.suggestion_set_id
    return rows.surest(session, part, set_id, chosen.id) if set_id is not None else ()


def _disagree(session: Session, project: Project, part: Part, said: str) -> Sequence[int]:
    if projects.is_blind(project):
        raise errors.Conflict(BLIND, "Choose another order, or show the suggestions again.")
    one, other = sets_of(session, project, said)
    return rows.differing(session, part, one, other, FURTHEST)


def _split(session: Session, project: Project, part: Part, name: str) -> Sequence[int]:
    change, class_id = _split_of(session, project, name)
    return rows.not_looked_at(session, part, class_id, change.counts["upto_event"])


def _list(session: Session, project: Project, part: Part, said: str) -> Sequence[int]:
    worklist = worklists.of_order(session, project, f"list:{said}")
    assert worklist is not None
    return worklists.next_ids(session, worklist, part)


def _split_of(session: Session, project: Project, name: str) -> tuple[ClassChange, int]:
    class_id = _named(session, project, name).id
    change = class_changes.newest_split(session, project.id, class_id)
    if change is None:
        raise errors.Invalid(f'"{name}" was not split.', "Split it on the Classes page; then its items come again.")
    return change, class_id


def sets_of(session: Session, project: Project, said: str) -> tuple[int, int]:
    """ "3,7" are two sets, "3" is one and that in use. Raises Invalid or NotFound."""
    if "," not in said and project.suggestion_set_id is not None:
        said = f"{said},{project.suggestion_set_id}"
    both = suggested.two_ids(said)
    for set_id in both:
        sets.of_project(session, project, set_id)
    return both


def _similar(session: Session, project: Project, part: Part, said: str) -> Sequence[int]:
    item = items.get(session, int(said)) if said.isdecimal() and len(said) < 19 else None
    if item is None or item.project_id != project.id:
        raise errors.NotFound(f'There is no item "{said}" in "{project.name}".', "Name an item by its id: similar:12.")
    return _computed("nearest_to_do", part, item_id=item.id)


def _search(_session: Session, _project: Project, part: Part, words: str) -> Sequence[int]:
    if not words:
        raise errors.Invalid("There is nothing to search for.", "Write a few words: search:red flowers.")
    return _computed("nearest_to_do", part, text=words)


PLAIN: dict[str, Callable[[Session, Project, Part], Sequence[int]]] = {
    "sequential": _sequential,
    "random": _random,
    "uncertain": _uncertain,
    "diverse": _diverse,
    "mixed": _mixed,
}
NAMED: dict[str, Callable[[Session, Project, Part, str], Sequence[int]]] = {
    "class": _class,
    "sure": _sure,
    "disagree": _disagree,
    "split": _split,
    "list": _list,
    "similar": _similar,
    "search": _search,
}
ORDERS = (
    *PLAIN, "class:NAME", "sure:NAME", "disagree:A,B", "split:NAME", "list:ID", "similar:ITEM_ID", "search:WORDS",
)  # fmt: skip
WITH_PAGES = ("sequential", "random", "uncertain", "class", "sure", "disagree", "split", "list")


def _computed(task: str, part: Part, timeout_s: float = 60.0, **more: Any) -> list[int]:
    known = {"limit": part.limit, "without": list(part.without), "holder": part.holder}
    return list(ask.now(task, timeout_s, project_id=part.project_id, **known, **more)["items"])


def _computed_or_random(session: Session, task: str, part: Part) -> Sequence[int]:
    try:
        return _computed(task, part, PATIENCE_S)
    except errors.WinnowError as error:
        log.warning("project %s: random instead of %s: %s", part.project_id, task, error.message)
        return rows.shuffled(session, replace(part, after=None))


def _class_of(session: Session, project: Project, name: str) -> LabelClass:
    if projects.is_blind(project):
        raise errors.Conflict(BLIND, "Choose another order, or show the suggestions again.")
    return _named(session, project, name)


def _named(session: Session, project: Project, name: str) -> LabelClass:
    classes = project_rows.classes(session, project.id)
    chosen = next((each for each in classes if each.name.casefold() == name.casefold()), None)
    if chosen is None:
        names = ", ".join(f'"{each.name}"' for each in classes)
        raise errors.Invalid(f'There is no class "{name}" in "{project.name}".', f"Its classes are {names}.")
    return chosen
