"""Images whose labels stand in a table beside them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.importing.builders import a_file, a_project, a_zip, all_items, an_image, import_now, labels

IMAGES = {f"images/{number}.png": an_image((number, number, number)) for number in (1, 2, 3)}
CSV = "file_name,label,split,camera\n1.png,bird,train,A\n2.png,cat,valid,B\ngone.png,cat,,\n"
RECORDS = [
    {"file_name": "1.png", "label": "bird", "split": "train", "camera": "A"},
    {"file_name": "2.png", "label": ["cat"], "split": "val", "camera": "B"},
    {"file_name": "gone.png"},
]
TABLES: dict[str, tuple[str, str]] = {
    "labels.csv": ("labels.csv", CSV.replace("file_name", "image").replace("2.png", "images/2.png")),
    "metadata.csv": ("images/metadata.csv", CSV),
    "metadata.jsonl": ("images/metadata.jsonl", "".join(json.dumps(record) + "\n" for record in RECORDS)),
}


@pytest.mark.parametrize("form", ["folder", "zip"])
@pytest.mark.parametrize("name", list(TABLES))
def test_rows_name_images_with_label_split_and_more(home: Path, tmp_path: Path, name: str, form: str) -> None:
    place, content = TABLES[name]
    files = {**IMAGES, place: content.encode()}
    path = tmp_path / "in"
    if form == "zip":
        path = a_zip(tmp_path / "in.zip", files)
    else:
        for each, data in files.items():
            a_file(path, each, data)
    project = a_project("image")
    report = import_now(project, path=str(path))
    found = {item.source.rsplit("/", 1)[1]: item for item in all_items(project)}
    assert {name: item.split for name, item in found.items()} == {
        "1.png": "train",
        "2.png": "validation",
        "3.png": None,
    }
    assert [(found[name].meta or {}).get("camera") for name in sorted(found)] == ["A", "B", None]
    assert {source.rsplit("/", 1)[1]: names for source, names in labels(project).items()} == {
        "1.png": ["bird"],
        "2.png": ["cat"],
    }
    assert [each["reason"] for each in report["reasons"]] == ['There is no image "gone.png" beside the table.']


def test_label_studio_names_images_by_its_own_addresses(home: Path, tmp_path: Path) -> None:
    def a_task(image: str, name: str) -> dict[str, Any]:
        result = [{"value": {"choices": [name]}}]
        return {"id": 1, "data": {"image": image}, "annotations": [{"result": result}]}

    for name, data in IMAGES.items():
        a_file(tmp_path / "in", name, data)
    tasks = [
        a_task("/data/upload/3/0a1b2c3d-1.png", "bird"),
        a_task("/data/local-files/?d=photos/2.png", "cat"),
        a_task("s3://bucket/a%20b/3.png", "cat"),
    ]
    a_file(tmp_path / "in", "tasks.json", json.dumps(tasks))
    project = a_project("image")
    import_now(project, path=str(tmp_path / "in"))
    assert sorted(names[0] for names in labels(project).values()) == ["bird", "cat", "cat"]


def test_a_name_that_two_images_have_names_none(home: Path, tmp_path: Path) -> None:
    a_file(tmp_path / "in", "a/1.png", an_image((1, 1, 1)))
    a_file(tmp_path / "in", "b/1.png", an_image((2, 2, 2)))
    a_file(tmp_path / "in", "labels.csv", "image,label\n1.png,bird\n../../../etc/b/1.png,cat\n")
    project = a_project("image")
    report = import_now(project, path=str(tmp_path / "in"))
    assert [each["place"] for each in report["reasons"]] == ["labels.csv row 2", "labels.csv row 3"]
    assert not labels(project)
