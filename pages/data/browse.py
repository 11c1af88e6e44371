"""The items: filtered, a page at a time, with what is known of each; and how labels and sizes are spread."""

from collections.abc import Sequence

import streamlit as st

from db import explore, stats
from db import projects as project_rows
from db.models import Kind, LabelClass, Project
from db.session import reading
from pages.data.filters import chips, filter_row
from pages.data.item import show_item
from pages.data.listing import page_of_items
from pages.data.many import many
from pages.explore import charts
from pages.parts.charts import draw


def browse(project: Project, counts: dict[str, int]) -> None:
    with reading() as session:
        classes = list(project_rows.classes(session, project.id))
    chosen = filter_row(project, counts)
    chips(chosen.words)
    bar = st.container()
    drawn = page_of_items(project, classes, chosen.wanted, chosen.sort)
    with bar:
        many(project, classes, chosen.wanted, drawn.selected)
    # A link to one item: it opens once.
    asked = st.query_params.pop("item", "")
    opened = int(asked) if asked.isdecimal() and len(asked) <= 18 else drawn.opened
    if opened is not None:
        show_item(project, opened)
    if st.toggle("Charts of all items", key="data-charts"):
        shape(project, classes)


def shape(project: Project, classes: Sequence[LabelClass]) -> None:
    with reading() as session:
        counts = stats.labels_by_class(session, project.id)
        sample = explore.sample(session, project.id)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Labels**")
        if counts:
            draw(charts.labels(classes, counts), key="data-labels", table=charts.labels_table(classes, counts))
        else:
            st.caption("Nothing is labeled yet. As soon as it is, the balance of your classes shows here.")
    with right:
        is_text = project.kind == Kind.TEXT
        st.markdown("**Text length**" if is_text else "**Image size**")
        if is_text:
            draw(charts.lengths(sample), key="data-shape", table=charts.lengths_table(sample))
        else:
            draw(charts.sizes(sample), key="data-shape", table=charts.sizes_table(sample))
        if len(sample) == explore.SAMPLE:
            st.caption(f"Drawn from a random sample of {len(sample):,} items.")
