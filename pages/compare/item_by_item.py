"""The test items that tell runs apart: fixed by one, broken by it, wrong in both; or one run's mistakes."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend.evaluating import agreement, looks
from db.models import Project
from db.session import reading
from pages.parts.words import plain

CARDS = 12
COLUMNS = 4
TEXT_LETTERS = 400
IMAGE_PX = 120


def show(project: Project, found: Mapping[str, Any]) -> None:
    by_id = {run["id"]: run for run in found["runs"]}
    names = dict(zip(by_id, looks.names_of(found["runs"]), strict=True))
    short = dict(zip(by_id, looks.names_of(found["runs"], 30), strict=True))
    if found["agreement"]:
        st.subheader("Item by item")
        pair = choose_pair(found["agreement"], names)
        st.caption(f"{pair['items']:,} test items that both answered; {pair['both_right']:,} are right in both.")
        runs = [by_id[pair["a"]], by_id[pair["b"]]]
        words = {
            "fixed": f"Only {short[pair['b']]} is right",
            "broken": f"Only {short[pair['a']]} is right",
            "both_wrong": "Both are wrong",
        }
        gallery(project, found, runs, {name: (words[name], pair[name]) for name in words}, short)
    elif runs := [run for run in found["runs"] if run["mistakes"]]:
        st.subheader("Item by item")
        st.caption("Its mistakes on the test items, the surest first.")
        gallery(project, found, runs, {"wrong": ("Wrong", runs[0]["mistakes"])}, short)


def choose_pair(pairs: Sequence[Mapping[str, Any]], names: Mapping[int, str]) -> Mapping[str, Any]:
    if len(pairs) == 1:
        return pairs[0]
    by_run = {pair["b"]: pair for pair in pairs}
    first = plain(names[pairs[0]["a"]])
    chosen = st.selectbox(f"{first} against", list(by_run), format_func=names.get, key="compare-against")
    return by_run[chosen]


def gallery(
    project: Project,
    found: Mapping[str, Any],
    runs: Sequence[Mapping[str, Any]],
    groups: Mapping[str, tuple[str, Mapping[str, Any]]],
    names: Mapping[int, str],
) -> None:
    """`groups`: name -> its words, and {"count", "item_ids"}."""
    ids = "-".join(str(run["id"]) for run in runs)
    labels = {name: f"{plain(words)} ({group['count']:,})" for name, (words, group) in groups.items()}
    first = next((name for name, (_, group) in groups.items() if group["count"]), next(iter(groups)))
    chosen = st.segmented_control(
        "Show",
        list(groups),
        default=first,
        format_func=labels.get,
        key=f"compare-group-{ids}",
        label_visibility="collapsed",
    )
    group = groups[chosen or first][1]
    if not group["item_ids"]:
        st.caption("None.")
        return
    more_key = f"compare-more-{ids}-{chosen}"
    count = st.session_state.get(more_key, CARDS)
    with reading() as session:
        cards = agreement.cards(session, project, runs, group["item_ids"][:count])
    classes = {each["id"]: each["name"] for each in found["classes"]}
    for start in range(0, len(cards), COLUMNS):
        for column, card in zip(st.columns(COLUMNS), cards[start : start + COLUMNS], strict=False):
            with column.container(border=True, height="stretch"):
                draw_card(card, classes, names)
    if count < len(group["item_ids"]) and st.button("Show more", key=f"{more_key}-button"):
        st.session_state[more_key] = count + CARDS
        st.rerun()


def draw_card(card: Mapping[str, Any], classes: Mapping[int, str], names: Mapping[int, str]) -> None:
    if card["kind"] == "image":
        st.markdown(f"![](/api/items/{card['id']}/image?size={IMAGE_PX})")
        st.caption(plain(card["source"]))
    else:
        st.markdown(plain(looks.cut(" ".join((card["text"] or "").split()), TEXT_LETTERS)))
    st.markdown(f"True: **{in_words(card['target_ids'], classes)}**")
    for answer in card["answers"]:
        sign = ":green[:material/check:]" if answer["is_right"] else ":red[:material/close:]"
        said = f"{in_words(answer['class_ids'], classes)} ({answer['confidence']:.0%})"
        st.markdown(f"{sign} {plain(names[answer['run_id']])}: {said}")


def in_words(class_ids: Sequence[int], classes: Mapping[int, str]) -> str:
    return ", ".join(plain(classes.get(class_id, "a deleted class")) for class_id in class_ids) or "none of them"
