"""People who label at once over HTTP, beside an import and trainings; and a look at whether anything went wrong."""

import csv
import random
import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests.waiting import until

MOST_IN_A_BATCH = 20
# So often an answer counts as lost, and the same batch is sent again.
LOST = 0.05
Decided = dict[str, tuple[int, int]]


@dataclass
class Sent:
    """What one annotator sent: event id -> (item, class), and of each call its seconds and its status."""

    decided: Decided = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    rejected: list[Any] = field(default_factory=list)


def label_at_once(
    url: str, project_id: int, class_ids: Sequence[int], shares: Sequence[Sequence[int]], *, pause_s: float = 0.0
) -> list[Sent]:
    """One thread and connection an annotator: each labels its share of the items in batches of 1 to 20.

    Each waits for its answer before the next batch, and then as long as people would: up to twice `pause_s`.
    """
    with ThreadPoolExecutor(len(shares)) as pool:
        working = [
            pool.submit(label_share, url, project_id, class_ids, items, number, pause_s=pause_s)
            for number, items in enumerate(shares)
        ]
        return [each.result() for each in working]


def label_share(
    url: str, project_id: int, class_ids: Sequence[int], items: Sequence[int], number: int, *, pause_s: float
) -> Sent:
    draw = random.Random(number)
    sent = Sent()
    at = 0
    with httpx.Client(base_url=url, timeout=60) as client:
        while at < len(items):
            some = items[at : at + draw.randint(1, MOST_IN_A_BATCH)]
            at += len(some)
            events = [event(item_id, draw.choice(class_ids), draw.uniform(0.3, 4.0)) for item_id in some]
            sent.decided |= {each["event_id"]: (each["item_id"], each["class_ids"][0]) for each in events}
            for _ in range(2 if draw.random() < LOST else 1):
                post(client, project_id, {"annotator": f"person {number}", "events": events}, sent)
            # The pace of the load; nothing is waited for.
            time.sleep(draw.uniform(0, 2 * pause_s))
    return sent


def event(item_id: int, class_id: int, seconds: float) -> dict[str, Any]:
    about = {"event_id": uuid4().hex, "item_id": item_id, "action": "label", "class_ids": [class_id]}
    return about | {"seconds": seconds, "suggestion_id": None}


def post(client: httpx.Client, project_id: int, body: dict[str, Any], sent: Sent) -> None:
    began = time.perf_counter()
    response = client.post(f"/api/projects/{project_id}/labels", json=body)
    sent.seconds.append(time.perf_counter() - began)
    sent.statuses.append(response.status_code)
    if response.status_code == 200:
        answer = response.json()
        sent.rejected += answer["rejected"]
        assert answer["acked"] == [each["event_id"] for each in body["events"]], answer


def start_import(url: str, project_id: int, file: Path, texts: Sequence[str]) -> int:
    """Write `texts` to a CSV file and have it imported by a job; returns the job's id."""
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["text"], *([text] for text in texts)])
    answer = httpx.post(f"{url}/api/projects/{project_id}/items", json={"path": str(file)}, timeout=60)
    return int(answer.raise_for_status().json()["job_id"])


def start_run(url: str, project_id: int) -> int:
    answer = httpx.post(f"{url}/api/projects/{project_id}/runs", json={"spec": {"method": "head"}}, timeout=60)
    return int(answer.raise_for_status().json()["job_id"])


def job(url: str, job_id: int) -> dict[str, Any]:
    told: dict[str, Any] = httpx.get(f"{url}/api/jobs/{job_id}", timeout=60).raise_for_status().json()
    return told


def ended(url: str, job_id: int, timeout_s: float = 300) -> dict[str, Any]:
    """The job when it is over. Fails when that was not well."""
    until(lambda: job(url, job_id)["state"] not in ("queued", "running"), timeout_s, every_s=0.5)
    told = job(url, job_id)
    assert told["state"] == "done", told
    return told


def stop(url: str, job_id: int) -> None:
    httpx.post(f"{url}/api/jobs/{job_id}/stop", json={"keep": "nothing"}, timeout=60).raise_for_status()
    until(lambda: job(url, job_id)["state"] in ("stopped", "done"), every_s=0.5)


def stored(database: Path) -> list[tuple[str, int, int]]:
    """(event id, item id, class id) of every event."""
    with closing(sqlite3.connect(database)) as connection:
        query = "SELECT event_id, item_id, json_extract(class_ids, '$[0]') FROM label_events"
        return connection.execute(query).fetchall()


def standing(database: Path) -> dict[int, int]:
    """Item id -> class id as the labels stand."""
    with closing(sqlite3.connect(database)) as connection:
        query = "SELECT item_id, class_id FROM labels JOIN items ON items.id = item_id WHERE status = 'labeled'"
        return dict(connection.execute(query))


def complaints(home: Path) -> list[str]:
    """Lines of any log that tell of a locked database or of an error."""
    files = [home / "server.log", *(home / "logs").glob("*")]
    lines = [line for file in files if file.exists() for line in file.read_text("utf-8", "replace").splitlines()]
    return [line for line in lines if "locked" in line or " ERROR " in line or "Traceback" in line]


def check(home: Path, sent: Sequence[Sent]) -> None:
    """Every call was answered, every event is stored once, and the labels are those that were sent."""
    decided = {event_id: decision for each in sent for event_id, decision in each.decided.items()}
    assert {status for each in sent for status in each.statuses} == {200}
    assert not [reason for each in sent for reason in each.rejected]
    kept = stored(home / "winnow.db")
    assert len(kept) == len(decided)
    assert {event_id: (item_id, class_id) for event_id, item_id, class_id in kept} == decided
    assert standing(home / "winnow.db") == dict(decided.values())
    assert complaints(home) == []
