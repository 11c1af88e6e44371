"""What comes first when little is known: typical, spread out, and not what is decided or held."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from backend import projects
from backend.encoding import vectors
from backend.encoding.vectors import Vectors
from backend.models.catalogue import MINILM
from backend.suggesting import diverse
from db import leases
from db.models import Item, Project, Suggestion, SuggestionSet, now
from db.session import writing
from tests.suggesting.builders import a_text_project, items_of, label

GROUPS, EACH = 5, 12


def groups(seed: int = 0) -> Vectors:
    """GROUPS tight groups of EACH vectors in many directions: row r belongs to group r % GROUPS."""
    rng = np.random.default_rng(seed)
    centres = np.eye(16)[:GROUPS]
    found = np.stack([centres[row % GROUPS] + 0.15 * rng.standard_normal(16) for row in range(GROUPS * EACH)])
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


@pytest.fixture
def project(home: Path) -> Project:
    return a_text_project([f"text {row}" for row in range(GROUPS * EACH)], "one", "two", "three")


@pytest.fixture
def items(project: Project) -> list[Item]:
    """The project's items, with their vectors: item r is of group r % GROUPS."""
    items = items_of(project)
    vectors.add(MINILM, [item.content_hash for item in items], groups())
    return items


def groups_of(items: list[Item], item_ids: list[int]) -> list[int]:
    place = {item.id: row % GROUPS for row, item in enumerate(items)}
    return [place[item_id] for item_id in item_ids]


def suggest(project: Project, items: list[Item], unsure: list[int]) -> None:
    """Make suggestions, least sure about the items at these places."""
    with writing() as session:
        fresh = projects.get(session, project.id)
        class_ids = [each.id for each in fresh.classes]
        used = SuggestionSet(project_id=project.id, engine="head", model=MINILM, class_ids=class_ids)
        session.add(used)
        session.flush()
        for row, item in enumerate(items):
            margin = 0.01 if row in unsure else 0.9
            session.add(
                Suggestion(
                    set_id=used.id,
                    item_id=item.id,
                    class_id=class_ids[0],
                    confidence=0.5 + margin / 2,
                    margin=margin,
                    scores=np.zeros(3, np.float32).tobytes(),
                )
            )
        fresh.suggestion_set_id = used.id


def test_the_first_are_one_of_each_group_and_typical_of_it() -> None:
    found = groups()
    first = diverse.chosen(found, found[:0], GROUPS)
    assert sorted(row % GROUPS for row in first) == list(range(GROUPS))
    within = found @ found.T
    for row in first:
        group = within[:, row % GROUPS :: GROUPS].mean(1)
        assert group[row] >= np.median(group[row % GROUPS :: GROUPS])


def test_an_outlier_waits_until_the_typical_ones_are_chosen() -> None:
    found = np.concatenate([groups(), -np.eye(16, dtype=np.float32)[15:]])
    outlier = len(found) - 1
    assert outlier not in diverse.chosen(found, found[:0], GROUPS)


def test_what_was_chosen_before_is_not_chosen_in_other_words() -> None:
    found = groups()
    next_ones = diverse.chosen(found[GROUPS:], found[:2], GROUPS - 2)
    assert sorted(row % GROUPS for row in next_ones) == [2, 3, 4]


def test_the_greedy_choice_is_the_plain_one() -> None:
    """The bounds that save time change nothing."""
    rng = np.random.default_rng(5)
    found = rng.standard_normal((80, 8)).astype(np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    likeness = np.clip(found @ found.T, 0, 1) ** 2
    best, plain = np.zeros(80, np.float32), []
    for _ in range(12):
        gains = np.maximum(likeness - best, 0).sum(1)
        plain.append(int(gains.argmax()))
        best = np.maximum(best, likeness[plain[-1]])
    assert diverse.chosen(found, found[:0], 12) == plain


def test_nothing_to_choose_from_is_nothing_chosen() -> None:
    none = np.zeros((0, 0), np.float32)
    assert diverse.chosen(none, none, 5) == []


def test_items_of_every_group_come_first(project: Project, items: list[Item]) -> None:
    found = diverse.diverse(project.id, GROUPS)["items"]
    assert sorted(groups_of(items, found)) == list(range(GROUPS))


def test_groups_that_are_decided_held_or_named_wait(project: Project, items: list[Item]) -> None:
    label(project, {items[0].id: "one"})
    with writing() as session:
        leases.take(session, project.id, "bob/", [items[1].id], until=now() + timedelta(minutes=1), limit=1)
    found = diverse.diverse(project.id, 2, [items[2].id], "ada/")["items"]
    assert sorted(groups_of(items, found)) == [3, 4]
    # To its holder it is nothing to stay away from.
    assert 1 in groups_of(items, diverse.diverse(project.id, 3, [items[2].id], "bob/")["items"])


def test_all_items_come_once_and_none_that_is_left_out(project: Project, items: list[Item]) -> None:
    found = diverse.diverse(project.id, 500, [items[0].id])["items"]
    assert sorted(found) == [item.id for item in items[1:]]


def test_without_vectors_the_order_is_random(project: Project) -> None:
    items = items_of(project)
    by_hash = [item.id for item in sorted(items, key=lambda item: item.content_hash)]
    assert diverse.diverse(project.id, 7)["items"] == by_hash[:7]
    assert diverse.mixed(project.id, 7)["items"] == by_hash[:7]


def test_the_few_that_have_vectors_come_first_and_then_random_ones(project: Project) -> None:
    items = items_of(project)
    vectors.add(MINILM, [item.content_hash for item in items[:3]], groups()[:3])
    found = diverse.diverse(project.id, 9)["items"]
    assert set(found[:3]) == {item.id for item in items[:3]}
    assert len(set(found)) == 9


def test_half_of_a_mix_is_unsure_and_unlike_each_other(project: Project, items: list[Item]) -> None:
    # Of three groups, more of the first than of the others.
    unsure = [*range(0, 40, GROUPS), 1, 6, 2, 7]
    suggest(project, items, unsure)
    found = diverse.mixed(project.id, 12)["items"]
    rows = [next(row for row, item in enumerate(items) if item.id == item_id) for item_id in found]
    assert len(set(found)) == 12
    assert len(set(rows) & set(unsure)) >= 6
    assert {row % GROUPS for row in set(rows) & set(unsure)} == {0, 1, 2}
    by_hash = [item.id for item in sorted(items, key=lambda item: item.content_hash)]
    assert set(by_hash[:3]) <= set(found)


def test_a_mix_without_suggestions_is_diverse_and_random(project: Project, items: list[Item]) -> None:
    found = diverse.mixed(project.id, 6)["items"]
    assert found[0::2] == diverse.diverse(project.id, 3)["items"]
    assert len(set(found)) == 6


def test_a_mix_goes_on_to_the_last_item(project: Project, items: list[Item]) -> None:
    suggest(project, items, [])
    assert sorted(diverse.mixed(project.id, 500)["items"]) == [item.id for item in items]
