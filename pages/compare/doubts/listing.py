"""The list of what was found: by kind, by what was given and proposed, a page of cards at a time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import streamlit as st

from backend import projects
from backend.inspecting import standing
from db import projects as project_rows
from db.models import Inspection, LabelClass, Project
from db.session import reading
from pages.compare.doubts import cards, deciding
from pages.parts import done
from pages.parts.chosen import go_to
from pages.parts.worklist import open_button

PAGE = 24
# The classes that were chosen: as given, as proposed.
PAIR = "errors-pair"
KINDS = {
    "label": "Likely wrong labels",
    "outlier": "Unlike all others",
    "duplicate": "Near-duplicates that disagree",
}
NONE_LEFT = {
    "label": "No label looks wrong that nobody has looked at since.",
    "outlier": "No item is unlike all others.",
    "duplicate": "No near-duplicates are labeled differently.",
}
Entry = Mapping[str, Any]


def show(project: Project, inspection: Inspection, found: Sequence[Entry]) -> None:
    with reading() as session:
        classes = list(project_rows.classes(session, project.id, with_archived=True))
    done.show(project, key=deciding.PLACE)
    kind = choose_kind(found)
    of_kind = [each for each in found if each["kind"] == kind]
    if not of_kind:
        none_left(project, inspection, kind)
        return
    # Drawn before the cards, but what it offers follows from the boxes that are ticked on them.
    place = st.container(horizontal=True, vertical_alignment="center")
    with place:
        fitting = choose_pair(of_kind, classes) if kind != "outlier" else of_kind
    pair = st.session_state.get(PAIR) if kind != "outlier" else None
    number, last = page_number((project.id, inspection.id, kind, pair), len(fitting))
    shown = fitting[number * PAGE : (number + 1) * PAGE]
    key = f"doubts-{project.id}"
    selected, presses = cards.draw(project, shown, classes, key=key)
    if presses:
        deciding.decide_each(project, found, presses, key)
    with place:
        buttons(project, kind, fitting, [each for each in shown if each["item_id"] in selected], classes)
    if last:
        pager(number, last)


def choose_kind(found: Sequence[Entry]) -> str:
    counts = Counter(each["kind"] for each in found)
    return str(
        st.segmented_control(
            "What to look at",
            list(KINDS),
            format_func=lambda kind: f"{KINDS[kind]} ({counts[kind]:,})",
            default=next((kind for kind in KINDS if counts[kind]), "label"),
            required=True,
            key="errors-kind",
            label_visibility="collapsed",
        )
    )


def choose_pair(found: Sequence[Entry], classes: Sequence[LabelClass]) -> Sequence[Entry]:
    """Those given as one class, or proposed to be one, as the person chooses."""
    names = {each.id: each.name for each in classes}
    counts = Counter((tuple(each["given"]), tuple(each["proposed"])) for each in found)
    words = {
        pair: f"{standing.named(pair[0], names)} → {standing.named(pair[1], names)} ({count:,})"
        for pair, count in counts.most_common()
    }
    # Streamlit knows a choice by its words. Each decision changes the counts in them: then it is another list, and what
    # was chosen goes along.
    key, before = f"{PAIR}-{crc32(repr(words).encode())}", st.session_state.get(PAIR)
    if key not in st.session_state:
        st.session_state[key] = before if before in words else None
    chosen = st.session_state[PAIR] = st.selectbox(
        "Labeled → looks like",
        list(words),
        format_func=words.__getitem__,
        index=None,
        placeholder="Labeled → looks like: all",
        key=key,
        label_visibility="collapsed",
        width=320,
    )
    return [each for each in found if chosen is None or (tuple(each["given"]), tuple(each["proposed"])) == chosen]


def page_number(asked: tuple[object, ...], count: int) -> tuple[int, int]:
    """The page to show and the last one, from 0. Another list begins at its first page."""
    if st.session_state.get("errors-asked") != asked:
        st.session_state["errors-asked"], st.session_state["errors-page"] = asked, 0
    last = max(0, (count - 1) // PAGE)
    # The list grows shorter with each decision.
    st.session_state["errors-page"] = min(st.session_state["errors-page"], last)
    return st.session_state["errors-page"], last


def pager(number: int, last: int) -> None:
    back, place, on = st.columns([1, 2, 1], vertical_alignment="center")
    if back.button("Previous", disabled=number == 0, width="stretch", key="errors-back"):
        turn_to(number - 1)
    place.markdown(f"Page {number + 1:,} of {last + 1:,}", text_alignment="center")
    if on.button("Next", disabled=number == last, width="stretch", key="errors-next"):
        turn_to(number + 1)


def turn_to(number: int) -> None:
    st.session_state["errors-page"] = number
    st.rerun()


def buttons(
    project: Project, kind: str, found: Sequence[Entry], selected: Sequence[Entry], classes: Sequence[LabelClass]
) -> None:
    """What goes for all that fit, or for those that are selected."""
    names = {each.id: each.name for each in classes}
    chosen = selected or found

    def reasons() -> dict[int, str]:
        return {each["item_id"]: standing.reason(each, names, multi_label=project.multi_label) for each in chosen}

    which = f"the {len(selected):,} selected" if selected else f"these {len(found):,}" if len(found) > 1 else "it"
    open_button(
        project,
        KINDS[kind],
        [each["item_id"] for each in chosen],
        key="errors-go",
        # Who labels blind is not told what a model thinks.
        notes=None if projects.is_blind(project) else reasons,
        words=f"Go through {which}",
        shortcut="l",
        type="primary",
    )
    if not selected:
        st.caption("One after the other on the Label page, with the reason. Or decide here, card by card.")
        return
    if kind != "outlier" and st.button(f"Accept what is proposed for {len(selected):,}", key="errors-accept"):
        deciding.decide(project, selected, "accept")
    if st.button(f"Keep the labels of {len(selected):,}", key="errors-keep"):
        deciding.decide(project, selected, "keep")


def none_left(project: Project, inspection: Inspection, kind: str) -> None:
    st.success(NONE_LEFT[kind], icon=":material/check:")
    if kind == "duplicate" and not inspection.result["knows_groups"]:
        st.caption("Only items that are almost the same were compared: nobody has looked for near-duplicates yet.")
        if st.button("Find near-duplicates", key="errors-near"):
            go_to("data")
