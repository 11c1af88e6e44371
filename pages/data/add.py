"""Bringing data in: uploaded files, a folder of this machine, or pasted texts."""

from typing import Any

import streamlit as st

from backend import errors, importing
from backend.importing import uploads
from db.models import Kind, Project
from db.session import reading, writing
from pages.data.columns import choose_columns
from pages.data.folders import from_hub, from_path
from pages.parts.dropzone.dropzone import dropzone

WAYS = {
    "files": "Upload files",
    "path": "Folder or file on this machine",
    "hub": "Hugging Face",
    "texts": "Paste texts",
}
HINTS = {
    Kind.TEXT: "CSV, TSV, Excel, JSON, JSONL, Parquet, text, fastText, exports of Label Studio and doccano; zip or tar",
    Kind.IMAGE: "JPEG, PNG, WebP, TIFF and many more; zip or tar. Labels come from folders’ names or a labels.csv.",
}


def add_data(project: Project) -> None:
    ways = [way for way in WAYS if way != "texts" or project.kind == Kind.TEXT]
    way = st.segmented_control(
        "Where is your data?", ways, format_func=WAYS.__getitem__, default="files", required=True, key="data-way"
    )
    try:
        if way == "texts":
            from_paste(project)
        elif way == "path":
            from_path(project, start)
        elif way == "hub":
            from_hub(project, start)
        else:
            from_upload(project)
    except errors.WinnowError as error:
        st.error(f"{error.message} {error.hint}".strip())


def from_upload(project: Project) -> None:
    hint = HINTS[Kind(project.kind)]
    key = f"data-dropzone-{project.id}"
    uploaded = dropzone(project.id, hint, key=key, spent=st.session_state.get("data-spent"))
    if uploaded is None:
        return
    # More files make another table of it: its columns are then chosen anew.
    options = choose_columns(project, uploads.folder_of(uploaded.id), key=f"{uploaded.id}-{uploaded.files}")
    label = f"Import {uploaded.files:,} files" if uploaded.files > 1 else "Import"
    if st.button(label, type="primary", key="data-import-files"):
        st.session_state["data-spent"] = uploaded.id
        start(project, {"upload": uploaded.id, **options})


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
    for key in ("data-path", "data-texts", "data-hub"):
        st.session_state.pop(key, None)
    st.query_params["job"] = str(job.id)
    st.rerun()
