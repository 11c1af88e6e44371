"""What leaves a project that is empty, has lost files or has odd names; and what is left behind when nobody waits."""

import gc
import io
import zipfile
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend import blobs, errors, exporting, projects
from db import projects as project_rows
from db.session import reading, writing
from tests.exporting.test_exports import a_labeled_project, api, label
from tests.importing.builders import a_file, a_project, all_items, an_image, import_now, labels
from tests.labeling.builders import bulk_label

__all__ = ["api"]


@pytest.mark.parametrize("form", ["imagefolder", "hf"])
def test_an_image_whose_file_is_gone_is_left_out_and_breaks_nothing(api: TestClient, tmp_path: Path, form: str) -> None:
    project = a_project("image", "bird", "cat")
    for number, name in enumerate(["bird/1.png", "cat/2.png"]):
        a_file(tmp_path, f"in/{name}", an_image((number, 0, 0)))
    import_now(project, path=str(tmp_path / "in"))
    blobs.remove(all_items(project)[0].content_hash)
    path = a_file(tmp_path, "out.zip", api.get(f"/projects/{project.id}/export?format={form}").content)
    again = a_project("image", "bird", "cat")
    import_now(again, path=str(path))
    assert list(labels(again).values()) == [["cat"]]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "imagefolder", "hf", "labelstudio"])
@pytest.mark.filterwarnings("error")
def test_a_client_that_goes_away_in_the_middle_leaves_nothing_open(home: Path, tmp_path: Path, form: str) -> None:
    project = a_project("image", "bird", "cat")
    for number in range(120):
        a_file(tmp_path, f"in/bird/{number}.png", an_image((number, 0, 0)))
    import_now(project, path=str(tmp_path / "in"))
    with reading() as session:
        sent = exporting.download(session, projects.get(session, project.id), form)
    assert all(islice(sent.blocks, 3))
    sent.blocks.close()  # type: ignore[attr-defined]
    gc.collect()


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "imagefolder", "labelstudio"])
def test_an_empty_project_comes_back_empty(home: Path, tmp_path: Path, form: str) -> None:
    kind = "image" if form == "imagefolder" else "text"
    project, again = a_project(kind), a_project(kind)
    with reading() as session:
        made = exporting.download(session, projects.get(session, project.id), form)
    path = tmp_path / made.file_name
    path.write_bytes(b"".join(made.blocks))
    with suppress(errors.BadFile):
        import_now(again, path=str(path))
    assert all_items(again) == []


def test_a_dataset_of_what_has_no_label_is_empty(api: TestClient) -> None:
    answer = api.get(f"/projects/{a_labeled_project().id}/export?format=hf&status=todo")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert [name for name in archive.namelist() if name.endswith(".parquet")] == []


def test_a_person_called_as_a_split_is_none(home: Path, tmp_path: Path) -> None:
    project = a_project()
    import_now(project, texts=["one", "two"])
    items = all_items(project)
    with writing() as session:
        bird = project_rows.classes(session, project.id)[0].id
        bulk_label(session, project, "Dev", [each.id for each in items], [bird], event_id="dev")
    for form in ("csv", "jsonl", "parquet", "labelstudio"):
        again = a_project()
        with reading() as session:
            made = exporting.download(session, projects.get(session, project.id), form)
        import_now(again, path=str(a_file(tmp_path, made.file_name, b"".join(made.blocks))))
        assert [item.split for item in all_items(again)] == [None, None]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "labelstudio", "hf"])
@pytest.mark.parametrize("multi_label", [False, True])
def test_classes_that_are_new_come_in_under_their_whole_names(
    home: Path, tmp_path: Path, form: str, *, multi_label: bool
) -> None:
    odd = ["a|b", "c, d", "[]", '["e"]', 'f"g']
    project = a_project("text", *odd, multi_label=multi_label)
    import_now(project, texts=odd)
    label(project, {name: [name] for name in odd})
    with reading() as session:
        made = exporting.download(session, projects.get(session, project.id), form)
    again = a_project(multi_label=multi_label)
    import_now(again, path=str(a_file(tmp_path, made.file_name, b"".join(made.blocks))), add_classes=True)
    assert labels(again) == {name: [name] for name in odd}
