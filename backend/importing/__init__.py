"""Data in: from files, folders, archives and pasted texts to items. `start` is the one door."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from backend import errors
from backend.importing import columns, readers, uploads
from backend.importing.found import UNREADABLE, File, Unusable, walk
from backend.jobs import control
from db import projects as rows
from db.models import Job, JobKind, Kind, Project
from db.session import Session

PASTED = "pasted.jsonl"
# So many files are looked at before an import is accepted; the job looks at the rest.
LOOKED_AT = 50


class Checked(NamedTuple):
    """An import that can begin: the job's spec and title."""

    spec: dict[str, Any]
    title: str


def start(session: Session, project: Project, source: dict[str, Any]) -> Job:
    """Check a source and queue its import.

    source: {"upload": FOLDER} | {"path": PATH} | {"texts": [TEXT, …]}, and if wanted "add_classes": bool and
    "columns": {"text": NAME, INDEX or a list of them, "label": NAME, INDEX or None, "header": bool}.
    Raises BadFile, Invalid or NotFound when it can be known now that nothing would come of it.
    """
    return add(session, project, check(session, project, source))


def add(session: Session, project: Project, checked: Checked) -> Job:
    return control.add(session, JobKind.IMPORT, project.id, checked.spec, checked.title)


def check(session: Session, project: Project, source: dict[str, Any]) -> Checked:
    """What `start` does before it writes: reads files, and so wants no session that holds the write lock for long."""
    options = {name: source[name] for name in ("columns", "add_classes") if source.get(name)}
    if source.get("texts") is not None:
        if project.kind != Kind.TEXT:
            raise errors.Invalid("Texts cannot be added to a project of images.", "Upload images instead.")
        spec = {"upload": pasted(source["texts"]), "columns": {"text": "text", "label": None}}
        return Checked(spec, f"Import of {len(source['texts']):,} texts")
    if source.get("upload"):
        path = uploads.folder_of(source["upload"])
        title = check_files(session, project, path, source.get("columns") or {})
        return Checked({"upload": source["upload"], **options}, title)
    if source.get("path"):
        path = local(source["path"])
        check_files(session, project, path, source.get("columns") or {})
        return Checked({"path": str(path), **options}, f"Import of {path.name or path}")
    raise errors.Invalid("Nothing to import was named.", "Send files, a path, or texts.")


def local(name: str) -> Path:
    """A path that a person typed. Raises NotFound when there is nothing."""
    path = Path(name.strip().strip("\"'")).expanduser()
    try:
        if path.exists():
            return path.resolve()
    except (OSError, ValueError):
        pass
    raise errors.NotFound(f'There is no file or folder "{name}" on this machine.', "Check the spelling of the path.")


def pasted(texts: Sequence[Any]) -> str:
    """Texts as an upload of their own; returns its name."""
    kept = [text for text in texts if isinstance(text, str) and text.strip()]
    if not kept:
        raise errors.Invalid("There are no texts.", "Write at least one that is not empty.")
    folder = uploads.new_folder()
    with (folder / PASTED).open("w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": text}) + "\n" for text in texts)
    return folder.name


def check_files(session: Session, project: Project, path: Path, chosen: dict[str, Any]) -> str:
    """Raise the first file's problem when all files have one; else return a title for the job."""
    try:
        first = list(itertools.islice(walk(path), LOOKED_AT))
    except OSError as error:
        raise errors.BadFile(f'"{path}" cannot be read: {error.strerror}.', "Check its permissions.") from None
    if not first:
        raise errors.BadFile("There are no files to import.", "Hidden files are passed over. Choose another folder.")
    class_names = [each.name for each in rows.classes(session, project.id)]
    problem: errors.WinnowError | None = None
    for file in first:
        try:
            check_file(file, Kind(project.kind), chosen, class_names)
        except errors.WinnowError as error:
            problem = problem or error
        else:
            break
    else:
        assert problem is not None
        raise problem
    names = {file.key[0] for file in first}
    return f"Import of {next(iter(names))}" if len(names) == 1 else f"Import of {counted(len(names))} files"


def counted(number: int) -> str:
    return f"over {LOOKED_AT}" if number == LOOKED_AT else str(number)


def check_file(file: File | Unusable, kind: Kind, chosen: dict[str, Any], class_names: Sequence[str]) -> None:
    """Raise BadFile when nothing can come out of this file."""
    if isinstance(file, Unusable):
        raise errors.BadFile(f'"{file.name}" cannot be imported. {file.reason}')
    if not file.size_bytes:
        raise errors.BadFile(f'"{file.name}" is empty.', "Choose a file with something in it.")
    try:
        form = readers.format_of(file)
    except UNREADABLE as error:
        raise errors.BadFile(f'"{file.name}" cannot be read: {error}.', "Copy it here once more.") from None
    if kind == Kind.IMAGE and form in ("csv", "jsonl", "txt"):
        raise errors.BadFile(
            f'"{file.name}" holds no images, and this project is one of images.', "Upload images, a zip or a folder."
        )
    if kind == Kind.TEXT and form in ("image", "other"):
        what = "is an image" if form == "image" else f"is {readers.NO_TEXT.get(file.suffix, 'no text')}"
        raise errors.BadFile(
            f'"{file.name}" {what}, and this project is one of texts.', "Save it as CSV, JSONL or plain text."
        )
    table = readers.look(file, chosen)
    if table is not None:
        if not table.rows:
            raise errors.BadFile(f'"{file.name}" has no rows.', "Choose a file with something in it.")
        if kind == Kind.TEXT:
            columns.choose(chosen, table.names, table.rows, class_names, file.name)
