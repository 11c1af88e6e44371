"""Emptying the bin: in parts, only what was in it, and with the images that nothing uses any more."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import select

from backend import blobs, projects, thumbs
from backend.jobs.progress import Handle
from backend.labeling import bulk, emptying
from backend.labeling.bulk import Wanted
from db import items
from db.items import Filter
from db.models import Action, Item, JobKind, Project, Status, now
from db.session import reading, writing
from tests.importing.builders import a_file, a_project, all_items, an_image, import_now


def delete(project: Project, *item_ids: int) -> None:
    bulk.label(project.id, "ada", Wanted(action=Action.DELETE, item_ids=item_ids), str(uuid4()))


def thumbs_of(item: Item) -> list[Path]:
    return list(thumbs.path_stem(item.content_hash, None).parent.glob(f"{item.content_hash.hex()}-*"))


def test_an_image_goes_with_its_last_item_and_stays_while_another_project_has_it(home: Path, tmp_path: Path) -> None:
    folder = a_file(tmp_path, "in/1.png", an_image((200, 10, 10))).parent
    a_file(tmp_path, "in/2.png", an_image((10, 200, 10)))
    one, other = a_project("image"), a_project("image")
    import_now(one, path=str(folder))
    a_file(tmp_path, "in2/1.png", an_image((200, 10, 10)))
    import_now(other, path=str(tmp_path / "in2"))
    shared = all_items(other)[0]
    mine = next(item for item in all_items(one) if item.content_hash != shared.content_hash)
    thumbs.image_bytes(mine, 64)
    delete(one, *[item.id for item in all_items(one)])
    assert blobs.path_of(mine.content_hash).exists()
    assert emptying.at_once(one.id) == 2
    assert not blobs.path_of(mine.content_hash).exists()
    assert thumbs_of(mine) == []
    assert blobs.path_of(shared.content_hash).exists()
    import_now(one, path=str(folder))
    assert len(all_items(one)) == 2
    assert blobs.path_of(mine.content_hash).exists()


def test_what_comes_into_the_bin_after_it_was_asked_to_be_emptied_stays(home: Path) -> None:
    project = a_project()
    import_now(project, texts=["a heron", "a crow", "a stork"])
    first, second, _ = (item.id for item in all_items(project))
    delete(project, first)
    with writing() as session:
        job = emptying.start(session, project)
        assert emptying.start(session, project).id == job.id
    assert job.kind == JobKind.EMPTY
    with writing() as session:
        session.get_one(Item, second).decided_at = None
    delete(project, second)
    with writing() as session:
        session.get_one(Item, second).decided_at = now() + timedelta(seconds=5)
    assert emptying.run(Handle(job)) == {"removed": 1}
    with reading() as session:
        assert session.scalars(select(Item.id).where(Item.status == Status.DELETED)).all() == [second]


def test_all_that_fit_a_filter_are_deleted_and_restored_as_they_were(home: Path) -> None:
    project = a_project()
    import_now(project, texts=[f"heron {number}" for number in range(450)] + ["a crow"])
    wanted = Filter(text="heron")
    assert bulk.label(project.id, "ada", Wanted(action=Action.DELETE, filter=wanted), "e1").changed == 450
    with reading() as session:
        assert items.count(session, project.id) == 1
        assert items.count(session, project.id, Status.DELETED) == 450
        spec = bulk.from_spec({"action": "restore", "class_ids": [], "filter": Filter(status=Status.DELETED).as_json(),
                               "item_ids": [], "each": [], "acceptance_id": None})  # fmt: skip
    assert bulk.label(project.id, "ada", spec, "e2").changed == 450
    with reading() as session:
        assert items.count(session, project.id) == 451
        assert projects.get(session, project.id)
