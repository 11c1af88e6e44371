"""Uploads in pieces: what is on the disk is the truth, nothing unfinished is data, strangers' names are safe."""

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fastapi.testclient import TestClient

from backend import errors, settings
from backend.api.app import create
from backend.importing import manifest, receiving, uploads
from backend.importing.manifest import Said
from tests.importing.builders import a_project
from tests.waiting import until


@pytest.fixture
def api(home: Path) -> Iterator[TestClient]:
    with TestClient(create()) as client:
        yield client


def begun(api: TestClient, *files: tuple[str, int]) -> dict[str, Any]:
    sent = {"files": [{"name": name, "size": size} for name, size in files]}
    answer = api.post(f"/projects/{a_project().id}/uploads", json=sent)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def put(api: TestClient, upload: str, n: int, content: bytes, offset: int = 0) -> tuple[int, dict[str, Any]]:
    answer = api.put(f"/uploads/{upload}/files/{n}", params={"offset": offset}, content=content)
    return answer.status_code, answer.json()


def received(api: TestClient, upload: str) -> list[int]:
    return [file["received"] for file in api.get(f"/uploads/{upload}").json()["files"]]


def there(upload: str) -> dict[str, bytes]:
    folder = settings.folder("uploads") / upload
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_pieces_in_their_order_make_the_files_whole(api: TestClient) -> None:
    upload = begun(api, ("a.txt", 6), ("in/b.txt", 3))["id"]
    assert put(api, upload, 0, b"abc") == (200, {"received": 3})
    assert put(api, upload, 1, b"xyz") == (200, {"received": 3})
    assert received(api, upload) == [3, 3]
    assert there(upload) == {"in/b.txt": b"xyz"}
    assert put(api, upload, 0, b"def", offset=3) == (200, {"received": 6})
    assert api.get(f"/uploads/{upload}").json()["is_finished"]
    assert there(uploads.folder_of(upload).name) == {"a.txt": b"abcdef", "in/b.txt": b"xyz"}


@pytest.mark.parametrize("offset", [0, 2, 4, 6])
def test_a_piece_at_the_wrong_place_is_told_the_right_one(api: TestClient, offset: int) -> None:
    upload = begun(api, ("a.txt", 6))["id"]
    put(api, upload, 0, b"abc")
    status, said = put(api, upload, 0, b"zz", offset=offset)
    assert (status, said["received"], said["error"]["code"]) == (409, 3, "wrong_offset")
    assert received(api, upload) == [3]


def test_a_piece_sent_again_after_the_last_is_told_that_all_is_there(api: TestClient) -> None:
    upload = begun(api, ("a.txt", 3))["id"]
    put(api, upload, 0, b"abc")
    assert put(api, upload, 0, b"abc")[1]["received"] == 3
    assert there(upload) == {"a.txt": b"abc"}


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "unannounced"])
def test_a_file_larger_than_said_is_refused_and_what_was_there_stays(api: TestClient, announced: bool) -> None:
    upload = begun(api, ("a.txt", 6))["id"]
    put(api, upload, 0, b"abc")
    content = b"defgh" if announced else iter([b"def", b"gh"])
    answer = api.put(f"/uploads/{upload}/files/0", params={"offset": 3}, content=content)
    assert answer.status_code == 422
    assert "More bytes" in answer.json()["error"]["message"]
    assert received(api, upload) == [3]
    assert there(upload) == {}


def test_many_small_files_come_in_one_request(api: TestClient) -> None:
    upload = begun(api, ("a", 2), ("empty", 0), ("b", 3), ("c", 4))["id"]
    answer = api.put(f"/uploads/{upload}/files", params={"n": [0, 1, 2]}, content=b"aabbb")
    assert answer.status_code == 200, answer.text
    assert there(upload) == {"a": b"aa", "b": b"bbb", "empty": b""}
    assert api.put(f"/uploads/{upload}/files", params={"n": [0, 3]}, content=b"aacc").status_code == 200
    assert received(api, upload) == [2, 0, 3, 2]
    assert api.put(f"/uploads/{upload}/files", params={"n": [3]}, content=b"ccccc").status_code == 422
    assert api.put(f"/uploads/{upload}/files", params={"n": [9]}, content=b"c").status_code == 404


def test_an_unfinished_upload_is_not_imported_and_says_what_is_missing(api: TestClient) -> None:
    upload = begun(api, *((f"{name}.txt", 2_000) for name in "abcde"))["id"]
    put(api, upload, 0, b"x" * 2_000)
    put(api, upload, 1, b"x" * 1_999)
    answer = api.post(f"/projects/{a_project().id}/items", json={"upload": upload})
    assert answer.status_code == 409, answer.text
    assert '"b.txt" lacks 1 byte, "c.txt" lacks 2.0 KB' in answer.json()["error"]["message"]
    assert "and 1 more file." in answer.json()["error"]["message"]
    assert received(api, upload) == [2_000, 1_999, 0, 0, 0]


