"""Splits that stay, and snapshots that are made once."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from backend import errors
from backend.jobs.supervisor import ROOT
from backend.training import near, snapshots, splits
from db import groups, items
from db import runs as rows
from db.labels import Labeled
from db.models import Item, Label, LabelClass, Project, Snapshot, Split, Status
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
    assert builders.curves_of(run) == {"train/loss": [{"step": 3, "epoch": 1.0, "seconds": 0.0, "value": 2.0}]}


def a_tagged(number: int, random: np.random.Generator) -> Labeled:
    """With one to three of ten tags, of which the first is on every other item and the last on one in fifty."""
    shares = 1 / (2.0 + 5 * np.arange(10))
    tags = [int(each) for each in np.flatnonzero(random.random(10) < shares)][:3] or [0]
    return a_labeled(number, *tags)


@pytest.mark.parametrize("seed", range(5))
def test_with_several_classes_an_item_each_class_has_its_share_in_every_split(seed: int) -> None:
    random = np.random.default_rng(seed)
    data = [a_tagged(1000 * seed + number, random) for number in range(600)]
    found = splits.assign(data)
    for tag in range(10):
        of_tag = [found[item.item_id] for item in data if tag in item.class_ids]
        for split in (Split.TEST, Split.VALIDATION):
            assert abs(of_tag.count(split) - 0.15 * len(of_tag)) <= 1 + 0.05 * len(of_tag), tag


@given(
    st.lists(st.sets(st.integers(0, 5), max_size=3), min_size=2, max_size=30),
    st.lists(st.sampled_from(list(Split)), max_size=30),
)
@settings(max_examples=200, deadline=None)
def test_new_items_leave_no_class_without_one_to_learn_from(tags: list[set[int]], brought: list[Split]) -> None:
    """brought: splits that the data brought for its first items."""
    data = [
        a_labeled(number, *sorted(each), split=brought[number] if number < len(brought) else None)
        for number, each in enumerate(tags)
    ]
    found = {item.item_id: item.split or Split.TRAIN for item in data} | splits.assign(data)
    for tag in range(6):
        of_tag = [item for item in data if tag in item.class_ids]
        if len(of_tag) > 1 and any(item.split is None for item in of_tag):
            assert Split.TRAIN in {found[item.item_id] for item in of_tag}


def test_splits_are_the_same_in_every_process() -> None:
    code = (
        "import hashlib\nfrom backend.training import splits\nfrom db.labels import Labeled\n"
        "data = [Labeled(n, hashlib.sha256(str(n).encode()).digest(), None, [n % 3, 3 + n % 5], None, n // 7 or None)"
        " for n in range(90)]\n"
        "print(sorted((item, str(split)) for item, split in splits.assign(data).items()))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert b"validation" in told.pop()


def test_a_class_whose_items_were_all_given_to_the_test_is_refused(home: None) -> None:
    project = builders.a_text_project(6)
    with writing() as session:
        for label in session.query(Label).filter_by(class_id=project.classes[2].id):
            item = session.get(Item, label.item_id)
            assert item
            item.split = Split.TEST
    with pytest.raises(errors.TooFewLabels, match='No item of "money" is for training') as raised:
        snapshots.freeze(project, allow_missing=False)
    assert "Label more" in raised.value.hint


def test_a_class_whose_items_for_training_are_all_copies_of_tested_ones_is_refused(home: None) -> None:
    project = builders.a_text_project(6)
    first = snapshots.load(snapshots.freeze(project, allow_missing=False), project)
    tested = next(
        item_id
        for item_id, target in zip(first.parts[Split.TEST].item_ids, first.parts[Split.TEST].targets, strict=True)
        if target == [1]
    )
    copies = [
        item_id
        for item_id, target in zip(first.parts[Split.TRAIN].item_ids, first.parts[Split.TRAIN].targets, strict=True)
        if target == [1]
    ]
    with writing() as session:
        groups.put(session, dict.fromkeys([tested, *copies], tested))
    with pytest.raises(errors.TooFewLabels, match='All items for training of "food" are near-duplicates'):
        snapshots.freeze(project, allow_missing=False)


def a_snapshot(project: Project) -> tuple[Snapshot, Path]:
    snapshot = snapshots.freeze(project, allow_missing=False)
    return snapshot, snapshots.path_of(snapshot.fingerprint)


def test_a_file_that_was_cut_short_is_refused_and_a_new_run_heals_it(home: None) -> None:
    project = builders.a_text_project(6)
    snapshot, path = a_snapshot(project)
    whole = path.read_bytes()
    for cut in (len(whole) // 2, len(whole) - 1, 0):
        path.write_bytes(whole[:cut])
        with pytest.raises(errors.BadFile, match="was changed or cut short") as raised:
            snapshots.load(snapshot, project)
        assert "Start a new run" in raised.value.hint
    assert a_snapshot(project)[0].id == snapshot.id
    assert len(snapshots.load(snapshot, project).parts[Split.TRAIN]) == 12


@pytest.mark.parametrize(
    "change",
    [
        {"split": "train"},
        {"text": "Another text"},
        {"item_id": 99},
        {"class_ids": []},
        {"content_hash": bytes(32)},
    ],
)
def test_a_row_that_was_changed_is_noticed(home: None, change: dict[str, Any]) -> None:
    project = builders.a_text_project(6)
    snapshot, path = a_snapshot(project)
    rows_there = parquet.read_table(path).to_pylist()
    row = next(each for each in rows_there if each["split"] == "test")
    row.update(change)
    snapshots.write_rows(path, rows_there, set())
    with pytest.raises(errors.BadFile, match="was changed or cut short"):
        snapshots.load(snapshot, project)


def test_a_row_that_is_missing_is_noticed_in_a_file_that_does_not_tell_what_was_left_out(home: None) -> None:
    project = builders.a_text_project(6)
    snapshot, path = a_snapshot(project)
    rows_there = parquet.read_table(path).to_pylist()
    snapshots.write_rows(path, rows_there)
    assert snapshots.load(snapshot, project).counts() == {"train": 12, "validation": 3, "test": 3}
    snapshot.counts |= {near.LEFT_OUT: 2}
    assert snapshots.load(snapshot, project).counts()["train"] == 12
    snapshots.write_rows(path, rows_there[1:])
    with pytest.raises(errors.BadFile):
        snapshots.load(snapshot, project)
