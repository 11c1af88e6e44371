"""The project's own templates: the sentences in which a model reads the name of a class."""

import streamlit as st

from backend import errors, projects
from backend.suggesting import learn, prompts
from db.models import Project
from db.session import writing
from pages.parts.errors import show_error

TITLES = {
    "clip": "Sentences for image models such as CLIP",
    "embedding": "Sentences for embedding models such as MiniLM",
    "nli": "Sentences for models such as BART-MNLI",
}
ABOUT = (
    "A model that suggests from words reads the name of each class in these sentences, at the place of {}; what it "
    "makes of them is averaged. One a line. A class with a prompt of its own is not put into them."
)


def edit_templates(project: Project) -> None:
    """A text area for each kind of model that can suggest in this project, to save or to put back to the default."""
    st.caption(ABOUT)
    for how in prompts.kinds_for(project):
        _edit(project, how)


def _edit(project: Project, how: str) -> None:
    there = prompts.templates_of(project, how)
    # Another key once they are saved, so that the text is what is saved.
    key = f"templates-{project.id}-{how}-{hash(tuple(there))}"
    written = st.text_area(TITLES[how], "\n".join(there), key=key).splitlines()
    is_own = there != list(prompts.DEFAULTS[how])
    with st.container(horizontal=True):
        is_saved = st.button("Save", key=f"{key}-save", disabled=written == there)
        is_put_back = st.button("Back to default", key=f"{key}-default", disabled=not is_own)
    if is_saved or is_put_back:
        _apply(project, how, written if is_saved else [])


def _apply(project: Project, how: str, templates: list[str]) -> None:
    try:
        with writing() as session:
            projects.change(session, projects.get(session, project.id), {prompts.TEMPLATES: {how: templates}})
    except errors.WinnowError as error:
        show_error(error)
        return
    learn.classes_changed(project.id, has_new_templates=True)
    st.rerun()
