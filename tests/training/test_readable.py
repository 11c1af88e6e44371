"""Pictures that are broken or gone: named, left out of the run, and the run goes on where it can."""

from pathlib import Path
from typing import Any

import pytest

from backend import blobs, errors
from backend.encoding import default_encoder, encode
from backend.jobs.progress import Handle
from backend.training import artifact, job, readable, snapshots
from db import runs as rows
from db.models import Item, Project, Run, Split
from db.session import reading, writing
from tests.training import builders
from tests.training.builders import a_run, again, job_of


@pytest.fixture
def project(home: Path) -> Project:
    found = builders.an_image_project(10)
    with writing() as session:
        for item in session.query(Item).filter_by(project_id=found.id):
            item.source = f"picture {item.id}.png"
    return found


def items_of(project: Project, split: Split | None = None) -> list[Item]:
    with reading() as session:
        query = session.query(Item).filter_by(project_id=project.id).order_by(Item.id)
        return [item for item in query if split is None or item.split == split]


def split_up(project: Project) -> None:
    snapshots.freeze(project, allow_missing=False)


def take_away(item: Item) -> None:
    blobs.path_of(item.content_hash).unlink()


def cut_short(item: Item) -> None:
    path = blobs.path_of(item.content_hash)
    path.write_bytes(path.read_bytes()[:100])


def test_pictures_that_are_gone_or_broken_are_named_and_the_run_is_done_without_them(project: Project) -> None:
    split_up(project)
    gone, broken = items_of(project, Split.TRAIN)[:2]
    take_away(gone)
    cut_short(broken)
    run = a_run(project, method="head")
    job.run(Handle(job_of(run)))
    found = again(run)
    skipped = found.environment["skipped"]
    assert [(each["item_id"], each["name"]) for each in skipped] == [
        (gone.id, f"picture {gone.id}.png"),
        (broken.id, f"picture {broken.id}.png"),
    ]
    assert "no longer there" in skipped[0]["reason"]
    assert skipped[1]["reason"]
    assert (
        f"2 pictures were left out: picture {gone.id}.png and picture {broken.id}.png." in job_of(run).message
    )  # fmt: skip
    with reading() as session:
        snapshot = rows.get_snapshot(session, found.snapshot_id or 0)
    assert snapshot
    assert sum(snapshot.counts["train"].values()) == 12
    assert snapshot.baselines.keys() == {"majority", "logistic_regression"}
    assert str(broken.id) in (artifact.model_folder(found) / "README.md").read_text("utf-8")


def test_what_is_left_out_of_the_test_is_not_counted_there(project: Project) -> None:
    split_up(project)
    tested = items_of(project, Split.TEST)
    take_away(tested[0])
    run = a_run(project, method="head")
    job.run(Handle(job_of(run)))
    assert again(run).metrics["test"]["n"] == len(tested) - 1


def data_of(run: Run) -> snapshots.Frozen:
    return job.frozen_for(run)


def test_a_resumed_run_makes_the_same_choice_even_when_a_picture_is_back(project: Project) -> None:
    run = a_run(project, method="head")
    data, handle = data_of(run), Handle(job_of(run))
    chosen = items_of(project, Split.TRAIN)[0]
    path = blobs.path_of(chosen.content_hash)
    kept = path.read_bytes()
    take_away(chosen)
    left, skipped = readable.without_broken(handle, data)
    assert [each["item_id"] for each in skipped] == [chosen.id]
    path.write_bytes(kept)
    assert readable.without_broken(handle, data, skipped) == (left, skipped)
    assert readable.without_broken(handle, data) == (data, [])


def test_texts_are_all_readable(home: Path) -> None:
    run = a_run(builders.a_text_project(6), method="head")
    data = data_of(run)
    assert readable.without_broken(Handle(job_of(run)), data) == (data, [])


def test_a_picture_that_goes_while_the_run_works_ends_it_by_name_and_resume_leaves_it_out(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = builders.a_tiny_mobilenet(tmp_path / "base")
    run = a_run(project, method="full", base=base, epochs=1, batch_size=8, image_size=32)
    look = readable.without_broken

    def look_and_lose(handle: Handle, data: snapshots.Frozen, before: Any) -> Any:
        found = look(handle, data, before)
        cut_short(items_of(project, Split.TRAIN)[3])
        return found

    monkeypatch.setattr(readable, "without_broken", look_and_lose)
    with pytest.raises(errors.BadFile, match=r'"picture \d+.png" cannot be read any more: ') as raised:
        job.run(Handle(job_of(run)))
    assert raised.value.hint == "Resume leaves it out."
    monkeypatch.setattr(readable, "without_broken", look)
    job.run(Handle(job_of(run)))
    found = again(run)
    lost = items_of(project, Split.TRAIN)[3]
    assert [each["name"] for each in found.environment["skipped"]] == [lost.source]
    assert found.artifact


def refused(run: Run) -> errors.BadFile:
    with pytest.raises(errors.BadFile) as raised:
        job.run(Handle(job_of(run)))
    return raised.value


def test_when_more_than_half_is_gone_the_run_says_so(project: Project) -> None:
    run = a_run(project, method="head")
    for item in items_of(project)[:5] + items_of(project)[-6:]:
        take_away(item)
    error = refused(run)
    assert error.message == "11 of the 20 pictures cannot be read."
    assert "no longer there" in error.hint


def test_when_a_class_has_nothing_left_to_learn_from_the_run_says_which(project: Project) -> None:
    split_up(project)
    first_class = items_of(project)[:10]
    for item in first_class:
        if item.split == Split.TRAIN:
            take_away(item)
    assert refused(a_run(project, method="head")).message == (
        'None of the pictures to learn "round" from can be read.'
    )  # fmt: skip


def test_when_a_split_has_nothing_left_the_run_says_which(project: Project) -> None:
    split_up(project)
    for item in items_of(project, Split.VALIDATION):
        take_away(item)
    assert refused(a_run(project, method="head")).message == "None of the pictures for validation can be read."


def test_an_encoder_tells_what_it_could_not_read(home: Path) -> None:
    fine, broken = blobs.put(builders.drawn("round", 1)), blobs.put(b"no picture")
    unreadable: set[bytes] = set()
    encode.ensure(default_encoder("image"), [(fine, None), (broken, None)], None, unreadable)
    assert unreadable == {broken}
