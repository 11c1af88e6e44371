"""A project as an archive, made while it is sent.

The tables are read in one transaction, so that they show one moment; the images follow without one.
"""

import base64
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from backend import blobs, errors, exporting, settings
from backend.archives.container import ARTIFACT_ENDINGS, FORMAT, GONE, MANIFEST, VERSION, table_name
from backend.exporting.drain import Drain
from backend.training import snapshots
from db import archives
from db.archives import Part
from db.models import Kind, Project, RunState, now
from db.session import Session, reading

BLOCK_BYTES = 1 << 18
# Tables are long and much alike: the fastest level shrinks them nearly as well.
LEVEL = 1
PROJECT = ("name", "kind", "multi_label", "description", "settings", "suggestion_set_id")


def download(project: Project, *, with_scores: bool = True, with_models: bool = False) -> exporting.Download:
    """with_scores: what was suggested for each item. with_models: the files of finished runs."""
    blocks = made(project, with_scores=with_scores, with_models=with_models)
    name = f"{exporting.stem(project)}-{now():%Y-%m-%d}.winnow.zip"
    return exporting.Download(name, "application/zip", blocks)


def made(project: Project, *, with_scores: bool, with_models: bool) -> Iterator[bytes]:
    drain = Drain()
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_STORED, compresslevel=LEVEL) as archive:
        archive.writestr(MANIFEST, json.dumps(manifest(project), ensure_ascii=False))
        yield from drain.taken()
        beside: dict[str, list[Any]] = {"images": [], "fingerprints": [], "runs": []}
        with reading() as session:
            owned = owners(session, project)
            for part in archives.PARTS:
                is_left_out = part.name == "suggestions" and not with_scores
                lines = _lines(session, project, part, {} if is_left_out else owned, beside)
                yield from _table(archive, drain, part.name, lines)
        yield from _files(archive, drain, project, beside, with_models=with_models)
    yield from drain.taken()


def manifest(project: Project) -> dict[str, Any]:
    about = {name: getattr(project, name) for name in PROJECT} | {"created_at": project.created_at.isoformat()}
    return {"format": FORMAT, "version": VERSION, "made_at": now().isoformat(), "project": about}


def owners(session: Session, project: Project) -> dict[str, list[int]]:
    """The ids that rows of parts without a project of their own are found by."""
    by_name = {part.name: part for part in archives.PARTS}
    items = archives.item_ids(session, project.id)
    of = {name: archives.ids(session, by_name[name], project.id) for name in ("runs", "suggestion_sets")}
    changes = archives.ids(session, by_name["class_changes"], project.id)
    return {
        "annotators": archives.annotator_ids(session, project.id),
        "recipes": archives.recipe_ids(session),
        "items": items,
        "item_id": items,
        "run_id": sorted(of["runs"]),
        "set_id": sorted(of["suggestion_sets"]),
        "change_id": sorted(changes),
    }


def _table(archive: zipfile.ZipFile, drain: Drain, name: str, lines: Iterator[str]) -> Iterator[bytes]:
    entry = zipfile.ZipInfo(table_name(name), now().timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as file:
        for some in lines:
            file.write(some.encode("utf-8", "replace"))
            if drain.waiting > BLOCK_BYTES:
                yield from drain.taken()
    yield from drain.taken()


def _lines(
    session: Session, project: Project, part: Part, owned: dict[str, list[int]], beside: dict[str, list[Any]]
) -> Iterator[str]:
    """One table as JSON lines, many at a time; what has files of its own is noted in `beside`."""
    names = list(part.columns)
    by_id = owned.get(part.name, owned.get(part.by, []))
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    packed = [place for place, kind in enumerate(part.columns.values()) if kind in (bytes, datetime)]
    yield encode(names) + "\n"
    for rows in archives.rows(session, part, project, by_id):
        _note(part.name, names, rows, project, beside)
        yield "\n".join(encode(_packed(row, packed)) for row in rows) + "\n"


def _packed(row: Any, places: list[int]) -> list[Any]:
    values = list(row)
    for place in places:
        value = values[place]
        if isinstance(value, bytes):
            values[place] = base64.b64encode(value).decode()
        elif isinstance(value, datetime):
            values[place] = value.isoformat()
    return values


def _note(part: str, names: list[str], rows: list[Any], project: Project, beside: dict[str, list[Any]]) -> None:
    if part == "items" and project.kind == Kind.IMAGE:
        at = names.index("content_hash")
        beside["images"] += [row[at] for row in rows]
    elif part == "snapshots":
        beside["fingerprints"] += [row[names.index("fingerprint")] for row in rows]
    elif part == "runs":
        id_at, artifact_at, state_at = (names.index(name) for name in ("id", "artifact", "state"))
        done = [row for row in rows if row[artifact_at] and row[state_at] in (RunState.DONE, RunState.STOPPED)]
        beside["runs"] += [(row[id_at], row[artifact_at]) for row in done]


def _files(
    archive: zipfile.ZipFile, drain: Drain, project: Project, beside: dict[str, list[Any]], *, with_models: bool
) -> Iterator[bytes]:
    for fingerprint in dict.fromkeys(beside["fingerprints"]):
        path = snapshots.path_of(fingerprint)
        if path.exists():
            archive.write(path, f"snapshots/{fingerprint}.parquet")
            yield from drain.taken()
    for run_id, artifact in beside["runs"] if with_models else ():
        for path in _model_files(settings.home() / artifact):
            name = path.relative_to(settings.home() / artifact).as_posix()
            yield from _copied(archive, drain, path, f"runs/{run_id}/model/{name}")
    gone: list[str] = []
    for content_hash in beside["images"]:
        try:
            archive.writestr(f"images/{content_hash.hex()}", blobs.read(content_hash))
        except errors.NotFound:
            gone.append(content_hash.hex())
        if drain.waiting > BLOCK_BYTES:
            yield from drain.taken()
    if gone:
        archive.writestr(GONE, json.dumps(gone))


def _model_files(folder: Path) -> list[Path]:
    found = sorted(folder.rglob("*")) if folder.is_dir() else []
    return [path for path in found if path.is_file() and path.name.lower().endswith(ARTIFACT_ENDINGS)]


def _copied(archive: zipfile.ZipFile, drain: Drain, path: Path, name: str) -> Iterator[bytes]:
    """A file that may be large, in pieces."""
    with path.open("rb") as source, archive.open(name, "w", force_zip64=True) as file:
        while piece := source.read(BLOCK_BYTES):
            file.write(piece)
            yield from drain.taken()
