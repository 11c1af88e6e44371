"""The import as a whole: what comes in, what is counted, what is refused before it begins."""

from pathlib import Path

import pytest
from PIL import Image

from backend import errors, importing, settings
from backend.importing import examples, uploads
from backend.importing import job as importing_job
from backend.jobs.progress import Handle, Stopped
from db import items
from db import jobs as job_rows
from db import projects as project_rows
from db.models import Status
from db.session import reading, writing
from tests.importing.builders import a_file, a_project, a_zip, all_items, an_image, import_now, labels, texts
from tests.labeling.builders import bulk_label


def test_the_report_counts_imported_duplicates_and_rejected(home: Path, tmp_path: Path) -> None:
    project = a_project()
    report = import_now(
        project, path=str(a_file(tmp_path, "a.csv", "text,label\none,bird\ntwo,CAT\none,bird\n  ,cat\n"))
    )
    assert (report["imported"], report["duplicates"], report["rejected"]) == (2, 1, 1)
    assert report["reasons"] == [{"place": "a.csv row 5", "reason": "The text is empty."}]
    assert (report["labels"], report["encoding"]) == (2, "UTF-8")
    assert labels(project) == {"one": ["bird"], "two": ["cat"]}


def test_importing_the_same_again_adds_nothing(home: Path, tmp_path: Path) -> None:
    project = a_project()
    path = a_file(tmp_path, "a.txt", "one\ntwo\n")
    import_now(project, path=str(path))
    report = import_now(project, path=str(path))
    assert (report["imported"], report["duplicates"]) == (0, 2)
    assert texts(project) == ["one", "two"]


def test_the_same_text_in_two_projects_is_an_item_in_each(home: Path) -> None:
    for _ in range(2):
        project = a_project()
        assert import_now(project, texts=["one", "two", "one"])["duplicates"] == 1
        assert texts(project) == ["one", "two"]


def test_labels_that_name_no_class_are_counted_and_come_with_a_second_import(home: Path, tmp_path: Path) -> None:
    project = a_project()
    path = str(a_file(tmp_path, "a.csv", "text,label\none,bird\ntwo,dog\nthree,dog\n"))
    report = import_now(project, path=path)
    assert report["unknown_labels"] == {"dog": 2}
    assert '"dog" (2)' in report["notes"][0]
    report = import_now(project, path=path, add_classes=True)
    assert (report["classes_added"], report["labels"], report["duplicates"]) == (["dog"], 2, 3)
    assert labels(project) == {"one": ["bird"], "two": ["dog"], "three": ["dog"]}


def test_what_a_person_decided_is_never_changed_by_an_import(home: Path, tmp_path: Path) -> None:
    project = a_project()
    import_now(project, texts=["one"])
    [item] = all_items(project)
    with writing() as session:
        cat = next(each.id for each in project_rows.classes(session, project.id) if each.name == "cat")
        bulk_label(session, project, "ann", [item.id], [cat], event_id="e1")
    import_now(project, path=str(a_file(tmp_path, "a.csv", "text,label\none,bird\n")))
    assert labels(project) == {"one": ["cat"]}


def test_several_classes_in_a_cell_are_several_labels_only_where_that_is_allowed(home: Path, tmp_path: Path) -> None:
    content = 'text,labels\none,bird|cat\ntwo,"bird, cat"\nthree,"[""bird""]"\n'
    path = str(a_file(tmp_path, "a.csv", content))
    several = a_project(multi_label=True)
    import_now(several, path=path)
    assert labels(several) == {"one": ["bird", "cat"], "two": ["bird", "cat"], "three": ["bird"]}
    one = a_project()
    jsonl = str(a_file(tmp_path, "a.jsonl", '{"text": "one", "labels": ["bird", "cat"]}\n'))
    report = import_now(one, path=jsonl)
    assert labels(one) == {}
    assert "several classes" in report["notes"][0]


def test_halves_of_characters_and_nul_are_mended(home: Path, tmp_path: Path) -> None:
    project = a_project()
    content = '{"text": "a \\ud83d\\ude00"}\n{"text": "b \\ud83d"}\n{"text": "c\\u0000d"}\n'
    import_now(project, path=str(a_file(tmp_path, "a.jsonl", content)))
    assert texts(project) == ["a 😀", "b \ufffd", "cd"]


