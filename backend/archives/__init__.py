"""A whole project as one file, and back: the same project on another machine.

An archive is a zip: `manifest.json` first, then one JSON-lines file a table (`tables/NAME.jsonl`, the first line names
the columns), the rows of snapshots, what finished runs left behind if that was asked for, and the images by their
SHA-256. What can be made again is not in it: evaluations on today's labels, worklists and inspections. Nothing in it
is ever run, and no name in it becomes a path unchecked.
"""

from pathlib import Path
from typing import Any

from backend import errors, importing
from backend.archives import container
from backend.importing import uploads
from backend.jobs import control
from db.models import Job, JobKind
from db.session import Session


def checked(source: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The spec and title of the job that imports {"upload": ID} or {"path": PATH}. Reads the file, so wants no session.

    Raises BadFile when it is no archive of a project, NotFound when it is not there.
    """
    path = path_of({"archive": source})
    with container.opened(path) as archive:
        name = container.manifest_of(archive)["project"]["name"]
    kept = {"upload": source["upload"]} if source.get("upload") else {"path": str(path)}
    return {"archive": kept}, f"Import of the project {name}"


def start(session: Session, spec: dict[str, Any], title: str) -> Job:
    return control.add(session, JobKind.IMPORT, None, spec, title)


def path_of(spec: dict[str, Any]) -> Path:
    source = spec["archive"]
    if not source.get("upload"):
        if not source.get("path"):
            raise errors.Invalid("No archive was named.", "Send the file, or its path on this machine.")
        path = importing.local(source["path"])
        if not path.is_file():
            # A folder; or a pipe, which opening would wait for.
            raise errors.BadFile(f'"{path}" is no file.', "Name the archive that “Download the project” made.")
        return path
    files = [path for path in uploads.folder_of(source["upload"]).rglob("*") if path.is_file()]
    if len(files) != 1:
        raise errors.Invalid(f"A project is imported from one file; these are {len(files)}.", "Send one archive.")
    return files[0]
