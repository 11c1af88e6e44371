"""Bringing data in: uploaded files, a folder of this machine, or pasted texts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import streamlit as st

from backend import errors, importing
from backend.importing import uploads
from db.models import Kind, Project
from db.session import reading, writing
from pages.data.columns import choose_columns

WAYS = {
    "files": "Upload files",
    "path": "Folder or file on this machine",
    "texts": "Paste texts",
}
HINTS = {
    Kind.TEXT: "CSV, TSV, JSONL, JSON, Parquet, plain text, or a zip of these",
    Kind.IMAGE: "JPEG, PNG, WebP, TIFF and many more, or a zip. Folders named like classes become labels.",
}


class Uploaded(Protocol):
    file_id: str
    name: str

    def getbuffer(self) -> memoryview: ...


def add_data(project: Project) -> None:
    ways = [way for way in WAYS if way != "texts" or project.kind == Kind.TEXT]
    way = st.segmented_control(
        "Where is your data?", ways, format_func=WAYS.__getitem__, default="files", required=True, key="data-way"
    )
    try:
        if way == "texts":
            from_paste(project)
        elif way == "path":
            from_path(project)
        else:
            from_upload(project)
    except errors.WinnowError as error:
        st.error(f"{error.message} {error.hint}".strip())


def from_upload(project: Project) -> None:
    number = st.session_state.setdefault("data-upload", 0)
    files = st.file_uploader(
        HINTS[Kind(project.kind)], accept_multiple_files=True, key=f"data-upload-{project.id}-{number}"
    )
    folder = kept(files)
    if folder is None:
        return
    options = choose_columns(project, folder, key=folder.name)
    if st.button(f"Import {len(files)} files" if len(files) > 1 else "Import", type="primary", key="data-import-files"):
        start(project, {"upload": folder.name, **options})


def kept(files: Sequence[Uploaded]) -> Path | None:
    """The uploaded files in a folder of their own, written once and again only when the choice changes."""
    ids = [file.file_id for file in files]
    known: dict[str, Any] = st.session_state.get("data-kept") or {"ids": []}
    if known["ids"] == ids:
        return uploads.folder_of(known["folder"]) if ids else None
    if known["ids"]:
        uploads.remove(known["folder"])
    if not ids:
        st.session_state["data-kept"] = None
        return None
    folder = uploads.new_folder()
    for file in files:
        uploads.place_for(folder, file.name).write_bytes(file.getbuffer())
    st.session_state["data-kept"] = {"ids": ids, "folder": folder.name}
    return folder


def from_path(project: Project) -> None:
    name = st.text_input(
        "Path", placeholder="/home/me/photos  or  C:\\Users\\me\\photos", key="data-path", icon=":material/folder:"
    )
    if not name.strip():
        st.caption("Everything below a folder is read; the files stay where they are.")
        return
    path = importing.local(name)
    options = choose_columns(project, path, key=str(path))
    if st.button("Import", type="primary", key="data-import-path"):
        start(project, {"path": str(path), **options})


def from_paste(project: Project) -> None:
    pasted = st.text_area("One text a line", height=180, key="data-texts")
    texts = [line for line in pasted.splitlines() if line.strip()]
    label = f"Import {len(texts):,} texts" if len(texts) != 1 else "Import 1 text"
    if st.button(label, type="primary", disabled=not texts, key="data-import-texts"):
        start(project, {"texts": texts})


def start(project: Project, source: dict[str, Any]) -> None:
    """Queue the import and show it; the form is empty again."""
    with reading() as session:
        checked = importing.check(session, project, source)
    with writing() as session:
        job = importing.add(session, project, checked)
    # The import has its files now: the next upload gets a folder of its own.
    st.session_state["data-kept"] = None
    st.session_state["data-upload"] = st.session_state.get("data-upload", 0) + 1
    for key in ("data-path", "data-texts"):
        st.session_state.pop(key, None)
    st.query_params["job"] = str(job.id)
    st.rerun()
