"""Splits that stay, and snapshots that are made once."""

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.training import snapshots, splits
from db import items
from db import runs as rows
from db.labels import Labeled
from db.models import Item, LabelClass, Project, Split, Status
from db.session import reading, writing
from tests.training import builders


def a_labeled(number: int, *class_ids: int, split: Split | None = None) -> Labeled:
    return Labeled(number, hashlib.sha256(str(number).encode()).digest(), None, list(class_ids), split)


def splits_of(project: Project) -> dict[int, Split | None]:
    with reading() as session:
        return {item.id: item.split for item in items.page(session, project.id, limit=500)}


@given(st.lists(st.integers(1, 40), min_size=1, max_size=5))
@settings(max_examples=50, deadline=None)
def test_every_class_is_split_15_15_70_with_one_of_each_at_least(sizes: list[int]) -> None:
    numbered = [(number, name) for name, size in enumerate(sizes) for number in range(size)]
    found = splits.assign([a_labeled(100 * name + number, name) for number, name in numbered])
    for name, size in enumerate(sizes):
        of_class = [found[100 * name + number] for number in range(size)]
        for split in (Split.TEST, Split.VALIDATION):
            assert abs(of_class.count(split) - 0.15 * size) <= 1
            assert of_class.count(split) >= (size >= 3)
        assert Split.TRAIN in of_class or size == 1


def test_the_split_depends_on_the_content_alone() -> None:
    data = [a_labeled(number, number % 3) for number in range(60)]
    assert splits.assign(data) == splits.assign(data[::-1])


def test_an_item_keeps_its_split_when_more_are_labeled(home: None) -> None:
    project = builders.a_text_project(8)
    first = snapshots.freeze(project, allow_missing=False)
    before = splits_of(project)
    with writing() as session:
        for number in range(40):
            builders.a_labeled_item(session, session.get(Project, project.id), f"One more bird {number}", "bird")
    second = snapshots.freeze(project, allow_missing=False)
    after = splits_of(project)
    assert {item_id: after[item_id] for item_id in before} == before
    assert first.fingerprint != second.fingerprint
    assert second.counts["test"][str(project.classes[0].id)] == 7


def test_the_same_labels_are_the_same_snapshot(home: None) -> None:
    project = builders.a_text_project(6)
    first, second = (snapshots.freeze(project, allow_missing=False) for _ in range(2))
    assert first.id == second.id
    assert snapshots.path_of(first.fingerprint).is_file()
    frozen = snapshots.load(second, project)
    assert frozen.counts() == {"train": 12, "validation": 3, "test": 3}
    assert all(text for _, text in frozen.parts[Split.TRAIN].contents)


def test_a_renamed_class_or_a_changed_label_is_another_snapshot(home: None) -> None:
    project = builders.a_text_project(6)
    fingerprints = {snapshots.freeze(project, allow_missing=False).fingerprint}
    with writing() as session:
        found = session.get(LabelClass, project.classes[0].id)
        assert found
        found.name = "fowl"
    fingerprints.add(snapshots.freeze(project, allow_missing=False).fingerprint)
    with writing() as session:
        item = session.get(Item, min(splits_of(project)))
        assert item
        item.status = Status.SKIPPED
    fingerprints.add(snapshots.freeze(project, allow_missing=False).fingerprint)
    assert len(fingerprints) == 3


def test_classes_that_are_left_out_take_their_items_along(home: None) -> None:
    project = builders.a_text_project(6)
    with writing() as session:
        here = session.get(Project, project.id)
        assert here
        heron = LabelClass(project_id=here.id, name="heron", color="#000000")
        session.add(heron)
        session.flush()
        session.refresh(here)
        builders.a_labeled_item(session, here, "A heron alone", "heron")
    frozen = snapshots.load(snapshots.freeze(project, allow_missing=True), project)
    assert frozen.names == ["bird", "food", "money"]
    assert sum(frozen.counts().values()) == 18


def test_a_point_that_is_written_twice_is_one_point(home: None) -> None:
    project = builders.a_text_project(6)
    run = builders.a_run(project)
    for value in (1.0, 2.0):
        with writing() as session:
            rows.put_points(session, run.id, [{"name": "train/loss", "step": 3, "epoch": 1.0, "value": value}])
    assert builders.curves_of(run) == {"train/loss": [{"step": 3, "epoch": 1.0, "value": 2.0}]}
