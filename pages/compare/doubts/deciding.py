"""Accept what is proposed, or keep the label: a person's decision, which one undo takes back."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import streamlit as st

from backend import errors
from backend.labeling import bulk
from db.models import Project
from pages.compare.doubts import cards
from pages.parts.annotator import annotator_now
from pages.parts.done import remember
from pages.parts.errors import show_error

# Where what was decided is said and taken back: see `pages.parts.done`.
PLACE = "errors"
Found = Sequence[Mapping[str, Any]]


def decide(project: Project, found: Found, what: str) -> None:
    """Decide on all of these at once. what: "accept" or "keep"."""
    if refused := carried_out(project, found, what, str(uuid4())):
        show_error(refused)
        return
    st.rerun()


def decide_each(project: Project, found: Found, presses: Sequence[cards.Press], key: str) -> None:
    """Decide as was pressed on single cards, each a decision of its own. key: of the cards.

    What somebody decided on meanwhile is not among those that were found.
    """
    refused: errors.WinnowError | None = None
    for each in presses:
        of_card = [one for one in found if (one["item_id"], one["kind"]) == (each["id"], each["kind"])]
        # Its own id: a run of the page that was cut short may have done it already.
        refused = carried_out(project, of_card, each["what"], each["press"]) or refused
    cards.settled(presses, key)
    if refused:
        show_error(refused)
        return
    st.rerun()


def carried_out(project: Project, found: Found, what: str, event_id: str) -> errors.WinnowError | None:
    """What is in the way of it, if anything is."""
    if not found:
        return None
    which = "proposed" if what == "accept" else "given"
    wanted = bulk.Wanted(each=[{"item_id": each["item_id"], "class_ids": each[which]} for each in found])
    annotator = annotator_now()
    try:
        done = bulk.label(project.id, annotator, wanted, event_id)
    except errors.WinnowError as error:
        return error
    labels = "1 label is" if done.changed == 1 else f"{done.changed:,} labels are"
    became = "changed" if what == "accept" else "kept: nobody is asked about it again" if done.changed == 1 else "kept"
    remember(project, annotator, event_id, f"{labels} {became}.", key=PLACE)
    return None
