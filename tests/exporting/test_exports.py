"""What leaves a project: every format, over HTTP as a person gets it."""

import csv
import io
import json
import zipfile
from array import array
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient
from pyarrow import parquet

from backend import exporting, projects
from backend.api.app import create
from backend.exporting.texts import joined
from backend.spreadsheets import harmless
from db import projects as project_rows
from db.models import GoldLabel, Item, ItemSource, Prediction, Project, Run, RunState, Snapshot, Split
from db.session import reading, writing
from tests.importing.builders import a_file, a_project, all_items, an_image, import_now, labels
from tests.labeling.builders import a_suggestion_set, bulk_label

FIELDS = [
    "id", "text", "label", "status", "split", "annotator", "decided_at", "source", "suggestion", "confidence",
]  # fmt: skip


@pytest.fixture
def api(home: Path) -> Iterator[TestClient]:
    with TestClient(create()) as client:
        yield client


def label(project: Project, names: dict[str, list[str]], split: Split | None = None) -> None:
    """Give texts (or sources) their classes, as Ann."""
    found = {item.text or item.source: item.id for item in all_items(project)}
    with writing() as session:
        ids = {each.name: each.id for each in project_rows.classes(session, project.id)}
        for text, classes in names.items():
            bulk_label(
                session, project, "Ann", [found[text]], [ids[name] for name in classes], event_id=f"{project.id}-{text}"
            )
            item = session.get(Item, found[text])
            assert item
            item.split = split


def a_labeled_project() -> Project:
    project = a_project()
    import_now(project, texts=["a heron,\nin the reeds", "=1+1", "a tom"])
    label(project, {"a heron,\nin the reeds": ["bird"], "a tom": ["cat"]}, Split.TRAIN)
    return project


