"""Projects with something in every table, and their archives."""

import io
import json
import zipfile
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend import archives, blobs, projects, settings
from backend.archives import job, outgoing
from backend.jobs.progress import Handle
from backend.labeling import bulk, labels, moves
from backend.training import snapshots
from db import archives as rows
from db import jobs
from db import projects as project_rows
from db.models import (
    ClassChange,
    GoldLabel,
    ItemSource,
    Origin,
    Prediction,
    Project,
    Run,
    RunMetric,
    RunState,
    Snapshot,
    Split,
    now,
)
from db.session import reading, writing
from tests.importing.builders import a_file, a_project, all_items, an_image, import_now
from tests.labeling.builders import a_suggestion_set, an_event

CLASSES = ("bird", "cat|,;", "dög")
TEXTS = ["heron", "tom \x01\x1f", 'quo"te\nline\r\nfeed', "ünïcödé 🦩", "=1+1", "six", "seven"]


def a_full_project(tmp_path: Path, kind: str = "text", *, multi_label: bool = False) -> Project:
    """Labels by two people with an undo, a skip and a flag, suggestions, a run, gold labels, sources, a group."""
    project = a_project(kind, *CLASSES, multi_label=multi_label)
    if kind == "text":
        import_now(project, texts=TEXTS)
    else:
        for number in range(7):
            a_file(tmp_path, f"in/{number}.png", an_image((number, 0, 0)))
        import_now(project, path=str(tmp_path / "in"))
    with writing() as session:
        project = projects.get(session, project.id)
        a_suggestion_set(session, project, {item: [0.5, 0.3, 0.2] for item in all_items(project)})
    _label(project)
    with writing() as session:
        _note_more(session, project)
    _train(project)
    return project


def _label(project: Project) -> None:
    items = all_items(project)
    one, two, three = (each.id for each in project.classes)
    with writing() as session:
        labels.record(session, project, "Ann", [an_event(items[0], one, seconds=1.5), an_event(items[1], two)])
        labels.record(session, project, "Bob", [an_event(items[2], action="skip"), an_event(items[3], action="flag")])
        labels.record(session, project, "Ann", [an_event(items[1], three)])
    wanted = bulk.Wanted(class_ids=[two], item_ids=[items[4].id, items[5].id])
    bulk.label(project.id, "Bob", wanted, f"bulk-{project.id}")
    moves.whole(moves.undo, project.id, "Ann", f"undo-{project.id}")


def _note_more(session: Any, project: Project) -> None:
    items = all_items(project)
    first, second = project.classes[0].id, project.classes[1].id
    origin = Origin(project_id=project.id, name="letters.csv")
    session.add(origin)
    session.flush()
    for number, item in enumerate(items):
        kept = session.get(type(item), item.id)
        kept.origin_id, kept.meta = origin.id, {"id": f"a{number}", "more": [1, None]}
        kept.split = (Split.TRAIN, Split.VALIDATION, Split.TEST)[number % 3]
        kept.group_id = items[0].id if number < 2 else None
    session.add(ItemSource(item_id=items[0].id, source="copy.csv row 3"))
    session.add(GoldLabel(item_id=items[0].id, class_id=second))
    told = [{"id": first, "name": "bird"}]
    session.add(ClassChange(project_id=project.id, kind="change", before=told, after=told, counts={"items": 1}))


def _train(project: Project) -> None:
    """A run as a finished one leaves it."""
    items = [item for item in all_items(project) if item.status == "labeled"]
    told = [{"id": each.id, "name": each.name, "color": each.color} for each in project.classes]
    first = told[0]["id"]
    kept = [
        {
            "content_hash": item.content_hash,
            "item_id": item.id,
            "split": "test",
            "class_ids": [first],
            "text": item.text,
        }
        for item in sorted(items, key=lambda item: item.content_hash)
    ]
    fingerprint = snapshots.fingerprint_of(told, kept, set())
    snapshots.write_rows(snapshots.path_of(fingerprint), kept)
    with writing() as session:
        snapshot = Snapshot(
            project_id=project.id, fingerprint=fingerprint, classes=told, counts={"test": {str(first): len(items)}}
        )
        session.add(snapshot)
        session.flush()
        per_class = [{"class_id": first, "name": "bird", "f1": 0.5}]
        run = Run(
            project_id=project.id, snapshot_id=snapshot.id, name="Head 1", spec={"method": "head"},
            state=RunState.DONE, metrics={"test": {"accuracy": 0.5, "per_class": per_class}}, finished_at=now(),
            tags=["the one", "für später"], is_starred=True, is_archived=True,
        )  # fmt: skip
        session.add(run)
        session.flush()
        session.add(RunMetric(run_id=run.id, name="train/loss", step=1, value=0.25))
        for item in items:
            session.add(
                Prediction(
                    run_id=run.id,
                    item_id=item.id,
                    split=Split.TEST,
                    target_ids=[first],
                    class_id=first,
                    confidence=0.5,
                    scores=array("f", [0.5, 0.3, 0.2]).tobytes(),
                )
            )
        run.artifact = f"runs/{run.id}/model"
        number = run.id
    blobs.write_whole(settings.home() / "runs" / str(number) / "model" / "config.json", b"{}")


def archive_of(project: Project, tmp_path: Path, **options: bool) -> Path:
    with reading() as session:
        made = outgoing.download(projects.get(session, project.id), **options)
    path = tmp_path / made.file_name
    path.write_bytes(b"".join(made.blocks))
    return path


def bring(path: Path) -> Project:
    """Run the whole import in this process."""
    spec, title = archives.checked({"path": str(path)})
    with writing() as session:
        queued = archives.start(session, spec, title)
        jobs.write(session, queued.id, state="running")
    report = job.run(Handle(queued))
    with reading() as session:
        return projects.get(session, report["project_id"])


def changed(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The same archive with other contents."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    new = path.with_name("changed.zip")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    new.write_bytes(out.getvalue())
    return new


def table(files: dict[str, bytes], part: str) -> list[list[Any]]:
    """The first row is the names."""
    return [json.loads(line) for line in files[f"tables/{part}.jsonl"].splitlines()]


def put_table(files: dict[str, bytes], part: str, lines: list[list[Any]]) -> None:
    files[f"tables/{part}.jsonl"] = b"\n".join(json.dumps(line).encode() for line in lines) + b"\n"


def contents(project: Project) -> dict[str, list[dict[str, Any]]]:
    """Every row of the project with its ids as places among their kind, so that two machines can be compared."""
    found: dict[str, list[dict[str, Any]]] = {}
    with reading() as session:
        project = projects.get(session, project.id)
        owned = outgoing.owners(session, project)
        for part in rows.PARTS:
            by_id = owned.get(part.name, owned.get(part.by, []))
            found[part.name] = [
                dict(zip(part.columns, row, strict=True))
                for some in rows.rows(session, part, project, by_id)
                for row in some
            ]
    return found


def project_count() -> int:
    with reading() as session:
        return sum(len(project_rows.page(session, None, 1_000, deleted=deleted)) for deleted in (False, True))
