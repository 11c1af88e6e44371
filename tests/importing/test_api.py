"""Items over HTTP: data in, lists, images."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend import settings
from backend.api.app import create
from backend.importing import job as importing_job
from backend.jobs import control
from backend.jobs.progress import Handle
from db import projects as project_rows
from db.models import Project
from db.session import reading, writing
from tests.importing.builders import a_file, a_project, a_zip, all_items, an_image, import_now, texts
from tests.labeling.builders import bulk_label

Files = list[tuple[str, tuple[str, bytes, str]]]


@pytest.fixture
def api(home: Path) -> Iterator[TestClient]:
    with TestClient(create()) as client:
        yield client


def run(job_id: int) -> None:
    with reading() as session:
        job = control.get(session, job_id)
    importing_job.run(Handle(job))


def files(*named: tuple[str, bytes]) -> Files:
    return [("files", (name, content, "application/octet-stream")) for name, content in named]


def test_uploaded_files_are_imported_and_then_gone(api: TestClient, tmp_path: Path) -> None:
    project = a_project()
    archive = a_zip(tmp_path / "b.zip", {"c.jsonl": b'{"text": "three"}'}).read_bytes()
    sent = files(("a.csv", b"text,label\none,bird\n"), ("../a.csv", b"text,label\ntwo,cat\n"), ("b.zip", archive))
    answer = api.post(f"/projects/{project.id}/items", files=sent)
    assert answer.status_code == 202, answer.text
    run(answer.json()["job_id"])
    assert sorted(map(str, texts(project))) == ["one", "three", "two"]
    assert [item.source for item in all_items(project)] == ["a (2).csv row 2", "a.csv row 2", "b.zip/c.jsonl line 1"]
    assert not list((settings.home() / "uploads").iterdir())


def test_more_than_a_thousand_files_come_in_one_request(api: TestClient) -> None:
    project = a_project()
    sent = files(*((f"{number}.txt", f"text {number}".encode()) for number in range(1_200)))
    answer = api.post(f"/projects/{project.id}/items", files=sent)
    run(answer.json()["job_id"])
    assert len(texts(project)) == 1_200


def test_columns_and_new_classes_are_chosen_in_a_form(api: TestClient) -> None:
    project = a_project()
    chosen = {"columns": json.dumps({"text": [1, 2], "label": 0, "header": False}), "add_classes": "true"}
    sent = files(("a.csv", b"3,Fears,Unions say\n4,Race,Private team\n"))
    run(api.post(f"/projects/{project.id}/items", files=sent, data=chosen).json()["job_id"])
    found = api.get(f"/projects/{project.id}/items", params={"class": "3"}).json()["items"]
    assert [item["text"] for item in found] == ["Fears Unions say"]


def test_a_path_and_texts_are_imported(api: TestClient, tmp_path: Path) -> None:
    project = a_project()
    path = a_file(tmp_path, "a.csv", "body,kind\none,bird\n")
    sent = {"path": str(path), "columns": {"text": "body", "label": None}}
    run(api.post(f"/projects/{project.id}/items", json=sent).json()["job_id"])
    run(api.post(f"/projects/{project.id}/items", json={"texts": ["two\nlines", "three"]}).json()["job_id"])
    found = api.get(f"/projects/{project.id}/items").json()["items"]
    assert [(item["text"], item["class_ids"]) for item in found] == [("one", []), ("two\nlines", []), ("three", [])]


@pytest.mark.parametrize(
    ("sent", "code", "words"),
    [
        ({"path": "/nowhere/at/all"}, 404, "no file or folder"),
        ({"texts": []}, 422, "no texts"),
        ({}, 422, "Nothing to import"),
        ({"texts": "no list"}, 422, "texts"),
    ],
)
def test_a_request_that_cannot_work_says_why(api: TestClient, sent: dict[str, object], code: int, words: str) -> None:
    answer = api.post(f"/projects/{a_project().id}/items", json=sent)
    assert answer.status_code == code
    assert words in answer.json()["error"]["message"]
    assert answer.json()["error"]["hint"]


def test_a_refused_upload_leaves_no_file_and_no_job(api: TestClient) -> None:
    project = a_project()
    for sent in (files(("a.csv", b"")), files(("a.csv", b"text\none\n"))):
        answer = api.post(f"/projects/{project.id}/items", files=sent, data={"columns": '{"text": "body"}'})
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "bad_file"
    assert api.post(f"/projects/{project.id}/items", data={"columns": "{}"}, files={}).status_code == 422
    assert api.post("/projects/99/items", files=files(("a.csv", b"text\none\n"))).status_code == 404
    assert not list(settings.folder("uploads").iterdir())
    assert api.get("/jobs").json()["items"] == []


def test_a_form_that_breaks_off_leaves_nothing(api: TestClient) -> None:
    project = a_project()
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\n\r\ntext\none'
    for sent, kind in (
        (body, "multipart/form-data; boundary=x"),
        (body, "multipart/form-data"),
        (b"junk", "multipart/form-data; boundary=x"),
    ):
        answer = api.post(f"/projects/{project.id}/items", content=sent, headers={"content-type": kind})
        assert answer.status_code == 422, answer.text
    assert not list(settings.folder("uploads").iterdir())


@pytest.mark.parametrize(
    ("columns", "labels"),
    [('{"encoding": 5}', "gold"), ('{"keep": 5}', "gold"), ("[" * 50_000, "gold"), ("{}", "silver")],
    ids=["encoding", "keep", "deep", "labels"],
)
def test_wrong_options_in_a_form_are_refused(api: TestClient, columns: str, labels: str) -> None:
    sent = {"columns": columns, "labels": labels}
    answer = api.post(f"/projects/{a_project().id}/items", files=files(("a.csv", b"text\none\n")), data=sent)
    assert answer.status_code == 422, answer.text
    assert not list(settings.folder("uploads").iterdir())


@pytest.mark.parametrize(
    "sent",
    [{"path": "~nobody-of-this-name/x"}, {"path": " "}, {"upload": "a" * 5_000}],
    ids=["home", "blank", "long"],
)
def test_names_of_nothing_are_refused(api: TestClient, sent: dict[str, str]) -> None:
    assert api.post(f"/projects/{a_project().id}/items", json=sent).status_code in (404, 422)


def test_a_file_and_a_folder_of_one_name_both_come_in(api: TestClient) -> None:
    project = a_project()
    sent = files(("a", b"text one"), ("a/b.txt", b"text two"))
    run(api.post(f"/projects/{project.id}/items", files=sent).json()["job_id"])
    assert sorted(map(str, texts(project))) == ["text one", "text two"]


def test_a_row_that_is_too_long_is_rejected_and_the_rest_comes_in(api: TestClient) -> None:
    project = a_project()
    sent = files(("a.csv", b"text,label\n" + b"x" * 2_000_000 + b",bird\nafter,cat\n"))
    run(api.post(f"/projects/{project.id}/items", files=sent).json()["job_id"])
    assert texts(project) == ["after"]


def labeled_project() -> Project:
    """Ten texts; every third is a bird."""
    project = a_project()
    import_now(project, texts=[f"text {number}" for number in range(10)])
    with writing() as session:
        bird = next(each.id for each in project_rows.classes(session, project.id) if each.name == "bird")
        bulk_label(session, project, "ann", [item.id for item in all_items(project)[::3]], [bird], event_id="e")
    return project


@pytest.mark.parametrize("sort", ["oldest", "newest"])
@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({}, range(10)),
        ({"status": "todo"}, [1, 2, 4, 5, 7, 8]),
        ({"status": "labeled"}, [0, 3, 6, 9]),
        ({"class": "Bird"}, [0, 3, 6, 9]),
        ({"class": "bird", "status": "todo"}, []),
        ({"text": "TEXT 4"}, [4]),
        ({"text": "%"}, []),
    ],
)
def test_a_list_read_page_by_page_has_every_item_once_in_order(
    api: TestClient, sort: str, wanted: dict[str, str], numbers: list[int]
) -> None:
    other, project = a_project(), labeled_project()
    import_now(other, texts=["text of another project"])
    seen: list[str] = []
    after = None
    while True:
        params = {**wanted, "sort": sort, "limit": 3} | ({"after": after} if after else {})
        page = api.get(f"/projects/{project.id}/items", params=params).json()
        seen += [item["text"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    expected = [f"text {number}" for number in numbers]
    assert seen == (expected if sort == "oldest" else expected[::-1])


def test_an_unknown_class_or_item_is_not_found(api: TestClient) -> None:
    assert api.get(f"/projects/{a_project().id}/items", params={"class": "dog"}).status_code == 404
    assert api.get("/items/99").status_code == 404
    assert api.get("/items/99/image").status_code == 404


def test_an_item_shows_its_fields(api: TestClient) -> None:
    project = labeled_project()
    item = api.get(f"/items/{all_items(project)[0].id}").json()
    assert (item["kind"], item["text"], item["status"], item["source"]) == (
        "text", "text 0", "labeled", "pasted.jsonl line 1",
    )  # fmt: skip
    assert api.get(f"/items/{item['id']}/image").status_code == 404


def test_images_are_sent_with_a_tag_and_answered_short_when_known(api: TestClient, tmp_path: Path) -> None:
    project = a_project("image")
    data = an_image(size=(640, 320), form="JPEG")
    import_now(project, path=str(a_file(tmp_path, "a.jpg", data)))
    [item] = api.get(f"/projects/{project.id}/items").json()["items"]
    answer = api.get(item["image"].removeprefix("/api"), params={"size": 160})
    address = f"/items/{item['id']}/image"
    small, original = api.get(address, params={"size": 160}), api.get(address)
    assert small.headers["content-type"] == "image/jpeg"
    assert len(small.content) < len(data)
    assert original.content == data
    for each in (small, original):
        assert each.headers["x-content-type-options"] == "nosniff"
        assert each.headers["etag"]
    assert "immutable" in api.get(f"{address}?size=160&v=1").headers["cache-control"]
    assert answer.status_code == 200
    again = api.get(address, params={"size": 160}, headers={"If-None-Match": small.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_what_a_browser_might_run_or_cannot_show_is_sent_as_our_own_picture(api: TestClient, tmp_path: Path) -> None:
    project = a_project("image")
    a_file(tmp_path, "in/a.tiff", an_image(size=(300, 200), form="TIFF"))
    a_file(tmp_path, "in/b.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    report = import_now(project, path=str(tmp_path / "in"))
    assert [each["place"] for each in report["reasons"]] == ["b.svg"]
    [item] = all_items(project)
    answer = api.get(f"/items/{item.id}/image")
    assert answer.headers["content-type"] == "image/jpeg"
