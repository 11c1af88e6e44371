"""Eight annotators label at once over HTTP, beside an import of 50,000 texts and a training.

50,000 events in batches of 1 to 20, as the pad sends them. First a tenth of them with no pause at all, then the rest
with pauses of 0.15 s: still some 50 decisions a second and annotator, which no hand makes. One batch in twenty is sent
again, as after a lost answer. Beside the rest a job imports 50,000 texts from a CSV file into the same project, and a
run trains a head on its labels. Nothing may be refused, lost or stored twice; no log may speak of a locked database.

Budget: p95 of the call under 100 ms on 2 cores.

Measured on Debian 12, Python 3.11, 2 cores with nothing else at work, load 1.2 before and 3.7 at the end:

    ms                      calls    p50   p95    p99    max   events/s
    alone, no pause           521     53    79    189    234      1,250
    beside import and run   4,486     22    72    136    433        435

Nothing was refused, lost or stored twice, and no log spoke of a lock.
"""

import os
import time
from pathlib import Path

from db import projects
from db.models import Project
from db.session import reading
from tests.benchmarks._million import a_home, different_texts, texts
from tests.benchmarks.pad import share
from tests.e2e.conftest import App
from tests.labeling import annotators
from tests.labeling.annotators import Sent

PEOPLE = 8
EVENTS = 50_000
IMPORTED = 50_000
PAUSE_S = 0.15


def main() -> None:
    with a_home() as home:
        project = texts(EVENTS)
        app = App(home)
        app.start()
        try:
            measure(app, home, project)
        finally:
            app.stop()
            app.end_jobs()


def measure(app: App, home: Path, project: Project) -> None:
    with reading() as session:
        class_ids = [each.id for each in projects.classes(session, project.id)]
    items = range(1, EVENTS + 1)
    shares = [items[person::PEOPLE] for person in range(PEOPLE)]
    at = EVENTS // PEOPLE // 10
    print(f"{EVENTS:,} events, {PEOPLE} annotators")
    alone = timed("alone, no pause", app, project, class_ids, [each[:at] for each in shares], pause_s=0.0)
    running = annotators.start_run(app.url, project.id)
    new = [f"Imported. {text}" for text in different_texts(IMPORTED, seed=4)]
    importing = annotators.start_import(app.url, project.id, home / "new.csv", new)
    beside = timed("beside import and run", app, project, class_ids, [each[at:] for each in shares], pause_s=PAUSE_S)
    run = annotators.job(app.url, running)
    assert run["state"] in ("running", "done"), run
    if run["state"] == "running":
        annotators.stop(app.url, running)
    imported = annotators.ended(app.url, importing)
    print(f"import: {imported['done']:,} texts; run: {run['state']} at the last label, {run['message']}")
    annotators.check(home, [*alone, *beside])


def timed(
    name: str, app: App, project: Project, class_ids: list[int], shares: list[range], *, pause_s: float
) -> list[Sent]:
    load = os.getloadavg()[0]
    began = time.perf_counter()
    sent = annotators.label_at_once(app.url, project.id, class_ids, shares, pause_s=pause_s)
    took_s = time.perf_counter() - began
    ms = [1000 * seconds for each in sent for seconds in each.seconds]
    rate = sum(len(each.decided) for each in sent) / took_s
    parts = "   ".join(
        f"{part} {share(ms, value):5.0f}" for part, value in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    )
    calls = f"{len(ms):5,} calls   ms: {parts}   max {max(ms):5.0f}"
    print(f"{name:22} load {load:4.1f}  {calls}   {rate:5,.0f} events/s", flush=True)
    return sent


if __name__ == "__main__":
    main()
