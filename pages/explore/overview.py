"""Explore without a question: what the data looks like, and where the suggestions are least sure."""

import streamlit as st

from backend import items as item_views
from backend.projects import is_blind
from db import explore
from db import projects as rows
from db.models import Kind, LabelClass, Project, SuggestionSet
from db.session import reading
from pages.explore import charts
from pages.parts import grid
from pages.parts.charts import draw
from pages.parts.chosen import go_to

UNSURE = 12


def overview(project: Project) -> int | None:
    """Three charts and the least sure items; the id of the item whose "Similar" was pressed."""
    with reading() as session:
        classes = list(rows.classes(session, project.id))
        counts = explore.labels_by_class(session, project.id)
        sample = explore.sample(session, project.id)
        used = item_views.shown_set(session, project)
        guesses = explore.confidences(session, used.id, [each.item_id for each in sample]) if used else []
        total = rows.count_items(session, project.id)
    left, middle, right = st.columns(3, gap="medium")
    with left:
        st.markdown("**Labels**")
        if counts:
            draw(charts.labels(classes, counts), "explore-labels", charts.labels_table(classes, counts))
        else:
            nothing("No labels yet.", "Start labeling", "label")
    with middle:
        st.markdown("**Suggestions**")
        if guesses:
            draw(
                charts.confidences(classes, guesses), "explore-confidences", charts.confidences_table(classes, guesses)
            )
        else:
            nothing(why_no_guesses(project), "To the Label page", "label")
    with right:
        st.markdown("**Text length**" if project.kind == Kind.TEXT else "**Image size**")
        if project.kind == Kind.TEXT:
            draw(charts.lengths(sample), "explore-shape", charts.lengths_table(sample))
        else:
            draw(charts.sizes(sample), "explore-shape", charts.sizes_table(sample))
    if total > len(sample):
        st.caption(f"Suggestions and sizes are drawn from a random sample of {len(sample):,} of the {total:,} items.")
    return least_sure(project, used, classes)


def why_no_guesses(project: Project) -> str:
    return "Suggestions are hidden: this project is labeled blind." if is_blind(project) else "No suggestions yet."


def nothing(words: str, button: str, page: str) -> None:
    st.caption(words)
    if st.button(button):
        go_to(page)


def least_sure(project: Project, used: SuggestionSet | None, classes: list[LabelClass]) -> int | None:
    """The items where the best two classes are closest; without suggestions, the first items."""
    with reading() as session:
        if used:
            st.markdown("**Least sure**: the two best classes are nearly level. Label these first.")
            found = explore.least_sure(session, used.id, UNSURE)
        else:
            st.markdown("**Some items**")
            found = explore.shuffled(session, project.id, b"", UNSURE)
        shown = item_views.as_json(session, project, found)
    if not shown:
        st.caption("Every item has been decided on.")
    return grid.item_grid(grid.cards(shown, classes), key="explore-unsure")
