"""Near-duplicates never lie on both sides of a test."""

import hashlib
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from backend import errors
from backend.training import near, snapshots, splits
from db import groups as rows
from db.labels import Labeled
from db.models import Item, Split
from db.session import reading, writing
from tests.grouping.builders import find, groups
from tests.training.builders import WORDS, a_labeled_item, a_project, a_text_project

GIVEN = some.sampled_from([None, None, None, *Split])


@some.composite
def labeled(draw):
    made = []
    for number in range(draw(some.integers(0, 60))):
        class_ids = draw(some.lists(some.integers(1, 4), max_size=2, unique=True))
        group = draw(some.one_of(some.none(), some.integers(1, 8)))
        content_hash = hashlib.sha256(str(number).encode()).digest()
        made.append(Labeled(number + 1, content_hash, None, class_ids, None, group))
    return made


def of_group(items, chosen):
    found = defaultdict(set)
    for item in items:
        if item.group_id is not None:
            found[item.group_id].add(item.split or chosen[item.item_id])
    return found


@settings(max_examples=200, deadline=None)
@given(labeled(), some.dictionaries(some.integers(1, 8), some.sampled_from(list(Split)).map(lambda each: {each})))
def test_no_group_lies_in_two_splits(items, of_groups):
    chosen = splits.assign(items, of_groups)
    assert chosen.keys() == {item.item_id for item in items}
    found = of_group(items, chosen)
    assert all(len(each) == 1 for each in found.values())
    assert all(found[group] == of_groups[group] for group in found.keys() & of_groups.keys())
    assert splits.assign(items[::-1], of_groups) == chosen


@settings(max_examples=100, deadline=None)
@given(labeled())
def test_later_members_follow_those_before(items):
    half = items[: len(items) // 2]
    before = splits.assign(half)
    now = [
        Labeled(each.item_id, each.content_hash, None, each.class_ids, before.get(each.item_id), each.group_id)
        for each in items
    ]
    chosen = splits.assign(now)
    assert not chosen.keys() & before.keys()
    assert all(len(each) == 1 for each in of_group(now, chosen).values())


def test_with_groups_of_two_each_class_is_still_balanced():
    items = [Labeled(n, hashlib.sha256(str(n).encode()).digest(), None, [1 + n % 2], None, n // 4) for n in range(400)]
    chosen = splits.assign(items)
    counts = Counter((item.class_ids[0], chosen[item.item_id]) for item in items)
    assert sum(counts.values()) == 400
    assert sum(counts[1, split] + counts[2, split] for split in (Split.TEST,)) == 60
    assert all(20 <= counts[class_id, split] <= 40 for class_id in (1, 2) for split in (Split.TEST, Split.VALIDATION))


def test_copies_in_training_of_test_items_are_left_out_and_counted(home):
    project = a_text_project(20)
    first = snapshots.freeze(project, allow_missing=False)
    assert first.counts[near.LEFT_OUT] == 0
    with writing() as session:
        tested = session.query(Item).filter_by(project_id=project.id, split=Split.TEST).order_by(Item.id).first()
        name = "bird"
        copy = a_labeled_item(session, session.merge(project), f"{tested.text}!", name)
        copy.split = Split.TRAIN
    find(project, "strict")
    assert [tested.id, copy.id] in groups(project).values()
    second = snapshots.freeze(project, allow_missing=False)
    assert second.counts[near.LEFT_OUT] >= 1
    frozen = snapshots.load(second, project)
    assert copy.id not in frozen.parts[Split.TRAIN].item_ids
    assert tested.id in frozen.parts[Split.TEST].item_ids
    with reading() as session:
        assert session.get(Item, copy.id).split == Split.TRAIN
        assert rows.splits(session, project.id)[tested.id] == {Split.TRAIN, Split.TEST}
    assert "left out" in near.told(second.counts[near.LEFT_OUT])


def test_where_all_is_a_copy_of_one_thing_training_says_so(home):
    with writing() as session:
        project = a_project(session, list(WORDS))
        for number, name in enumerate(WORDS):
            for dots in range(6):
                a_labeled_item(session, project, f"{WORDS[name][number]}, they said so by the river{'.' * dots}", name)
    find(project)
    with pytest.raises(errors.TooFewLabels, match="near-duplicates"):
        snapshots.freeze(project, allow_missing=False)
