"""Data in: from files, folders, archives and pasted texts to items. `start` is the one door."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from backend import errors
from backend.importing import columns, dialects, encodings, hub, previews, readers, uploads
from backend.importing.found import UNREADABLE, File, Unusable, walk
from backend.jobs import control
from db import projects as rows
from db.models import Job, JobKind, Kind, Project
from db.session import Session

PASTED = "pasted.jsonl"
# So many files are looked at before an import is accepted; the job looks at the rest.
LOOKED_AT = 50
OPTIONS = ("columns", "labels", "add_classes", "reference")
LABELS = ("labels", "gold", "none")


class Checked(NamedTuple):
    """An import that can begin: the job's spec and title."""

    spec: dict[str, Any]
    title: str


def start(session: Session, project: Project, source: dict[str, Any]) -> Job:
    """Check a source and queue its import.

    source: {"upload": FOLDER} | {"path": PATH} | {"texts": [TEXT, …]} | {"hub": DATASET}, and of OPTIONS what is asked:
    "columns": {"text": NAME, INDEX or a list of them, "image", "label": the same or None, "split", "id",
    "keep": [NAME], "header": bool, "encoding", "delimiter", "as": "lines" or "files"}, each guessed if left out;
    "labels": "labels", "gold" or "none"; "add_classes": bool; "reference": bool (with a path: images stay).
    Raises BadFile, Invalid or NotFound when it can be known now that nothing would come of it.
    """
    return add(session, project, check(session, project, source))


def add(session: Session, project: Project, checked: Checked) -> Job:
    return control.add(session, JobKind.IMPORT, project.id, checked.spec, checked.title)


def check(session: Session, project: Project, source: dict[str, Any]) -> Checked:
    """What `start` does before it writes: reads files, and so wants no session that holds the write lock for long."""
    options = options_of(source)
    if source.get("texts") is not None:
        if project.kind != Kind.TEXT:
            raise errors.Invalid("Texts cannot be added to a project of images.", "Upload images instead.")
        spec = {"upload": pasted(source["texts"]), "columns": {"text": "text", "label": None}}
        return Checked(spec, f"Import of {len(source['texts']):,} texts")
    if source.get("hub"):
        named = hub.asked(source)
        return Checked({**named, **options}, f"Import of {named['hub']} from the hub")
    path = path_of(source)
    title = check_files(session, project, path, options.get("columns") or {})
    if source.get("upload"):
        options.pop("reference", None)
        return Checked({"upload": source["upload"], **options}, title)
    return Checked({"path": str(path), **options}, f"Import of {path.name or path}")


def options_of(source: dict[str, Any]) -> dict[str, Any]:
    """Raises Invalid for what is no choice."""
    options = {name: source[name] for name in OPTIONS if source.get(name)}
    if options.get("labels", LABELS[0]) not in LABELS:
        raise errors.Invalid(f'"{options["labels"]}" is no use of labels.', f"Choose one of {', '.join(LABELS)}.")
    chosen = options.get("columns") or {}
    if chosen.get("encoding"):
        encodings.chosen(chosen["encoding"])
    if chosen.get("as") not in (None, "lines", "files"):
        raise errors.Invalid(f'"{chosen["as"]}" is no way to read texts.', 'Choose "lines" or "files".')
    return options


def path_of(source: dict[str, Any]) -> Path:
    if source.get("upload"):
        return uploads.folder_of(source["upload"])
    if (source.get("path") or "").strip():
        return local(source["path"])
    raise errors.Invalid("Nothing to import was named.", "Send files, a path, or texts.")


def preview(session: Session, project: Project, source: dict[str, Any]) -> dict[str, Any]:
    """What would come of {"upload"} or {"path"}: see previews.of. Raises what `check` raises."""
    chosen = options_of(source).get("columns") or {}
    path = path_of(source)
    check_files(session, project, path, chosen)
    return previews.of(session, project, path, chosen)


def local(name: str) -> Path:
    """A path that a person typed. Raises NotFound when there is nothing."""
    try:
        # A home folder may be that of nobody (RuntimeError).
        path = Path(name.strip().strip("\"'")).expanduser()
        if path.exists():
            return path.resolve()
    except (OSError, ValueError, RuntimeError):
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
    kind = Kind(project.kind)
    class_names = [each.name for each in rows.classes(session, project.id)]
    problem: errors.WinnowError | None = None
    for file in first:
        try:
            check_file(file, kind, chosen, class_names)
        except errors.WinnowError as error:
            problem = problem or error
        else:
            break
    else:
        # Of more files the job finds what is of use, and rejects the rest one by one.
        if problem is not None and len(first) < LOOKED_AT:
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
    if kind == Kind.IMAGE and form in ("csv", "jsonl", "sheet", "fasttext", "txt"):
        raise errors.BadFile(
            f'"{file.name}" holds no images, and this project is one of images.', "Upload images, a zip or a folder."
        )
    if kind == Kind.TEXT and form in ("image", "other"):
        what = "is an image" if form == "image" else f"is {readers.NO_TEXT.get(file.suffix, 'no text')}"
        raise errors.BadFile(
            f'"{file.name}" {what}, and this project is one of texts.', "Save it as CSV, JSONL or plain text."
        )
    check_table(file, kind, chosen, class_names)


def check_table(file: File, kind: Kind, chosen: dict[str, Any], class_names: Sequence[str]) -> None:
    table = readers.look(file, chosen)
    if table is not None:
        if not table.rows:
            if file.size_bytes > dialects.SAMPLE_LENGTH:
                # The first row is too long to be read: the job says so, and reads on behind it.
                return
            raise errors.BadFile(f'"{file.name}" has no rows.', "Choose a file with something in it.")
        if kind == Kind.TEXT:
            columns.choose(chosen, table.names, table.rows, class_names, file.name)
