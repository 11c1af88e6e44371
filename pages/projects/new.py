"""The form for a new project, and the examples of one click."""

import streamlit as st

from backend import errors, projects
from backend.importing import examples
from db.models import Kind
from db.session import writing
from pages.parts.chosen import choose, go_to
from pages.parts.errors import show_error

KIND_WORDS = {Kind.IMAGE: "Images", Kind.TEXT: "Texts"}
EXAMPLES = (
    (
        "digits",
        "Handwritten digits",
        "1,797 small images of the digits 0 to 9.",
        ":material/draw:",
    ),
    (
        "messages",
        "Messages to a town hall",
        "Short texts in five classes, some of them hard to tell apart.",
        ":material/mail:",
    ),
)


def new_project() -> None:
    with st.form("new-project", border=True):
        name = st.text_input("Name", placeholder="Bird calls, claims of 2026, …", max_chars=projects.NAME_LENGTH)
        kind = st.segmented_control(
            "What do you want to label?",
            list(Kind),
            format_func=lambda each: KIND_WORDS[each],
            default=Kind.IMAGE,
            required=True,
        )
        is_multi = st.toggle("An item may have several classes at once")
        names = st.text_area("Classes, one a line", placeholder="heron\nstork\nneither", height=120)
        is_sent = st.form_submit_button("Create project", type="primary")
    if is_sent:
        try:
            with writing() as session:
                project = projects.create(session, name, kind, multi_label=is_multi, class_names=names.splitlines())
        except errors.WinnowError as error:
            # Here, so that the rest of the page stays.
            show_error(error)
            return
        choose(project.id)
        go_to("data")


def example_buttons() -> None:
    for example, title, words, icon in EXAMPLES:
        with st.container(border=True):
            st.markdown(f"**{title}**")
            st.caption(words)
            if st.button(f"Open the {title.lower()}", key=f"example-{example}", icon=icon, width="stretch"):
                with writing() as session:
                    project, _job = examples.create(session, example)
                choose(project.id)
                go_to("data")
