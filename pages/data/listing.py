"""A page of items: a table of texts or a grid of images, what is selected, and the way to the next page."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zlib import crc32

import streamlit as st

from backend import items as views
from db import items as rows
from db.browse import Cursor, Sort
from db.items import Filter
from db.models import Kind, LabelClass, Project
from db.session import reading
from pages.data.filters import STATUS_WORDS
from pages.parts.grid import cards, selectable_grid

PAGE = 50
TEXT_LETTERS = 500
COUNT_S = 0.08
# So many lines fill the table's height; fewer make it lower.
FULL = 14
ALWAYS = ("Text", "Label", "Status", "Source")


class Drawn(NamedTuple):
    """The ids of the items that are selected, and the item that was just clicked."""

    selected: list[int]
    opened: int | None


def page_of_items(
    project: Project, classes: Sequence[LabelClass], wanted: Filter, sort: Sort, *, name: str = "data"
) -> Drawn:
    # The pages before this one, by the cursor each began with; another filter begins at the first.
    if st.session_state.get(f"{name}-filter") != (project.id, wanted, sort):
        st.session_state[f"{name}-filter"], st.session_state[f"{name}-cursors"] = (project.id, wanted, sort), [None]
    cursors: list[Cursor | None] = st.session_state[f"{name}-cursors"]
    item_ids, following = found(project, wanted, sort, cursors[-1])
    if not item_ids:
        st.info("Nothing is in the bin." if name == "bin" else "No item fits these filters.")
        return Drawn([], None)
    with reading() as session:
        shown = views.as_json(session, project, rows.by_ids(session, item_ids))
    # A selection is of rows: with other items in them it begins anew.
    place = f"{project.id}-{crc32(repr(item_ids).encode())}"
    if project.kind == Kind.IMAGE:
        is_all = st.checkbox("All on this page", key=f"{name}-all-{place}")
        ticked, opened = selectable_grid(cards(shown, classes), key=f"{name}-grid-{place}")
        drawn = Drawn([each["id"] for each in shown] if is_all else ticked, opened)
    else:
        drawn = table(shown, classes, key=f"{name}-table-{place}")
    pager(project, wanted, sort, cursors, following=following, count=len(shown), name=name)
    return drawn


def found(project: Project, wanted: Filter, sort: Sort, after: Cursor | None) -> tuple[list[int], Cursor | None]:
    """A page of ids and where the next begins. Where few of very many fit it says how far it looked, and goes on."""
    said = st.empty()
    item_ids: list[int] = []
    looked_at = 0
    while True:
        with reading() as session:
            part = views.find(session, project, wanted, sort=sort, after=after, limit=PAGE - len(item_ids))
        item_ids += part.ids
        looked_at += part.looked_at
        after = part.next
        if after is None or len(item_ids) >= PAGE:
            said.empty()
            return item_ids, after
        # A new choice of the person ends this run of the page here.
        said.caption(f"Looked at {looked_at:,} items so far; {len(item_ids):,} of them fit.")


def pager(
    project: Project,
    wanted: Filter,
    sort: Sort,
    cursors: list[Cursor | None],
    *,
    following: Cursor | None,
    count: int,
    name: str,
) -> None:
    back, place, on = st.columns([1, 2, 1], vertical_alignment="center")
    if back.button(
        "Previous", disabled=len(cursors) == 1, width="stretch", icon=":material/chevron_left:", key=f"{name}-back"
    ):
        cursors.pop()
        st.rerun()
    first = (len(cursors) - 1) * PAGE + 1
    place.markdown(f"{first:,} to {first + count - 1:,}{of_all(project, wanted, sort)}", text_alignment="center")
    if on.button(
        "Next", disabled=following is None, width="stretch", icon=":material/chevron_right:", key=f"{name}-on"
    ):
        cursors.append(following)
        st.rerun()


def of_all(project: Project, wanted: Filter, sort: Sort) -> str:
    """ " of 1,200": by suggestion or decision an item without one is not shown, and the number would be another."""
    if sort not in ("oldest", "newest"):
        return ""
    with reading() as session:
        counted = rows.count_matching(session, project.id, wanted, COUNT_S)
    return f" of {'' if counted['is_exact'] else 'at least '}{counted['count']:,}"


def table(items: Sequence[Mapping[str, Any]], classes: Sequence[LabelClass], key: str) -> Drawn:
    names = {each.id: each.name for each in classes}
    lines = [line(item, names) for item in items]
    columns: dict[str, Any] = {
        "Text": st.column_config.TextColumn(width="large"),
        "Sure": st.column_config.NumberColumn(format="percent", width="small"),
        "Status": st.column_config.TextColumn(width="small"),
        "Split": st.column_config.TextColumn(width="small"),
    }
    for name in ("Label", "Gold"):
        columns[name] = st.column_config.MultiselectColumn(
            options=list(names.values()), color=[each.color for each in classes], width="small"
        )
    state = st.dataframe(
        lines,
        hide_index=True,
        column_config=columns,
        # A column that says nothing on this page only takes room.
        column_order=[name for name in lines[0] if name in ALWAYS or any(each[name] for each in lines)],
        height=560 if len(lines) > FULL else "content",
        placeholder="",
        key=key,
        on_select="rerun",
        selection_mode=["multi-row", "single-cell"],
    )
    selected = [items[row]["id"] for row in state.selection.rows if row < len(items)]
    cells = [cell for cell in state.selection.cells if cell[0] < len(items)]
    return Drawn(selected, clicked(items[cells[0][0]]["id"], cells[0], key) if cells else clicked(None, None, key))


def clicked(item_id: int | None, cell: Any, key: str) -> int | None:
    """The item, when this cell was not the one that was clicked before: a closed item stays closed."""
    last = st.session_state.get("data-clicked")
    st.session_state["data-clicked"] = (key, cell)
    return item_id if last != (key, cell) else None


def line(item: Mapping[str, Any], names: Mapping[int, str]) -> dict[str, Any]:
    guess = item["suggestion"]
    return {
        "Text": (item["text"] or "")[:TEXT_LETTERS],
        "Label": [names[each] for each in item["class_ids"] if each in names],
        "Suggestion": names.get(guess["class_id"]) if guess else None,
        "Sure": round(guess["confidence"], 2) if guess else None,
        "Gold": [names[each] for each in item["gold_class_ids"] if each in names],
        "Status": STATUS_WORDS.get(item["status"], "In the bin"),
        "Split": (item["split"] or "").capitalize(),
        "Source": item["source"],
    }