def test_folders_named_like_classes_label_their_images(home: Path, tmp_path: Path) -> None:
    project = a_project("image", "Bird", "cat")
    for place, color in (("bird/1.png", 1), ("deep/cat/2.png", 2), ("3.png", 3), ("bird/copy.png", 1)):
        a_file(tmp_path, f"photos/{place}", an_image((color, 0, 0)))
    report = import_now(project, path=str(tmp_path / "photos"))
    assert (report["imported"], report["duplicates"], report["labels"]) == (3, 1, 2)
    assert labels(project) == {"bird/1.png": ["Bird"], "deep/cat/2.png": ["cat"]}


def test_images_come_out_of_a_zip_with_their_folders_as_labels(home: Path, tmp_path: Path) -> None:
    project = a_project("image")
    files = {"x/bird/1.png": an_image((1, 0, 0)), "x/cat/2.jpg": an_image((2, 0, 0), form="JPEG"), "x/a.txt": b"no"}
    report = import_now(project, path=str(a_zip(tmp_path / "a.zip", files)))
    assert labels(project) == {"a.zip/x/bird/1.png": ["bird"], "a.zip/x/cat/2.jpg": ["cat"]}
    assert report["reasons"][0]["place"] == "a.zip/x/a.txt"


def test_an_image_is_stored_measured_and_has_its_thumbnail(home: Path, tmp_path: Path) -> None:
    project = a_project("image")
    data = an_image(size=(900, 500), form="JPEG")
    import_now(project, path=str(a_file(tmp_path, "a.jpg", data)))
    [item] = all_items(project)
    assert (item.width, item.height, item.media_type, item.source) == (900, 500, "image/jpeg", "a.jpg")
    assert [path.read_bytes() for path in (home / "blobs").glob("??/*")] == [data]
    assert len(list((home / "thumbs").glob("??/*-320.jpg"))) == 1


def test_uploads_are_removed_when_they_are_in(home: Path) -> None:
    project = a_project()
    import_now(project, texts=["one"])
    assert not list((settings.home() / "uploads").iterdir())


