"""Projects with random items, and a plain check of a filter over what was built."""

import hashlib
import random
from array import array
from dataclasses import dataclass

from backend import projects
from db import words
from db.items import Filter
from db.models import (
    PRESENT,
    Action,
    Annotator,
    Decision,
    GoldLabel,
    Item,
    Label,
    LabelEvent,
    Origin,
    Project,
    Split,
    Status,
    Suggestion,
    SuggestionSet,
    now,
)
from db.session import Session

WORDS = ("heron", "crow", "herons", "Égret", "case", "x2")


@dataclass(frozen=True)
class Built:
    """A project and its items as the test knows them. `says` is item id -> (class id, confidence, margin)."""

    project: Project
    class_ids: list[int]
    annotator_ids: list[int]
    origin_ids: list[int]
    items: list[Item]
    labels: dict[int, set[int]]
    gold: dict[int, set[int]]
    says: dict[int, tuple[int, float, float]]


def random_items(session: Session, count: int, seed: int, *, is_indexed: bool = True) -> Built:
    """In between lie items of another project, so that a query that forgets the project is found out."""
    pick = random.Random(seed)
    project = projects.create(session, f"Seed {seed}", "text", multi_label=True, class_names=["bird", "cat", "dog"])
    other = projects.create(session, f"Other {seed}", "text", class_names=["bird"])
    class_ids = [each.id for each in project.classes]
    used = SuggestionSet(project_id=project.id, engine="head", model="none", class_ids=class_ids, finished_at=now())
    people = [Annotator(name=f"{name} {seed}") for name in ("ada", "bob")]
    files = [Origin(project_id=project.id, name=name) for name in ("a.csv", "b.csv")]
    session.add_all([used, *people, *files])
    session.flush()
    project.suggestion_set_id = used.id
    decision = Decision(project_id=project.id, annotator_id=people[0].id)
    session.add(decision)
    session.flush()
    built = Built(project, class_ids, [each.id for each in people], [each.id for each in files], [], {}, {}, {})
    for number in range(count):
        stranger = Item(project_id=other.id, text=f"heron {number}", content_hash=_hash(f"other {number}"))
        session.add(stranger)
        session.flush()
        an_item(session, built, pick, number, set_id=used.id, decision_id=decision.id)
    if is_indexed:
        while words.index_more(session, 100):
            pass
    session.flush()
    return built


def an_item(session: Session, built: Built, pick: random.Random, number: int, *, set_id: int, decision_id: int) -> None:
    status = pick.choice(list(Status))
    text = " ".join([*pick.choices(WORDS, k=pick.randint(1, 4)), f"n{number}"])
    item = Item(
        project_id=built.project.id,
        text=text,
        content_hash=_hash(text),
        source=f"a.csv row {number}",
        status=status,
        split=pick.choice([None, None, *Split]),
        origin_id=pick.choice([None, *built.origin_ids]),
        annotator_id=None if status == Status.TODO else pick.choice(built.annotator_ids),
        decided_at=None if status == Status.TODO else now(),
    )
    session.add(item)
    session.flush()
    built.items.append(item)
    if status in (Status.LABELED, Status.FLAGGED):
        built.labels[item.id] = _some(pick, built.class_ids, fewest=0)
    if pick.random() < 0.5:
        built.gold[item.id] = _some(pick, built.class_ids, fewest=1)
    session.add_all(Label(item_id=item.id, class_id=each) for each in built.labels.get(item.id, ()))
    session.add_all(GoldLabel(item_id=item.id, class_id=each) for each in built.gold.get(item.id, ()))
    if pick.random() < 0.8:
        said = (pick.choice(built.class_ids), pick.randint(0, 20) / 20, pick.randint(0, 20) / 20)
        built.says[item.id] = said
        session.add(_suggestion(set_id, item.id, *said))
    if status != Status.TODO:
        event = LabelEvent(
            event_id=f"{built.project.id}-{number}",
            project_id=built.project.id,
            item_id=item.id,
            annotator_id=item.annotator_id,
            decision_id=decision_id,
            action=Action.LABEL,
        )
        session.add(event)
        session.flush()
        item.last_event_id = event.id


def fitting(built: Built, wanted: Filter) -> list[int]:
    """The ids of the items that fit, by id."""
    return [item.id for item in built.items if does_fit(built, wanted, item)]


def does_fit(built: Built, wanted: Filter, item: Item) -> bool:
    labels, gold, said = built.labels.get(item.id, set()), built.gold.get(item.id), built.says.get(item.id)
    is_labeled = item.status == Status.LABELED
    return all(
        (
            item.status == wanted.status if wanted.status else item.status in PRESENT,
            wanted.class_id is None or wanted.class_id in labels,
            all(has_word(item.text or "", word) for word in wanted.text.split()),
            wanted.suggestion is None or bool(said and said[0] == wanted.suggestion),
            wanted.confidence_from is None or bool(said and said[1] >= wanted.confidence_from),
            wanted.confidence_to is None or bool(said and said[1] <= wanted.confidence_to),
            wanted.disagrees != "suggestion" or bool(is_labeled and said and said[0] not in labels),
            wanted.disagrees != "gold" or bool(is_labeled and gold and gold != labels),
            wanted.split is None or (item.split or "none") == wanted.split,
            wanted.annotator_id is None or item.annotator_id == wanted.annotator_id,
            wanted.origin_id is None or item.origin_id == wanted.origin_id,
            not wanted.has_no_label or not is_labeled,
        )
    )


def has_word(text: str, word: str) -> bool:
    there = text.casefold().replace("é", "e").split()
    return any(each.startswith(word[:-1]) for each in there) if word.endswith("*") else word in there


def _some(pick: random.Random, class_ids: list[int], *, fewest: int) -> set[int]:
    return set(pick.sample(class_ids, pick.randint(fewest, 2)))


def _suggestion(set_id: int, item_id: int, class_id: int, confidence: float, margin: float) -> Suggestion:
    scores = array("f", [0.2, 0.3, 0.5]).tobytes()
    return Suggestion(
        set_id=set_id, item_id=item_id, class_id=class_id, confidence=confidence, margin=margin, scores=scores
    )


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
