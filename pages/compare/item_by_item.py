"""The test items that tell runs apart: fixed by one, broken by it, wrong in both; and each run's own mistakes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from backend.evaluating import comparison, galleries, looks
from backend.evaluating.answers import Answers
from backend.evaluating.galleries import Gallery, Order
from db.models import Project
from db.session import reading
from pages.compare import gallery
from pages.parts.chosen import go_to
from pages.parts.words import plain
from pages.parts.worklist import open_button

ORDER_WORDS = {Order.SUREST: "Surest first", Order.CLASS: "By true class", Order.APART: "Furthest apart first"}
ANY = 0


@dataclass(frozen=True)
class Shown:
    """One of the galleries to choose from. words: what stands on its button; table: what its rows are of."""

    words: str
    table: Answers
    gallery: Gallery


def show(project: Project, found: Mapping[str, Any]) -> None:
    runs = [run for run in found["runs"] if run["mistakes"]]
    if not runs:
        st.info("None of these runs has answered test items yet. A run does when it is finished.")
        if st.button("Train a model", type="primary"):
            go_to("train")
        return
    # By itself, so that another choice below does not work out the whole comparison again.
    st.fragment(of_runs)(project, found, runs)


def of_runs(project: Project, found: Mapping[str, Any], runs: Sequence[Mapping[str, Any]]) -> None:
    first, others = runs[0], {run["id"]: run for run in runs[1:]}
    left, right = st.columns([1, 3], vertical_alignment="bottom") if len(others) > 1 else (None, st.container())
    if left is not None:
        with left:
            pair = [first, others[choose_other(runs)]]
    else:
        pair = list(runs)
    names = dict(zip((run["id"] for run in pair), looks.names_of(pair, 30), strict=True))
    there = to_choose(project, found, names)
    with right:
        kind = choose_gallery(there, "-".join(map(str, names)))
    key = f"{kind}-{'-'.join(map(str, names))}"
    of_gallery(project, found, pair, there[kind], names, key=key)


def of_gallery(
    project: Project,
    found: Mapping[str, Any],
    pair: Sequence[Mapping[str, Any]],
    shown: Shown,
    names: Mapping[int, str],
    *,
    key: str,
) -> None:
    if not len(shown.gallery.rows):
        nothing_here(shown)
        return
    classes = {each["id"]: each["name"] for each in found["classes"]}
    *choices, end = st.columns([1, 1, 1, 1.2], vertical_alignment="bottom")
    narrow, order = narrowed(shown, classes, names, key, choices)
    item_ids = galleries.item_ids(shown.table, narrow, order)
    run_names = [names[run_id] for run_id in shown.table.run_ids]
    with end:
        open_button(
            project,
            shown.words,
            item_ids,
            key="gallery-open",
            notes=lambda: galleries.notes(shown.table, item_ids, run_names, classes),
            words=f"Open {'this item' if len(item_ids) == 1 else f'these {len(item_ids):,}'} to label",
            help="On the Label page, one after the other, with what the runs say of each.",
            shortcut="l",
            type="primary",
            width="stretch",
        )
    if item_ids:
        gallery.draw(project, found, pair, item_ids, names, key=key)
    else:
        st.info("No item has both of these classes.")
        st.button("Any class", on_click=any_class, args=(key,))


def choose_other(runs: Sequence[Mapping[str, Any]]) -> int:
    """The run to hold against the first one."""
    names = dict(zip((run["id"] for run in runs), looks.names_of(runs), strict=True))
    first, *others = names
    chosen: int = st.selectbox(
        f"{plain(names[first])} against",
        others,
        format_func=names.get,
        key="gallery-against",
        persist_state="session",
    )
    return chosen


def to_choose(project: Project, found: Mapping[str, Any], names: Mapping[int, str]) -> dict[str, Shown]:
    """The galleries of these one or two runs."""
    run_ids, is_today = list(names), found["is_today"]
    there: dict[str, Shown] = {}
    with reading() as session:
        if len(run_ids) == 2:
            both = comparison.shared(session, project, run_ids, is_today=is_today)
            words = {
                "fixed": f"Fixed by {names[run_ids[1]]}",
                "broken": f"Broken by {names[run_ids[1]]}",
                "both_wrong": "Both wrong",
            }
            there = {kind: Shown(words[kind], both, each) for kind, each in galleries.of_pair(both).items()}
        alone = comparison.tables(session, project, run_ids, is_today=is_today)
    for run_id in run_ids:
        there[f"of-{run_id}"] = Shown(f"Mistakes of {names[run_id]}", alone[run_id], galleries.mistakes(alone[run_id]))
    return there


def choose_gallery(there: Mapping[str, Shown], key: str) -> str:
    first = next((kind for kind, each in there.items() if len(each.gallery.rows)), next(iter(there)))
    chosen = st.segmented_control(
        "Which items",
        list(there),
        default=first,
        format_func=lambda kind: f"{plain(there[kind].words)} ({len(there[kind].gallery.rows):,})",
        key=f"gallery-kind-{key}",
        required=True,
        persist_state="session",
        # In the next line where names are long: what is out of sight is not chosen.
        wrap=True,
        label_visibility="collapsed",
    )
    return str(chosen or first)


def nothing_here(shown: Shown) -> None:
    count = len(shown.table)
    st.info(f"{plain(shown.words)}: none of {count:,} test items. With more labeled items there are more to test on.")
    if st.button("Label more"):
        go_to("label")


def narrowed(
    shown: Shown, classes: Mapping[int, str], names: Mapping[int, str], key: str, columns: Sequence[Any]
) -> tuple[Gallery, Order]:
    """Choose the true class, the answered class, and the order."""
    run_id = shown.table.run_ids[shown.gallery.place]
    true, answered, order = columns
    with true:
        of = galleries.true_classes(shown.table, shown.gallery)
        is_true = choose_class("True class", of, classes, f"gallery-true-{key}")
    with answered:
        of = galleries.answered_classes(shown.table, shown.gallery)
        said = choose_class(f"{plain(names[run_id])} says", of, classes, f"gallery-said-{key}")
    orders = [each for each in Order if len(shown.table.run_ids) > 1 or each != Order.APART]
    chosen = order.selectbox(
        "Order", orders, format_func=ORDER_WORDS.get, key=f"gallery-order-{len(orders)}", persist_state="session"
    )
    narrow = galleries.narrowed(shown.table, shown.gallery, true=is_true, answered=said)
    return narrow, Order(chosen)


def choose_class(label: str, counts: Mapping[int, int], classes: Mapping[int, str], key: str) -> int | None:
    """counts: class id -> how many items."""
    words = {ANY: "Any"}
    words |= {each: f"{classes.get(each, 'A class that is gone')} ({count:,})" for each, count in counts.items()}
    chosen = st.selectbox(
        label,
        list(words),
        # Streamlit knows a choice by its words: with another count it is none of these, and must not pass for one.
        format_func=words.__getitem__,
        key=key,
        persist_state="session",
    )
    return chosen or None


def any_class(key: str) -> None:
    for name in ("true", "said"):
        st.session_state[f"gallery-{name}-{key}"] = ANY
