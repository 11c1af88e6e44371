"""Is it really better: in words, and as a chart of the differences from the first run with their intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend.evaluating import looks, verdict_charts
from backend.evaluating.significance import ALPHA
from pages.parts.charts import draw
from pages.parts.words import plain

# More sentences than these nobody reads.
MOST_SENTENCES = 3
BOXES = {"better": st.success, "worse": st.warning, "undecided": st.info, "same": st.info}
ICONS = {
    "better": ":material/trending_up:",
    "worse": ":material/trending_down:",
    "undecided": ":material/question_mark:",
    "same": ":material/equal:",
}


def show(found: Mapping[str, Any]) -> None:
    """The words; nothing with one run."""
    verdicts = found["verdicts"]
    if not verdicts:
        return
    st.subheader("Is it really better?")
    if len(verdicts) <= MOST_SENTENCES:
        for each in verdicts:
            BOXES[each["verdict"]](plain(each["words"]), icon=ICONS[each["verdict"]])
    else:
        summary(verdicts, found["runs"])
    if len(verdicts) > 1:
        st.caption(by_chance(verdicts))


def forest(found: Mapping[str, Any]) -> None:
    verdicts, runs = found["verdicts"], found["runs"]
    if verdicts:
        draw(verdict_charts.forest(verdicts, runs), "compare-forest", verdict_charts.rows(verdicts, runs))


def summary(verdicts: Sequence[Mapping[str, Any]], runs: Sequence[Mapping[str, Any]]) -> None:
    kinds = [each["verdict"] for each in verdicts]
    words = [f"{kinds.count(kind)} {kind}" for kind in ("better", "worse") if kind in kinds]
    if unclear := len(kinds) - kinds.count("better") - kinds.count("worse"):
        words.append(f"{unclear} too close to tell")
    names = dict(zip((run["id"] for run in runs), looks.names_of(runs), strict=True))
    st.markdown(
        f"Against {plain(names[verdicts[0]['a']])}: **{', '.join(words)}**. The chart of differences shows which; "
        "its figures have each in words."
    )


def by_chance(verdicts: Sequence[Mapping[str, Any]]) -> str:
    """What many comparisons at once mean for each of them."""
    count, (alone, together) = len(verdicts), verdict_charts.differing(verdicts)
    chance = 1 - (1 - ALPHA) ** count
    words = f"With {count} comparisons, the chance that one seems to differ by luck alone is up to {chance:.0%}."
    if not alone:
        return words
    return f"{words} Corrected for that (Holm), {together} of {alone} still differ{'s' * (together == 1)}."
