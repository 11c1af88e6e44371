"""What a model says of a text or of images that a person gives."""

import base64
from collections.abc import Mapping
from typing import Any

import streamlit as st

from backend import errors
from backend.jobs import ask
from db.models import Project, Run
from pages.parts.errors import show_error
from pages.parts.words import plain

TIMEOUT_S = 120.0
MOST_SHOWN = 8
PICTURES_IN_A_ROW = 3
IMAGE_TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff"]


def to_text(project: Project, run: Run) -> None:
    with st.form("use-text", border=False):
        written = st.text_area("Text", height=120, placeholder="Write or paste a text")
        asked = st.form_submit_button("Classify", type="primary")
    if asked and not written.strip():
        st.caption("Write something first.")
    elif asked and (found := predictions(run, texts=[written])):
        bars(found[0])


def to_images(project: Project, run: Run) -> None:
    files = st.file_uploader("Images", accept_multiple_files=True, type=IMAGE_TYPES)
    if not files:
        return
    found = predictions(run, images=[base64.b64encode(file.getvalue()).decode() for file in files])
    for start in range(0, len(found), PICTURES_IN_A_ROW):
        columns = st.columns(PICTURES_IN_A_ROW, gap="medium")
        pairs = zip(columns, files[start:], found[start : start + PICTURES_IN_A_ROW], strict=False)
        for column, file, each in pairs:
            with column:
                st.image(file.getvalue(), caption=plain(file.name))
                bars(each)


def predictions(run: Run, **given: Any) -> list[dict[str, Any]]:
    try:
        with st.spinner("The model is looking at it"):
            found: list[dict[str, Any]] = ask.now("predict", TIMEOUT_S, run_id=run.id, **given)["predictions"]
    except errors.WinnowError as error:
        show_error(error)
        return []
    return found


def bars(found: Mapping[str, Any]) -> None:
    """What the model answers, and the likeliest classes with their scores, best first."""
    scores = sorted(found["scores"].items(), key=lambda each: -each[1])
    st.markdown(f"**{plain(', '.join(found['class_names'])) or 'None of the classes'}**")
    for name, score in scores[:MOST_SHOWN]:
        st.progress(min(1.0, max(0.0, score)), text=f"{plain(name)} · {score:.1%}")
    if len(scores) > MOST_SHOWN:
        st.caption(f"{len(scores) - MOST_SHOWN} more classes have lower scores.")
