"""Who may talk to Winnow."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend.api.guard import Guard

HERE = "http://127.0.0.1:8501"


def a_client(address: str) -> TestClient:
    app = FastAPI()
    app.get("/api/x")(lambda: {"ok": True})
    app.get("/page")(lambda: {"ok": True})
    return TestClient(Guard(app, address), base_url=HERE, follow_redirects=False)  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "[::1]:8501", "localhost"])
def test_a_person_on_this_machine_is_let_in(host: str) -> None:
    assert a_client("127.0.0.1").get("/api/x", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8501", "192.168.0.7:8501", ""])
def test_a_foreign_host_is_refused(host: str) -> None:
    answer = a_client("127.0.0.1").get("/api/x", headers={"Host": host})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "refused")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999"])
def test_a_page_of_another_origin_is_refused(origin: str) -> None:
    headers = {"Host": "127.0.0.1:8501", "Origin": origin}
    assert a_client("127.0.0.1").get("/api/x", headers=headers).status_code == 403


def test_our_own_pages_are_let_in() -> None:
    headers = {"Host": "127.0.0.1:8501", "Origin": HERE}
    assert a_client("127.0.0.1").get("/api/x", headers=headers).status_code == 200


def test_beyond_loopback_the_token_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINNOW_TOKEN", "s3cret")
    client = a_client("0.0.0.0")
    assert client.get("/api/x").status_code == 403
    assert client.get("/api/x", headers={"Authorization": "Bearer wrong"}).status_code == 403
    assert client.get("/api/x", headers={"Authorization": "Bearer s3cret"}).status_code == 200


def test_a_person_beyond_loopback_types_the_token_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINNOW_TOKEN", "s3cret")
    client = a_client("0.0.0.0")
    asked = client.get("/page")
    assert (asked.status_code, "WINNOW_TOKEN" in asked.text) == (401, True)
    assert client.post("/login", content="token=wrong").status_code == 401
    assert client.post("/login", content="token=s3cret").status_code == 303
    assert client.get("/page").status_code == 200
