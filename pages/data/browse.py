"""The items: filtered, a page at a time, with what is known of each; and how the labels are spread."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from zlib import crc32

import streamlit as st

from backend import items as views
from db import items as rows
from db import projects as project_rows
from db import stats
from db.items import Filter
from db.models import PRESENT, Item, Kind, LabelClass, Project, Status
from db.session import reading
from pages.data.label_many import label_many
from pages.explore import charts
from pages.parts.charts import draw
from pages.parts.grid import cards, selectable_grid

PAGE = 50
TEXT_LETTERS = 500
STATUS_WORDS = {"todo": "To do", "labeled": "Labeled", "skipped": "Skipped", "flagged": "Flagged"}


class Chosen(NamedTuple):
    status: Status | None
    class_id: int | None
    text: str
    newest_first: bool


def browse(project: Project, counts: dict[str, int]) -> None:
    with reading() as session:
        classes = list(project_rows.classes(session, project.id))
    wanted = filter_row(classes, counts)
    bar = st.container()
    items, chart = st.columns([3, 1], gap="medium")
    with items:
        selected = page_of_items(project, classes, wanted)
    with chart:
        balance(project, classes)
    with bar:
        label_many(project, classes, Filter(wanted.status, wanted.class_id, wanted.text), selected)


def filter_row(classes: Sequence[LabelClass], counts: dict[str, int]) -> Chosen:
    words, status, label, order = st.columns([3, 2, 2, 2], vertical_alignment="bottom")
    text = words.text_input("Contains", placeholder="Words or a file name", key="data-words", icon=":material/search:")
    statuses = [None, *PRESENT]
    chosen = status.selectbox(
        "Status",
        statuses,
        format_func=lambda each: f"{STATUS_WORDS[each]} ({counts[each]:,})" if each else "Any",
        key="data-status",
    )
    names = {each.id: each.name for each in classes}
    class_id = label.selectbox(
        "Label", [None, *names], format_func=lambda each: names[each] if each else "Any", key="data-class"
    )
    newest = order.selectbox("Order", ["Oldest first", "Newest first"], key="data-order") == "Newest first"
    return Chosen(chosen, class_id, text.strip(), newest)


def page_of_items(project: Project, classes: Sequence[LabelClass], wanted: Chosen) -> list[int]:
    """Draw a page; the ids of the items that are selected on it."""
    # The pages before this one, by the cursor each began with; another filter begins at the first.
    if st.session_state.get("data-filter") != (project.id, wanted):
        st.session_state["data-filter"], st.session_state["data-cursors"] = (project.id, wanted), [None]
    cursors: list[int | None] = st.session_state["data-cursors"]
    with reading() as session:
        found = rows.page(session, project.id, **wanted._asdict(), after=cursors[-1], limit=PAGE + 1)
        shown: list[Item] = list(found[:PAGE])
        views_of = views.as_json(session, project, shown)
    if not shown:
        st.info("No item fits these filters.")
        return []
    # A selection is of rows: with other items in them it begins anew.
    place = f"{project.id}-{crc32(repr([item.id for item in shown]).encode())}"
    if project.kind == Kind.IMAGE:
        selected = selectable_grid(cards(views_of, classes), key=f"data-grid-{place}")
    else:
        selected = [views_of[row]["id"] for row in table(views_of, classes, key=f"data-table-{place}")]
    pager(cursors, following=shown[-1].id if len(found) > PAGE else None, count=len(shown))
    return selected


def pager(cursors: list[int | None], following: int | None, count: int) -> None:
    back, place, on = st.columns([1, 2, 1], vertical_alignment="center")
    if back.button("Previous", disabled=len(cursors) == 1, width="stretch", icon=":material/chevron_left:"):
        cursors.pop()
        st.rerun()
    first = (len(cursors) - 1) * PAGE + 1
    place.markdown(f"{first:,} to {first + count - 1:,}", text_alignment="center")
    if on.button("Next", disabled=following is None, width="stretch", icon=":material/chevron_right:"):
        cursors.append(following)
        st.rerun()


def table(items: Sequence[dict[str, Any]], classes: Sequence[LabelClass], key: str) -> list[int]:
    """The rows that are selected."""
    names = {each.id: each.name for each in classes}
    lines = [
        {
            "Text": (item["text"] or "")[:TEXT_LETTERS],
            "Label": [names[class_id] for class_id in item["class_ids"] if class_id in names],
            "Suggestion": names.get(item["suggestion"]["class_id"]) if item["suggestion"] else None,
            "Sure": item["suggestion"]["confidence"] if item["suggestion"] else None,
            "Status": STATUS_WORDS[item["status"]],
            "Source": item["source"],
        }
        for item in items
    ]
    columns: dict[str, Any] = {
        "Text": st.column_config.TextColumn(width="large"),
        "Label": st.column_config.MultiselectColumn(
            options=list(names.values()), color=[each.color for each in classes], width="small"
        ),
        "Sure": st.column_config.NumberColumn(format="percent", width="small"),
        "Status": st.column_config.TextColumn(width="small"),
    }
    has_guesses = any(line["Suggestion"] for line in lines)
    order = [name for name in lines[0] if has_guesses or name not in ("Suggestion", "Sure")]
    state = st.dataframe(
        lines,
        hide_index=True,
        column_config=columns,
        column_order=order,
        height=560,
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
    )
    return [row for row in state.selection.rows if row < len(items)]


def balance(project: Project, classes: Sequence[LabelClass]) -> None:
    with reading() as session:
        counts = stats.labels_by_class(session, project.id)
    st.markdown("**Labels**")
    if counts:
        draw(charts.labels(classes, counts), key="data-labels", table=charts.labels_table(classes, counts))
    else:
        st.caption("Nothing is labeled yet. As soon as it is, the balance of your classes shows here.")