def test_a_stopped_import_goes_on_where_it_was(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = a_project()
    path = a_file(tmp_path, "a.txt", "".join(f"text {number}\n" for number in range(3_000)))
    with writing() as session:
        job = importing.start(session, project, {"path": str(path)})
    handle = Handle(job)

    def stop_when_some_are_in() -> None:
        if texts(project):
            raise Stopped("best")

    monkeypatch.setattr(handle, "check_stop", stop_when_some_are_in)
    monkeypatch.setattr("backend.jobs.progress.WRITE_EVERY_S", 0.0)
    with pytest.raises(Stopped):
        importing_job.run(handle)
    some = len(texts(project))
    assert 0 < some < 3_000
    with reading() as session:
        again = job_rows.get(session, job.id)
    assert again
    assert again.cursor
    report = importing_job.run(Handle(again))
    assert (report["imported"], report["duplicates"]) == (3_000, 0)
    assert len(set(texts(project))) == 3_000


REFUSED = {
    "an empty file": ("a.csv", b"", {}, "is empty"),
    "a column that is not there": ("a.csv", b"text,label\none,bird\n", {"text": "body"}, 'no column "body"'),
    "a picture called csv": ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(200), {}, "PNG image"),
    "control characters all over": ("a.txt", bytes(range(1, 32)) * 50, {}, "no text"),
    "a broken Excel workbook": ("a.xlsx", b"PK\x03\x04" + bytes(100), {}, "workbook"),
    "broken JSON": ("a.json", b'{"text": ', {}, "JSON"),
    "broken UTF-16": ("a.csv", b"\xff\xfe" + "text\n".encode("utf-16-le") + b"\x00\xd8\x00\xd8x", {}, "UTF-16"),
    "only a header": ("a.csv", b"text,label\n", {}, "no rows"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_work_is_refused_with_a_sentence_and_changes_nothing(home: Path, tmp_path: Path, name: str) -> None:
    file_name, content, columns, words = REFUSED[name]
    project = a_project()
    with pytest.raises(errors.BadFile, match=words) as caught:
        import_now(project, path=str(a_file(tmp_path, file_name, content)), columns=columns)
    assert caught.value.hint
    with reading() as session:
        assert not job_rows.page(session, project.id, None, 10)
        assert not items.count(session, project.id)


def test_a_missing_folder_an_empty_one_and_no_texts_are_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.NotFound, match="no file or folder"):
        import_now(a_project(), path=str(tmp_path / "nowhere"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(errors.BadFile, match="no files"):
        import_now(a_project(), path=str(tmp_path / "empty"))
    with pytest.raises(errors.Invalid, match="no texts"):
        import_now(a_project(), texts=["  "])
    with pytest.raises(errors.Invalid, match="images"):
        import_now(a_project("image"), texts=["one"])


def test_a_broken_jpeg_is_rejected_with_its_reason_and_the_others_come_in(home: Path, tmp_path: Path) -> None:
    project = a_project("image")
    noise = an_image(size=(400, 300), form="JPEG")
    a_file(tmp_path, "in/broken.jpg", noise[: len(noise) // 2])
    a_file(tmp_path, "in/empty.jpg", b"")
    a_file(tmp_path, "in/words.jpg", b"these are words")
    a_file(tmp_path, "in/fine.jpg", noise)
    report = import_now(project, path=str(tmp_path / "in"))
    assert [item.source for item in all_items(project)] == ["fine.jpg"]
    assert {each["place"]: each["reason"][:18] for each in report["reasons"]} == {
        "broken.jpg": "The image is broke",
        "empty.jpg": "The file is empty.",
        "words.jpg": "This is no image t",
    }


def test_an_image_of_several_frames_says_how_many(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    a_file(folder, "a.png", an_image())
    a_file(folder, "b.gif", an_image(form="GIF", save_all=True, append_images=[Image.new("RGB", (60, 40), "blue")]))
    project = a_project("image")
    assert import_now(project, path=str(folder))["imported"] == 2
    assert [(item.meta or {}).get("frames") for item in all_items(project)] == [None, 2]


def test_the_digits_come_without_labels_but_know_their_answers(home: Path) -> None:
    with writing() as session:
        project, job = examples.create(session, "digits")
    report = importing_job.run(Handle(job))
    assert report["imported"] + report["duplicates"] == 1_797
    found = all_items(project)
    assert {item.status for item in found} == {Status.TODO}
    assert {item.meta["gold"] for item in found if item.meta} == set("0123456789")
    assert (found[0].width, found[0].media_type) == (64, "image/png")
    with reading() as session:
        assert all(each.name == each.key for each in project_rows.classes(session, project.id))


def test_the_example_messages_have_classes_and_can_be_made_twice(home: Path) -> None:
    with writing() as session:
        examples.create(session, "messages")
        project, job = examples.create(session, "messages")
    assert project.name == f"{examples.TITLES['messages']} 2"
    assert importing_job.run(Handle(job))["rejected"] == 0
    with reading() as session:
        names = {each.name for each in project_rows.classes(session, project.id)}
    assert {item.meta["gold"] for item in all_items(project) if item.meta} == names


def test_uploaded_names_are_made_safe_and_kept_apart(home: Path) -> None:
    folder = uploads.new_folder()
    for name in ("../../x.txt", "x.txt", ".hidden", "roses/1.jpg", "CON:/y.txt", "ü" * 300 + ".csv", ""):
        path = uploads.place_for(folder, name)
        path.write_bytes(b"")
        assert folder in path.parents
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"x.txt", "x (2).txt", "hidden", "roses/1.jpg", "y.txt", "file"} <= names
    assert any(name.endswith("ü.csv") for name in names)


@pytest.mark.shared
def test_every_bad_table_and_image_is_imported_or_rejected(home: Path, shared: Path) -> None:
    report = import_now(a_project(), path=str(shared / "data" / "bad" / "csv"))
    assert report["imported"] > 5_000
    project = a_project("image")
    report = import_now(project, path=str(shared / "data" / "bad" / "images"))
    files = sum(path.is_file() for path in (shared / "data" / "bad" / "images").rglob("*"))
    assert report["imported"] + report["duplicates"] + report["rejected"] == files
    assert report["imported"] > 300
    assert any("million pixels" in each["reason"] for each in report["reasons"])


@pytest.mark.shared
def test_ag_news_and_the_sms_collection_come_in_whole(home: Path, shared: Path) -> None:
    report = import_now(
        a_project(), path=str(shared / "data" / "ag_news" / "test.csv"), columns={"text": [1, 2], "label": 0}
    )
    assert (report["imported"], report["rejected"], report["unknown_labels"]["3"]) == (7_600, 0, 1_900)
    report = import_now(a_project("text", "ham", "spam"), path=str(shared / "data" / "sms_spam" / "SMSSpamCollection"))
    assert (report["imported"] + report["duplicates"], report["rejected"]) == (5_574, 0)
    assert report["labels"] == report["imported"]
