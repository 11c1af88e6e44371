"""How good a suggester is, from what people decided with its suggestions, shown or blind."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend.evaluating import suggester_charts as charts
from pages.parts.charts import draw
from pages.parts.chosen import go_to
from pages.parts.words import plain


def show(found: Mapping[str, Any], classes: Sequence[Mapping[str, Any]]) -> None:
    st.subheader("How good they are")
    suggester = choose(found)
    if suggester is None:
        words, button = st.columns([4, 1], vertical_alignment="center")
        words.info(
            "Nobody has decided on a suggestion yet. With the first labels you see here how often each is right."
        )
        if button.button("Label items", type="primary", width="stretch"):
            go_to("label")
    else:
        st.caption(caption(suggester, found))
        left, right = st.columns(2, gap="medium")
        with left:
            st.markdown("**Accepted, class by class**")
            table = charts.acceptance_rows(suggester, classes)
            draw(charts.acceptance(suggester, classes), "suggest-classes", table)
        with right:
            st.markdown("**Accepted, over time**")
            draw(charts.over_time(suggester), "suggest-time", charts.over_time_rows(suggester))
    left, right = st.columns(2, gap="medium")
    if suggester is not None:
        with left:
            st.markdown("**As sure as right?**")
            draw(charts.reliability(suggester), "suggest-reliability", charts.reliability_rows(suggester))
    if found["histogram"] is not None:
        with right if suggester is not None else left:
            st.markdown("**How sure those in use are**")
            table = charts.histogram_rows(found["histogram"], classes)
            draw(charts.histogram(found["histogram"], classes), "suggest-scores", table)


def choose(found: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The one in use, until another is chosen."""
    suggesters = found["suggesters"]
    in_use = [(each["engine"], each["model"]) for each in found["sets"] if each["is_active"]]
    first = next((at for at, each in enumerate(suggesters) if (each["engine"], each["model"]) in in_use), 0)
    if len(suggesters) < 2:
        return suggesters[0] if suggesters else None
    at = st.selectbox(
        "Suggester",
        range(len(suggesters)),
        index=first,
        format_func=lambda at: f"{suggesters[at]['title']} · {suggesters[at]['decisions']:,} decisions",
        key="suggest-who",
    )
    return suggesters[at]


def caption(suggester: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Both rates beside each other, for who sees a suggestion tends to take it over."""
    shown, blind = suggester["shown"], suggester["blind"]
    told = [f"Of {suggester['title']}:"]
    if shown["count"]:
        told.append(f"{charts.in_words(shown)} were accepted when shown.")
    if blind["count"]:
        told.append(f"{charts.in_words(blind)} were what people chose without seeing them.")
    if shown["count"] and blind["count"] and shown["low"] > blind["high"]:
        told.append("Shown ones do better than chance explains: some are taken over because they stand there.")
    if not blind["count"]:
        told.append("Label some items with the suggestions hidden to see whether showing them sways you.")
    if found["labels"] == found["most_labels"]:
        told.append(f"The newest {found['most_labels']:,} labels count.")
    return plain(" ".join(told))