def test_csv_has_a_row_for_each_item_with_what_is_known_of_it(api: TestClient) -> None:
    answer = api.get(f"/projects/{a_labeled_project().id}/export", params={"format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="Birds-' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert list(rows[0]) == FIELDS
    assert [(row["text"], row["label"], row["status"], row["split"], row["annotator"]) for row in rows] == [
        ("a heron,\nin the reeds", "bird", "labeled", "train", "Ann"),
        ("=1+1", "", "todo", "", ""),
        ("a tom", "cat", "labeled", "train", "Ann"),
    ]
    assert rows[0]["decided_at"].endswith("+00:00")


def test_only_the_labeled_are_exported_when_asked(api: TestClient) -> None:
    answer = api.get(f"/projects/{a_labeled_project().id}/export?format=jsonl&status=labeled")
    records = [json.loads(line) for line in answer.text.splitlines()]
    assert [(each["text"], each["label"]) for each in records] == [("a heron,\nin the reeds", "bird"), ("a tom", "cat")]


def test_a_spreadsheet_runs_no_text_as_a_formula(api: TestClient) -> None:
    answer = api.get(f"/projects/{a_labeled_project().id}/export?format=csv&for=spreadsheet")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "'=1+1" in answer.text
    assert [harmless(cell) for cell in ("@x", "-1", "x", None, 3)] == ["'@x", "'-1", "x", None, 3]


def test_parquet_has_the_same_records_typed(api: TestClient) -> None:
    project = a_labeled_project()
    answer = api.get(f"/projects/{project.id}/export?format=parquet")
    records = parquet.read_table(io.BytesIO(answer.content)).to_pylist()
    lines = api.get(f"/projects/{project.id}/export?format=jsonl").text.splitlines()
    assert records == [json.loads(line) for line in lines]


def test_images_leave_in_folders_and_come_back_with_their_labels(api: TestClient, tmp_path: Path) -> None:
    project = a_project("image", "bird", "a/b: cat")
    contents = {name: an_image((number, 0, 0)) for number, name in enumerate(["1.png", "2.png", "3.png"])}
    for name, data in contents.items():
        a_file(tmp_path, f"in/{name}", data)
    import_now(project, path=str(tmp_path / "in"))
    label(project, {"1.png": ["bird"], "2.png": ["a/b: cat"]}, Split.TRAIN)
    answer = api.get(f"/projects/{project.id}/export?format=imagefolder")
    path = a_file(tmp_path, "out.zip", answer.content)
    with zipfile.ZipFile(path) as archive:
        names = [name.split("/") for name in archive.namelist()]
        assert [archive.read(name) for name in archive.namelist()[:3]] == list(contents.values())
    # No folder can be called as the second class is: a table beside the folders says it.
    assert [name[:-1] for name in names] == [["train", "bird"], ["train", "a_b_ cat"], ["unlabeled"], []]
    again = a_project("image", "bird", "a/b: cat")
    import_now(again, path=str(path))
    assert list(labels(again).values()) == [["bird"], ["a/b: cat"]]
    assert [item.split for item in all_items(again)] == [Split.TRAIN, Split.TRAIN, None]


def test_folders_that_say_all_come_without_a_table(api: TestClient, tmp_path: Path) -> None:
    project = a_project("image", "bird", "cat")
    for number, name in enumerate(["bird/1.png", "cat/1.png"]):
        a_file(tmp_path, f"in/{name}", an_image((number, 0, 0)))
    import_now(project, path=str(tmp_path / "in"))
    answer = api.get(f"/projects/{project.id}/export?format=imagefolder")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["bird/1-1.png", "cat/2-1.png"]


@pytest.mark.parametrize("multi_label", [False, True])
def test_the_dataset_is_read_by_datasets_with_its_names_and_splits(
    api: TestClient, tmp_path: Path, multi_label: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    from datasets import load_dataset

    project = a_project("text", "bird", "cat: 'the' \"other\"", multi_label=multi_label)
    import_now(project, texts=["one", "two", "three", "four"])
    second = "cat: 'the' \"other\""
    label(project, {"one": ["bird"], "two": [second, "bird"] if multi_label else [second]}, Split.TRAIN)
    label(project, {"three": [second]}, Split.TEST)
    answer = api.get(f"/projects/{project.id}/export?format=hf")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(tmp_path / "dataset")
    dataset = load_dataset(str(tmp_path / "dataset"), cache_dir=str(tmp_path / "cache"))
    assert dataset["train"]["text"][:] == ["one", "two"]
    assert dataset["test"]["text"][:] == ["three"]
    feature = dataset["train"].features["labels"].feature if multi_label else dataset["train"].features["label"]
    assert feature.names == ["bird", second]
    numbers = dataset["train"]["labels" if multi_label else "label"][:]
    assert numbers == ([[0], [0, 1]] if multi_label else [0, 1])


def test_a_dataset_of_images_comes_back_with_its_labels(api: TestClient, tmp_path: Path) -> None:
    project = a_project("image", "bird", "cat")
    a_file(tmp_path, "in/bird/1.png", an_image((1, 0, 0)))
    a_file(tmp_path, "in/cat/2.png", an_image((2, 0, 0)))
    import_now(project, path=str(tmp_path / "in"))
    path = a_file(tmp_path, "out.zip", api.get(f"/projects/{project.id}/export?format=hf").content)
    again = a_project("image", "cat", "bird")
    import_now(again, path=str(path))
    assert labels(again) == {"1.png": ["bird"], "2.png": ["cat"]}
    assert [item.content_hash for item in all_items(again)] == [item.content_hash for item in all_items(project)]


@pytest.mark.parametrize(
    ("params", "words"),
    [({"format": "xml"}, "no format"), ({"format": "imagefolder"}, "texts"), ({"format": "hf"}, "Nothing is labeled")],
)
def test_an_export_that_cannot_be_made_says_why(api: TestClient, params: dict[str, str], words: str) -> None:
    answer = api.get(f"/projects/{a_project().id}/export", params=params)
    assert answer.status_code == 422
    assert words in answer.json()["error"]["message"]


def test_an_empty_project_is_an_empty_file(api: TestClient) -> None:
    project = a_project()
    assert api.get(f"/projects/{project.id}/export?format=csv").text == ",".join(FIELDS) + "\r\n"
    assert api.get(f"/projects/{project.id}/export?format=jsonl").content == b""
    assert api.get(f"/projects/{project.id}/export?format=parquet").status_code == 200


def test_names_are_joined_so_that_they_come_apart_again() -> None:
    assert joined(["bird", "cat"]) == "bird|cat"
    assert json.loads(joined(["a|b", "c"])) == ["a|b", "c"]
    assert joined([]) == ""


def a_project_with_everything() -> tuple[Project, int]:
    """Suggestions with scores, a run, gold labels, other sources and columns of the data; and the run's id."""
    project = a_labeled_project()
    with writing() as session:
        kept = session.get_one(Project, project.id)
        items = all_items(project)
        a_suggestion_set(session, kept, {item: [0.75, 0.25] for item in items})
        session.add(GoldLabel(item_id=items[0].id, class_id=kept.classes[1].id))
        session.add(ItemSource(item_id=items[0].id, source="copy.csv row 9"))
        session.get_one(Item, items[0].id).meta = {"id": "a1", "price": 3}
        classes = [{"id": each.id, "name": each.name, "color": each.color} for each in kept.classes]
        snapshot = Snapshot(project_id=project.id, fingerprint="0" * 64, classes=classes)
        session.add(snapshot)
        session.flush()
        run = Run(project_id=project.id, snapshot_id=snapshot.id, name="Head", state=RunState.DONE)
        session.add(run)
        session.flush()
        said = {"class_id": classes[1]["id"], "confidence": 0.5, "scores": array("f", [0.25, 0.5]).tobytes()}
        session.add(Prediction(run_id=run.id, item_id=items[0].id, split=Split.TEST, target_ids=[], **said))
        return project, run.id


EVERYTHING = "labels,status,split,annotator,time,source,sources,suggestion,scores,gold,meta"


def test_every_field_can_be_asked_for(api: TestClient) -> None:
    project, run_id = a_project_with_everything()
    query = f"fields={EVERYTHING}&runs={run_id}"
    lines = api.get(f"/projects/{project.id}/export?format=jsonl&{query}").text.splitlines()
    first = json.loads(lines[0])
    assert (first["suggestion"], first["confidence"], first["scores"]) == ("bird", 0.75, {"bird": 0.75, "cat": 0.25})
    assert (first["gold"], first["sources"], first["meta_id"], first["price"]) == (["cat"], ["copy.csv row 9"], "a1", 3)
    assert first[f"run_{run_id}"] == "cat"
    assert first[f"run_{run_id}_scores"] == {"bird": 0.25, "cat": 0.5}
    assert "seconds" in first
    rows = list(csv.DictReader(io.StringIO(api.get(f"/projects/{project.id}/export?{query}").text, newline="")))
    assert (rows[0]["gold"], json.loads(rows[0]["scores"]), rows[0]["price"]) == ("cat", first["scores"], "3")
    table = parquet.read_table(io.BytesIO(api.get(f"/projects/{project.id}/export?format=parquet&{query}").content))
    assert table.column_names == list(first)
    assert table.to_pylist()[0]["gold"] == ["cat"]


def test_fields_and_runs_that_are_not_there_are_refused(api: TestClient) -> None:
    project = a_labeled_project()
    for query, status in (("fields=colour", 422), ("runs=77", 404), ("runs=one", 422), ("class=nobody", 404)):
        assert api.get(f"/projects/{project.id}/export?{query}").status_code == status, query


def test_only_what_fits_the_filter_leaves(api: TestClient) -> None:
    project = a_labeled_project()
    texts = [
        json.loads(line)["text"]
        for line in api.get(f"/projects/{project.id}/export?format=jsonl&class=cat").text.splitlines()
    ]
    assert texts == ["a tom"]
    lines = api.get(f"/projects/{project.id}/export?format=jsonl&text=heron&split=train").text.splitlines()
    assert len(lines) == 1


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "labelstudio"])
def test_what_changes_while_it_is_sent_is_no_error(home: Path, form: str) -> None:
    project = a_project()
    import_now(project, texts=[f"text {number}" for number in range(500)])
    with reading() as session:
        sent = exporting.download(session, projects.get(session, project.id), form)
    first = next(sent.blocks)
    with writing() as session:
        kept = session.get_one(Project, project.id)
        session.delete(kept.classes[0])
        projects.delete(session, kept)
    assert first + b"".join(sent.blocks)


def test_the_first_block_comes_before_the_items_are_read(home: Path) -> None:
    project = a_project()
    with reading() as session:
        for form in ("csv", "parquet", "labelstudio"):
            assert next(exporting.download(session, projects.get(session, project.id), form).blocks)


def test_label_studio_gets_tasks_with_annotations_and_a_config_that_fits(api: TestClient) -> None:
    project, _ = a_project_with_everything()
    tasks = api.get(f"/projects/{project.id}/export?format=labelstudio").json()
    result = {"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": ["bird"]}}
    assert tasks[0]["annotations"][0]["result"] == [result]
    assert tasks[0]["predictions"] == [{"result": [result], "score": 0.75}]
    assert (tasks[1]["data"]["text"], tasks[1]["annotations"]) == ("=1+1", [])
    config = ET.fromstring(api.get(f"/projects/{project.id}/export?format=labelstudio&config=1").text)
    choices = config.find("Choices")
    assert choices is not None
    assert (choices.get("name"), choices.get("toName"), [each.get("value") for each in choices]) == (
        "label", "text", ["bird", "cat"],
    )  # fmt: skip
    assert config.find("Text[@name='text'][@value='$text']") is not None


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "\u200b=1", "\uff1d1", "\ufeff=1"])
def test_a_formula_is_made_harmless_also_behind_what_nobody_sees(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