def test_a_finished_upload_is_imported(api: TestClient) -> None:
    upload = begun(api, ("a.csv", 9))["id"]
    put(api, upload, 0, b"text\none\n")
    answer = api.post(f"/projects/{a_project().id}/items", json={"upload": upload})
    assert answer.status_code == 202, answer.text


def test_what_is_missing_can_be_left_out(api: TestClient) -> None:
    upload = begun(api, ("a.txt", 3), ("b.txt", 3))["id"]
    put(api, upload, 0, b"abc")
    put(api, upload, 1, b"x")
    left = api.post(f"/uploads/{upload}/leave-out", json={"files": [1]}).json()
    assert [file["name"] for file in left["files"]] == ["a.txt"]
    assert there(uploads.folder_of(upload).name) == {"a.txt": b"abc"}
    assert put(api, upload, 1, b"yz", offset=1)[0] == 404


def test_files_said_again_keep_their_numbers_and_an_added_one_makes_it_unfinished(api: TestClient) -> None:
    upload = begun(api, ("a.txt", 3))["id"]
    put(api, upload, 0, b"abc")
    uploads.folder_of(upload)
    sent = {"files": [{"name": "b.txt", "size": 1}, {"name": "a.txt", "size": 3}, {"name": "a.txt", "size": 4}]}
    said = api.post(f"/uploads/{upload}/files", json=sent).json()["files"]
    assert [(file["n"], file["received"]) for file in said] == [(1, 0), (0, 3), (2, 0)]
    with pytest.raises(errors.Conflict, match="not finished"):
        uploads.folder_of(upload)
    put(api, upload, 1, b"b")
    put(api, upload, 2, b"four")
    assert there(uploads.folder_of(upload).name) == {"a.txt": b"abc", "a (2).txt": b"four", "b.txt": b"b"}


class Name(NamedTuple):
    said: str
    place: str


@pytest.mark.parametrize(
    "name",
    [
        Name("../../etc/passwd", "etc/passwd"),
        Name("/etc/passwd", "etc/passwd"),
        Name("C:\\Users\\me\\a.txt", "Users/me/a.txt"),
        Name("a/../../b.txt", "a/b.txt"),
        Name("..", "file"),
        Name("\x00\n", "file"),
        Name(".hidden/.env", "hidden/env"),
        Name("Thumbs.db", "Thumbs (2).db"),
        Name("ж" * 300 + ".txt", "ж" * 90 + ".txt"),
    ],
    ids=["up", "absolute", "windows", "up-inside", "only-up", "control", "hidden", "litter", "long"],
)
def test_a_strangers_name_stays_inside_the_folder(api: TestClient, name: Name) -> None:
    upload = begun(api, (name.said, 1))["id"]
    assert put(api, upload, 0, b"x")[0] == 200
    assert there(upload) == {name.place: b"x"}


def test_names_that_collide_on_some_file_systems_get_places_of_their_own(api: TestClient) -> None:
    names = ["A.txt", "a.txt", "a.txt/b", "a.txt/b/c", "x/y", "x"]
    upload = begun(api, *((name, 1) for name in names))["id"]
    for n in range(len(names)):
        assert put(api, upload, n, b"%d" % n)[0] == 200
    assert sorted(there(upload).values()) == [b"%d" % n for n in range(len(names))]
    assert len({place.casefold() for place in there(upload)}) == len(names)


@pytest.mark.parametrize("upload", ["..", "nowhere", "%2e%2e", "a.b"])
def test_an_upload_that_is_not_there_is_not_found(api: TestClient, upload: str) -> None:
    for call, path in (("GET", ""), ("DELETE", ""), ("PUT", "/files/0")):
        assert api.request(call, f"/uploads/{upload}{path}").status_code in (404, 405)


def test_files_that_do_not_fit_on_the_disk_are_refused_before_they_are_sent(api: TestClient) -> None:
    size = shutil.disk_usage(settings.home()).free
    sent = {"files": [{"name": "large.zip", "size": size}]}
    answer = api.post(f"/projects/{a_project().id}/uploads", json=sent)
    assert answer.status_code == 409
    assert "and the disk with Winnow's data has" in answer.json()["error"]["message"]
    assert not list(settings.folder("uploads").iterdir())
    upload = begun(api, ("a.txt", 3))["id"]
    assert api.post(f"/uploads/{upload}/files", json=sent).status_code == 409


