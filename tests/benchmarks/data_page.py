"""How long the Data page's calls take in a project of 1,000,000 items: every filter, order, and ugly combination.

Budget: 300 ms a call. A tenth is labeled, all have a suggestion, a fifth a gold label, and words are indexed
(`_decided.texts`). Each row follows the pages of one filter and order for up to 12 calls of the API in this process;
`ids` is how many items those gave. `count` is the dry run of a bulk deletion, whose count may be "at least".
WINNOW_BENCH_ITEMS takes another size.
"""

import os
import statistics
import time
from typing import Any

from fastapi.testclient import TestClient

from backend.api.app import create
from tests.benchmarks import _decided, _million

ITEMS = int(os.environ.get("WINNOW_BENCH_ITEMS", "1_000_000"))
CALLS = 12
FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"status": "todo"},
    {"status": "labeled"},
    {"status": "flagged"},
    {"status": "deleted"},
    {"class": "praise"},
    {"class": "other"},
    {"split": "test"},
    {"split": "none"},
    {"annotator": "bob"},
    {"origin": "letters-3.csv"},
    {"text": "lyon"},
    {"text": "case"},
    {"text": "nowhere"},
    {"text": "ca*"},
    {"suggestion": "order"},
    {"suggestion": "order", "confidence_from": 0.99},
    {"confidence_from": 0.999},
    {"confidence_to": 0.3},
    {"disagrees": "suggestion"},
    {"disagrees": "gold"},
    {"has_no_label": True, "confidence_from": 0},
    # Two large sets that hardly meet, or never do.
    {"class": "other", "split": "test"},
    {"class": "other", "origin": "letters-20.csv"},
    {"text": "case", "class": "other", "split": "test"},
    {"text": "case", "status": "skipped", "suggestion": "praise", "confidence_from": 0.999},
    {"text": "lyon harbour", "origin": "letters-20.csv", "has_no_label": True},
    {"text": "case 999,999"},
    {"split": "none", "disagrees": "gold", "suggestion": "question", "confidence_from": 0.99, "confidence_to": 0.991},
    {"text": "ca*", "split": "validation", "annotator": "eve", "disagrees": "suggestion"},
)
SORTS = ("oldest", "newest", "least_sure", "surest", "decided")


def main() -> None:
    with _million.a_home():
        started = time.perf_counter()
        project = _decided.texts(ITEMS)
        print(f"{ITEMS:,} items, built in {time.perf_counter() - started:.0f} s")
        api = TestClient(create())
        for which in FILTERS:
            name = " ".join(f"{key}={value}" for key, value in which.items()) or "all"
            for sort in SORTS:
                pages(api, project.id, which, sort, name)
            count(api, project.id, which, name)


def pages(api: TestClient, project_id: int, which: dict[str, Any], sort: str, name: str) -> None:
    seconds, ids, after = [], 0, None
    for _ in range(CALLS):
        params = which | {"sort": sort} | ({"after": after} if after is not None else {})
        started = time.perf_counter()
        answer = api.get(f"/projects/{project_id}/items", params=params)
        seconds.append(time.perf_counter() - started)
        answer.raise_for_status()
        ids += len(answer.json()["items"])
        after = answer.json()["next"]
        if after is None:
            break
    show(sort, seconds, f"{ids:4} ids", name)


def count(api: TestClient, project_id: int, which: dict[str, Any], name: str) -> None:
    seconds = []
    for number in range(3):
        asked = {"filter": which, "event_id": f"count {number}"}
        started = time.perf_counter()
        answer = api.post(f"/projects/{project_id}/items/delete", params={"dry_run": True}, json=asked)
        seconds.append(time.perf_counter() - started)
        answer.raise_for_status()
    counted = answer.json()
    show("count", seconds, f"{'' if counted['is_exact'] else '≥ '}{counted['count']:,}", name)


def show(what: str, seconds: list[float], found: str, name: str) -> None:
    p50, worst = statistics.median(seconds) * 1000, max(seconds) * 1000
    print(f"{what:10} p50 {p50:5.0f} ms   worst {worst:5.0f} ms   {found:>10}   {name}", flush=True)


if __name__ == "__main__":
    main()
