"""Augment: choose transforms while looking at what they do to your own images."""

import hashlib
from typing import Any

import streamlit as st

from backend import projects
from backend.errors import WinnowError
from backend.jobs import ask
from db import explore, items, labels
from db import projects as rows
from db.models import Item, Kind, LabelClass, Project
from db.session import reading
from pages.augment import chosen_steps
from pages.augment.editor import editor
from pages.augment.keep import keep
from pages.augment.pictures import pictures
from pages.parts.chosen import choose, chosen_project, go_to
from pages.parts.errors import show_error
from pages.parts.words import plain

ROWS = 6
SIZES = (32, 64, 96, 128, 160, 224, 288)
SEED = 0


def show() -> None:
    project = chosen_project()
    st.title("Augment")
    if project.kind == Kind.TEXT:
        return for_images_only()
    with reading() as session:
        has_items = rows.has_items(session, project.id)
    if not has_items:
        st.info("Here you see what training will do to your images. There are none in this project yet.")
        if st.button("Add images", type="primary"):
            go_to("data")
        return None
    if "augment-warm" not in st.session_state:
        st.session_state["augment-warm"] = True
        ask.later("warm")
    return studio(project)


def for_images_only() -> None:
    st.info(
        "Augmentation changes pictures: mirrors, crops, colours. This project has texts, so there is nothing to see."
    )
    with reading() as session:
        images = [each for each in rows.page(session, None, 500) if each.kind == Kind.IMAGE]
        there = next((each for each in images if rows.has_items(session, each.id)), None)
    with st.container(horizontal=True):
        if st.button("Train this project", type="primary"):
            go_to("train")
        if there and st.button(f"Open an image project: {plain(there.name)}"):
            choose(there.id)
            st.rerun()


@st.fragment
def studio(project: Project) -> None:
    """One fragment: moving a slider draws the pictures again and nothing else."""
    left, right = st.columns([1, 2], gap="medium")
    with left:
        editor()
    with right:
        samples, size, draw, epoch = controls(project)
        preview(project, samples, size, draw, epoch)
    with left:
        keep(size)


def controls(project: Project) -> tuple[int, int, int, int]:
    """How many samples, at what size, of which images, from which epoch on."""
    samples, size, new, other = st.columns([3, 2, 2, 2], vertical_alignment="bottom", gap="small")
    count = samples.slider("Samples of each image", 1, 8, 4, key="augment-samples")
    pixels = size.selectbox(
        "Model sees", SIZES, SIZES.index(usual_size(project)), format_func="{} px".format, key="augment-size"
    )
    if new.button("New samples", icon=":material/casino:", width="stretch"):
        st.session_state["augment-epoch"] = st.session_state.get("augment-epoch", 0) + count
    if other.button("Other images", icon=":material/shuffle:", width="stretch"):
        st.session_state["augment-draw"] = st.session_state.get("augment-draw", 0) + 1
    return count, pixels, st.session_state.get("augment-draw", 0), st.session_state.get("augment-epoch", 0)


def usual_size(project: Project) -> int:
    """What training chooses when it is told nothing: the size of most of the images, and no more than 128 pixels."""
    with reading() as session:
        sides = sorted(min(each.width or 0, each.height or 0) for each in explore.sample(session, project.id, 99))
    return next(size for size in SIZES if size >= min(sides[len(sides) // 2], 128))


def preview(project: Project, samples: int, size: int, draw: int, epoch: int) -> None:
    """The grid, or in words why there is none."""
    shown = titled(project, draw)
    wanted = {"item_ids": list(shown), "steps": chosen_steps.plain_steps(), "size": size, "seed": SEED}
    try:
        with st.spinner("Drawing the samples…", show_time=False):
            answer = ask.now("preview", samples=samples, epoch=epoch, **wanted)
    except WinnowError as error:
        show_error(error)
        return
    columns = ["Original", *(f"Epoch {number + 1}" for number in range(epoch, epoch + samples))]
    pictures(columns, [shown[row["id"]] | row for row in answer["rows"]], key="augment-pictures")
    st.caption(
        "What training with seed 0 feeds the model in each epoch, stretched to a square. Click a picture to compare it."
    )


def titled(project: Project, draw: int) -> dict[int, dict[str, Any]]:
    """Item id -> the title and colour of its row: at first one image a class, then others at random."""
    with reading() as session:
        classes = {each.id: each for each in rows.classes(session, projects.get(session, project.id).id)}
        found = chosen_items(session, project, list(classes), draw)
        class_ids = labels.class_ids_of(session, [item.id for item in found])
    return {
        item.id: title_of(item, [classes[each] for each in class_ids.get(item.id, []) if each in classes])
        for item in found
    }


def chosen_items(session: Any, project: Project, class_ids: list[int], draw: int) -> list[Item]:
    if draw:
        place = hashlib.sha256(f"{draw}".encode()).digest()
        return explore.shuffled(session, project.id, place, ROWS)
    found = explore.one_a_class(session, project.id, class_ids[:ROWS])
    there = {item.id for item in found}
    more = [item for item in items.page(session, project.id, limit=2 * ROWS) if item.id not in there]
    return [*found, *more][:ROWS]


def title_of(item: Item, classes: list[LabelClass]) -> dict[str, Any]:
    if classes:
        return {"title": ", ".join(each.name for each in classes), "color": classes[0].color}
    return {"title": item.source, "color": None}
