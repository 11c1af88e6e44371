"""Where two sets of suggestions differ: the quickest way to labels that teach something."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend.evaluating import suggested, suggester_charts
from db.models import Project
from db.session import reading
from pages.parts.charts import draw
from pages.parts.chosen import go_to
from pages.parts.words import plain


def show(project: Project, found: Mapping[str, Any], classes: Sequence[Mapping[str, Any]]) -> None:
    if found["blind"] or not found["sets"]:
        return
    st.subheader("Where two suggesters differ")
    if not found["pairs"]:
        st.caption(
            "There is one set of suggestions. Make suggestions with another suggester, and see here what they dispute."
        )
        return
    titles = {each["id"]: each["title"] for each in found["sets"]}
    pair = choose(found["pairs"], titles)
    a, b = pair["a"], pair["b"]
    words, button = st.columns([4, 1], vertical_alignment="center")
    words.markdown(in_words(pair, titles))
    if button.button("Label these", type="primary", width="stretch", disabled=not pair["differ"]["right"]):
        go_to("label", order=f"disagree:{a},{b}")
    with reading() as session:
        compared = suggested.compare(session, project, a, b)
    left, right = st.columns([3, 2], gap="medium")
    table = suggester_charts.disagreement_rows(compared, classes)
    with left:
        draw(suggester_charts.disagreement(compared, classes, titles), f"suggest-differ-{a}-{b}", table)
    with right:
        st.markdown("**Most often disputed**")
        if table:
            st.dataframe(table[:10], hide_index=True)
        else:
            st.caption("None: both say the same of every item.")


def choose(pairs: Sequence[Mapping[str, Any]], titles: Mapping[int, str]) -> Mapping[str, Any]:
    if len(pairs) == 1:
        return pairs[0]
    # By the sets, not by the place in the list: another set may come while one looks.
    by_sets = {(each["a"], each["b"]): each for each in sorted(pairs, key=lambda each: -(each["differ"]["share"] or 0))}
    chosen = st.selectbox(
        "Which two",
        list(by_sets),
        format_func=lambda both: (
            f"{titles[both[0]]} and {titles[both[1]]} · {by_sets[both]['differ']['share'] or 0:.0%} differ"
        ),
        key="suggest-pair",
    )
    return by_sets[chosen]


def in_words(pair: Mapping[str, Any], titles: Mapping[int, str]) -> str:
    differ, both = pair["differ"], f"{titles[pair['a']]} and {titles[pair['b']]}"
    both = both[0].upper() + both[1:]
    if not differ["count"]:
        return plain(f"{both} say something of no item in common.")
    share = f"{differ['share']:.1%}"
    if pair["is_sample"]:
        range_ = f"{differ['low']:.1%} to {differ['high']:.1%}"
        return plain(f"{both} differ on {share} of the items ({range_}, from a random sample of {differ['count']:,}).")
    return plain(f"{both} differ on {differ['right']:,} of {differ['count']:,} items ({share}).")
