"""Accept what is proposed, or keep the label: a person's decision, which one undo takes back."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import streamlit as st

from backend import errors
from backend.labeling import bulk
from db.models import Project
from pages.parts.annotator import annotator_now
from pages.parts.done import remember
from pages.parts.errors import show_error

# Where what was decided is said and taken back: see `pages.parts.done`.
PLACE = "errors"


def decide(project: Project, found: Sequence[Mapping[str, Any]], what: str) -> None:
    """what: "accept" or "keep". What somebody decided on meanwhile is not among them."""
    if not found:
        return
    which = "proposed" if what == "accept" else "given"
    wanted = bulk.Wanted(each=[{"item_id": each["item_id"], "class_ids": each[which]} for each in found])
    annotator, event_id = annotator_now(), str(uuid4())
    try:
        done = bulk.label(project.id, annotator, wanted, event_id)
    except errors.WinnowError as error:
        show_error(error)
        return
    labels = "1 label is" if done.changed == 1 else f"{done.changed:,} labels are"
    became = "changed" if what == "accept" else "kept: nobody is asked about it again" if done.changed == 1 else "kept"
    remember(project, annotator, event_id, f"{labels} {became}.", key=PLACE)
    st.rerun()
