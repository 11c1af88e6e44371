"""The queue over HTTP: orders, pages and leases."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from backend.api import queue as queue_api
from backend.api.app import create
from backend.encoding import encode
from backend.labeling import queue
from backend.models.catalogue import MINILM
from db.models import Project
from db.session import writing
from tests.labeling.builders import a_project, a_suggestion_set, some_items
from tests.suggesting.builders import NEWS, a_news_project, an_image_project, items_of


@pytest.fixture
def api(home) -> TestClient:
    return TestClient(create(), raise_server_exceptions=False)


@pytest.fixture
def project(home) -> Project:
    with writing() as session:
        project = a_project(session)
        items = some_items(session, project, 8)
        a_suggestion_set(session, project, {item: [0.5 + item.id / 100, 0.2, 0.1] for item in items})
    return project


@pytest.fixture
def url(project) -> str:
    return f"/projects/{project.id}/queue"


@pytest.fixture
def news(home) -> Project:
    """Texts with their vectors."""
    project = a_news_project()
    encode.ensure(MINILM, [(item.content_hash, item.text) for item in items_of(project)])
    return project


def ids(answer) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def ask(api, url, **params) -> list[int]:
    return ids(api.get(url, params=params))


def test_an_annotator_in_a_tab_holds_what_it_gets(api, url):
    assert ask(api, url, annotator="ada", tab="one", limit=3) == [1, 2, 3]
    assert ask(api, url, annotator="ada", tab="one", limit=3) == [1, 2, 3]
    assert ask(api, url, annotator="ada", tab="one", limit=3, exclude="1,2,3") == [4, 5, 6]
    assert ask(api, url, annotator="ada", tab="two", limit=1) == [7]
    assert ask(api, url, annotator="bob", limit=9) == [8]


def test_who_names_no_annotator_holds_nothing_and_gets_nothing_that_is_held(api, url):
    assert ask(api, url, limit=2) == ask(api, url, limit=2) == [1, 2]
    ask(api, url, annotator="ada", limit=2)
    assert ask(api, url, limit=2) == ask(api, url, limit=2, annotator="") == [3, 4]


def test_hold_answers_what_is_held_and_what_is_lost(api, url):
    ask(api, url, annotator="bob", limit=2)
    answer = api.post(f"{url}/hold", json={"annotator": "ada", "tab": "one", "item_ids": [2, 3, 4, 99]})
    assert answer.json() == {"held": [3, 4], "lost": [2, 99]}
    assert api.post(f"{url}/hold", json={"annotator": "bob", "item_ids": []}).json() == {"held": [], "lost": []}
    assert ask(api, url, limit=2) == [1, 2]


@pytest.mark.parametrize(
    "body",
    [
        {"item_ids": []},
        {"annotator": " ", "item_ids": []},
        {"annotator": "x" * 101, "item_ids": []},
        {"annotator": "ada", "tab": "a/b", "item_ids": []},
        {"annotator": "ada", "tab": "x" * 41, "item_ids": []},
        {"annotator": "ada", "item_ids": list(range(1001))},
        {"annotator": "ada", "item_ids": [2**70]},
    ],
)
def test_a_malformed_hold_is_refused(api, url, body):
    answer = api.post(f"{url}/hold", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["hint"]


def test_an_unknown_project_has_no_queue_to_hold(api):
    assert api.get("/projects/77/queue", params={"annotator": "ada"}).status_code == 404
    assert api.post("/projects/77/queue/hold", json={"annotator": "ada", "item_ids": []}).status_code == 404


@pytest.mark.parametrize("wrong", [{"annotator": "x" * 101}, {"annotator": "ada", "tab": "a b"}, {"order": "mixed:3"}])
def test_a_malformed_request_is_refused(api, url, wrong):
    assert api.get(url, params=wrong).status_code == 422


@pytest.mark.parametrize("order", ["sequential", "uncertain", "class:bird", "sure:bird"])
def test_pages_go_on_behind_their_last_item_while_they_are_held(api, url, order):
    whole = ask(api, url, order=order)
    first = api.get(url, params={"order": order, "limit": 3, "annotator": "ada"}).json()
    then = api.get(url, params={"order": order, "limit": 9, "annotator": "ada", "after": first["next"]}).json()
    assert [item["id"] for item in first["items"] + then["items"]] == whole
    assert then["next"] is None


def test_eight_clients_at_once_get_different_items(api, home):
    with writing() as session:
        project = a_project(session)
        some_items(session, project, 200)
    url = f"/projects/{project.id}/queue"

    def ask_eight_times(number: int) -> list[int]:
        client = TestClient(create())
        got: list[int] = []
        for _ in range(5):
            exclude = ",".join(map(str, got))
            got += ask(client, url, annotator=f"annotator {number}", order="random", limit=5, exclude=exclude)
        return got

    with ThreadPoolExecutor(8) as pool:
        found = [item_id for answer in pool.map(ask_eight_times, range(8)) for item_id in answer]
    assert len(found) == 200
    assert len(set(found)) == 200


def test_computed_orders_answer_with_vectors_hold_what_they_give_and_have_no_pages(api, news, monkeypatch):
    monkeypatch.setattr(queue, "PATIENCE_S", 60)
    url = f"/projects/{news.id}/queue"
    by_text = {item.text: item.id for item in items_of(news)}
    sport = {by_text[text] for text in NEWS["sport"]}
    for order in ("diverse", "mixed"):
        assert len(set(ask(api, url, order=order, limit=100))) == len(by_text)
        answer = api.get(url, params={"order": order, "limit": 4}).json()
        assert (len(answer["items"]), answer["next"]) == (4, None)
    found = ask(api, url, order="search:goals in football", limit=3, annotator="ada")
    assert set(found) <= sport
    like = next(iter(sport - set(found)))
    assert set(found).isdisjoint(ask(api, url, order=f"similar:{like}", limit=100, annotator="bob"))
    assert len(ask(api, url, order=f"similar:{like}", limit=100, annotator="bob")) == len(by_text) - 4
    assert ask(api, url, order="search:goals in football", limit=3, annotator="ada") == found


def test_who_only_wants_to_label_gets_items_whatever_the_assistant_does(api, url, monkeypatch):
    monkeypatch.setattr(queue, "PATIENCE_S", 0.0)
    random = ask(api, url, order="random")
    for order in ("diverse", "mixed"):
        assert ask(api, url, order=order, annotator="ada") == random


def test_what_has_no_vectors_is_said_to_who_searches_and_random_to_who_labels(api, home, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "empty"))
    monkeypatch.setattr(queue, "PATIENCE_S", 60)
    project = an_image_project(3)
    url = f"/projects/{project.id}/queue"
    assert ask(api, url, order="diverse") == ask(api, url, order="random")
    refused = api.get(url, params={"order": "search:a red square"})
    assert refused.status_code == 422
    assert "CLIP" in refused.json()["error"]["hint"]
    assert api.get(url, params={"order": "similar:999"}).status_code == 404


def test_very_long_texts_come_a_few_at_a_time_and_none_is_left_out(api, url, monkeypatch):
    monkeypatch.setattr(queue_api, "MOST_LETTERS", 20)
    first = api.get(url).json()
    assert ([item["id"] for item in first["items"]], first["next"]) == ([1, 2, 3], 3)
    monkeypatch.setattr(queue_api, "MOST_LETTERS", 1)
    assert ask(api, url, after=3) == [4]