def test_after_a_crash_the_files_on_the_disk_say_what_is_there(api: TestClient) -> None:
    upload = begun(api, ("a.txt", 6), ("b.txt", 1))["id"]
    put(api, upload, 0, b"abc")
    with manifest.path_of(upload).open("a") as file:
        file.write('{"name": "half a li')
    with TestClient(create()) as started_again:
        assert received(started_again, upload) == [3, 0]
        more = {"files": [{"name": "c.txt", "size": 1}]}
        assert started_again.post(f"/uploads/{upload}/files", json=more).json()["files"][0]["n"] == 2
        assert put(started_again, upload, 0, b"def", offset=3)[1] == {"received": 6}
        put(started_again, upload, 1, b"b")
        put(started_again, upload, 2, b"c")
    assert there(uploads.folder_of(upload).name) == {"a.txt": b"abcdef", "b.txt": b"b", "c.txt": b"c"}


def test_a_crash_between_the_last_byte_and_the_move_is_mended_by_the_next_look(api: TestClient) -> None:
    upload = begun(api, ("a.txt", 3))["id"]
    [entry] = uploads.entries(upload, [0])
    uploads.part_of(upload, entry).parent.mkdir()
    uploads.part_of(upload, entry).write_bytes(b"abc")
    assert received(api, upload) == [3]
    assert there(uploads.folder_of(upload).name) == {"a.txt": b"abc"}


def test_two_tabs_that_send_the_same_file_write_it_once(api: TestClient) -> None:
    upload = begun(api, ("a.txt", 6))["id"]
    first_is_in, second_is_done = threading.Event(), threading.Event()

    def slowly() -> Iterator[bytes]:
        yield b"abc"
        first_is_in.set()
        second_is_done.wait(30)
        yield b"def"

    answers: list[int] = []

    def first_tab() -> None:
        answers.append(api.put(f"/uploads/{upload}/files/0", content=slowly()).status_code)

    thread = threading.Thread(target=first_tab)
    entries = uploads.entries(upload, [0])
    with receiving.held(upload, entries):
        status, said = put(api, upload, 0, b"xyzxyz")
    assert (status, said["error"]["code"], said["received"]) == (409, "busy", 0)
    thread.start()
    first_is_in.wait(30)
    second_is_done.set()
    thread.join()
    assert answers == [200]
    assert put(api, upload, 0, b"xyzxyz")[1]["received"] == 6
    assert there(upload) == {"a.txt": b"abcdef"}


def test_many_tabs_at_once_leave_one_good_file(api: TestClient) -> None:
    content = os.urandom(300_000)
    upload = begun(api, ("a.bin", len(content)))["id"]

    def tab() -> None:
        def sent() -> bool:
            at = received(api, upload)[0]
            if at < len(content):
                put(api, upload, 0, content[at : at + 10_000], offset=at)
            return at == len(content)

        until(sent, every_s=0)

    tabs = [threading.Thread(target=tab) for _ in range(3)]
    for each in tabs:
        each.start()
    for each in tabs:
        each.join()
    assert there(upload) == {"a.bin": content}


def test_an_upload_that_nobody_came_back_for_is_removed_after_days(home: Path) -> None:
    project = a_project()
    upload, _ = uploads.create(project.id, [Said("a.txt", 3)])
    fresh, _ = uploads.create(project.id, [Said("b.txt", 3)])
    long_ago = time.time() - 86_400 * (uploads.KEPT_DAYS + 1)
    parent = settings.folder("uploads")
    for name in (upload, fresh):
        os.utime(parent / name, (long_ago, long_ago))
    os.utime(manifest.path_of(upload), (long_ago, long_ago))
    newest = uploads.new_folder().name
    assert {path.name.partition(".")[0] for path in parent.iterdir()} == {fresh, newest}


def test_a_removed_upload_leaves_nothing(api: TestClient) -> None:
    upload = begun(api, ("a.txt", 6), ("in/b.txt", 3))["id"]
    put(api, upload, 0, b"abc")
    put(api, upload, 1, b"abc")
    assert api.delete(f"/uploads/{upload}").status_code == 204
    assert not list(settings.folder("uploads").iterdir())
    assert put(api, upload, 0, b"def", offset=3)[0] == 404


def test_an_upload_of_30_000_files_is_said_in_pages(api: TestClient) -> None:
    upload = begun(api)["id"]
    for first in range(0, 30_000, 10_000):
        named = [{"name": f"f/{first + number}.txt", "size": 10} for number in range(10_000)]
        said = api.post(f"/uploads/{upload}/files", json={"files": named}).json()["files"]
        assert [said[0]["n"], said[-1]["n"]] == [first, first + 9_999]
    assert put(api, upload, 29_999, b"0123456789") == (200, {"received": 10})
    lines = manifest.path_of(upload).read_text().splitlines()
    assert json.loads(lines[-1])["place"] == "f/29999.txt"
