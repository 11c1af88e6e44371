"""Augment: choose transforms while looking at what they do to your own items."""

from typing import Any

import streamlit as st

from backend.augmenting import catalogue as transforms
from backend.augmenting import choosing, shelf
from backend.errors import WinnowError
from backend.jobs import ask
from backend.models import catalogue
from backend.training import anatomy, runs
from db import projects as rows
from db.models import Kind, Project
from db.session import Session, reading
from pages.augment.studio.studio import studio
from pages.parts.chosen import chosen_project, go_to
from pages.parts.errors import show_error
from pages.parts.settings import base_title

SIZES = (32, 64, 96, 128, 160, 224, 288)
LENGTHS = (32, 64, 128, 256, 512)
ROWS = 6


def show() -> None:
    project = chosen_project()
    st.title("Augment")
    with reading() as session:
        if not rows.has_items(session, project.id):
            return invite(project)
    if "augment-warm" not in st.session_state:
        st.session_state["augment-warm"] = True
        ask.later("warm")
    try:
        asked = in_address(project)
    except WinnowError as error:
        show_error(error)
        asked = {}
    if wanted := studio(told(project) | {"asked": asked}):
        go_to(wanted["page"], recipe=int(wanted["recipe"]))
    return None


def invite(project: Project) -> None:
    what = "images" if project.kind == Kind.IMAGE else "texts"
    st.info(f"Here you see what training will do to your {what}. There are none in this project yet.")
    if st.button(f"Add {what}", type="primary"):
        go_to("data")


def told(project: Project) -> dict[str, Any]:
    """What the studio cannot ask the API for: the models that can be trained here, and the sizes that each may take."""
    bases = [
        {"id": each.id, "title": each.title, "sizes": sizes(project.kind, each.id)}
        for each in catalogue.bases(project.kind)
    ]
    return {"project": project.id, "kind": str(project.kind), "bases": bases}


def sizes(kind: str, base: str) -> list[int]:
    """What a person may choose; none where the base knows one size."""
    if kind == Kind.TEXT:
        longest = anatomy.longest_text(catalogue.folder_of(base)) or LENGTHS[-1]
        return [each for each in LENGTHS if each <= longest]
    takes_any = base == catalogue.COMPACT_RESNET or anatomy.takes_any_size(catalogue.folder_of(base))
    return list(SIZES) if takes_any else []


def in_address(project: Project) -> dict[str, Any]:
    """What a link asks for: `items=1,2`, `recipe=ID`, or `run=ID` with the number of an `epoch`, from 1.

    Raises NotFound for a recipe or a run that is not there.
    """
    asked: dict[str, Any] = {}
    if ids := [int(each) for each in st.query_params.get("items", "").split(",") if each.strip().isdecimal()]:
        asked["items"] = ids[: choosing.MOST_ROWS]
    epoch = st.query_params.get("epoch", "")
    if epoch.isdecimal() and int(epoch) >= 1:
        asked["epoch"] = int(epoch) - 1
    with reading() as session:
        run, recipe = st.query_params.get("run", ""), st.query_params.get("recipe", "")
        if run.isdecimal():
            asked["run"] = of_run(session, project, int(run))
        elif recipe.isdecimal():
            asked["recipe"] = shelf.get(session, int(recipe)).id
    return asked


def of_run(session: Session, project: Project, run_id: int) -> dict[str, Any] | None:
    """What the run was trained with, for the studio to show; None for one that varied nothing."""
    run = runs.get(session, run_id)
    if run.project_id != project.id or run.spec["method"] == "head":
        return None
    recipe = shelf.get(session, run.spec["recipe_id"]) if run.spec.get("recipe_id") else None
    return {
        "id": run.id,
        "name": run.name,
        "recipe": {"id": recipe.id, "name": recipe.name, "version": recipe.version} if recipe else None,
        "steps": transforms.validate(recipe.steps) if recipe else [],
        **runs.seen_with(run),
        "base_title": base_title(run.spec["base"]),
        "items": [each["id"] for each in choosing.trained_on(session, project, ROWS)],
    }
