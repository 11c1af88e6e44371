"""Choosing which columns of a table are the text and the label, with its first rows in view."""

from pathlib import Path
from typing import Any

import streamlit as st

from backend.importing.peek import peek
from db import projects as rows
from db.models import Kind, Project
from db.session import reading

NO_LABEL = "No labels"
ADD_HELP = "Labels that name no class of this project are otherwise left out, and counted in the report."


def choose_columns(project: Project, path: Path, key: str) -> dict[str, Any]:
    """The options of an import: {"columns", "add_classes"}. Raises BadFile when the table cannot be read."""
    chosen: dict[str, Any] = {}
    if project.kind == Kind.TEXT:
        chosen = of_table(project, path, key)
    adds = st.checkbox("Add classes that the data names and the project lacks", key=f"{key}-adds", help=ADD_HELP)
    return {"columns": chosen, "add_classes": adds}


def of_table(project: Project, path: Path, key: str) -> dict[str, Any]:
    with reading() as session:
        class_names = [each.name for each in rows.classes(session, project.id)]
    has_header = st.session_state.get(f"{key}-header")
    table = peek(path, class_names, {} if has_header is None else {"header": has_header})
    if table is None:
        return {}
    st.markdown("**The first rows**")
    shown = [dict(zip(table["columns"], row, strict=False)) for row in table["rows"]]
    st.dataframe(shown, hide_index=True, height="content")
    said = [table["file"], table["encoding"], {"\t": "separated by tabs"}.get(table["delimiter"], "")]
    st.caption(" · ".join(part for part in said if part).replace("_", "\\_"))
    # A header that comes or goes changes the names: the choice is then made anew.
    state = f"{key}-{table['header']}"
    text, label = st.columns(2)
    texts = text.multiselect(
        "Text", table["columns"], default=table["text"], key=f"{state}-text", help="Several are joined by a space."
    )
    choices = [NO_LABEL, *table["columns"]]
    guess = choices.index(table["label"]) if table["label"] else 0
    labels = label.selectbox("Label", choices, index=guess, key=f"{state}-label")
    # As they stand in the table, a title before its text, whatever was pressed first.
    in_order = [name for name in table["columns"] if name in (texts or table["text"])]
    chosen: dict[str, Any] = {"text": in_order, "label": None if labels == NO_LABEL else labels}
    if table["header"] is not None:
        chosen["header"] = st.checkbox(
            "Row 1 holds the names of the columns", value=table["header"], key=f"{key}-header"
        )
    return chosen
