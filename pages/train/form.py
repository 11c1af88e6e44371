"""The form of a new run: a few choices, and everything else with what was chosen for it."""

from typing import Any

import streamlit as st

from backend import errors
from backend.augmenting.catalogue import kind_of
from backend.models import catalogue
from backend.training import readiness, runs, spec
from db import recipes
from db.models import Kind, LabelClass, Project
from db.session import reading, writing
from pages.parts.errors import show_error
from pages.parts.words import plain
from pages.train import settings

METHODS = {"head": "Head", "full": "Full", "lora": "LoRA"}
WHAT_IT_IS = {
    "head": "A last layer on a frozen encoder. Takes seconds, and is hard to beat with few labels.",
    "full": "All weights of the base are trained. The best figures with some hundred labels or more; takes minutes.",
    "lora": "Small adapters are trained beside the frozen weights. Nearly as good as full, with less memory.",
}
FOLDER = "A folder of my own"
PRESETS = {"quick": "Quick", "balanced": "Balanced", "best": "Best"}


def show(project: Project, counts: dict[LabelClass, int]) -> None:
    # Not st.form: what is offered below depends on what is chosen above.
    left, right = st.columns(2, gap="medium")
    with left:
        method = choose_method(project)
    with right:
        base = choose_base(project, method)
    told: dict[str, Any] = {"method": method, "base": base}
    if method != "head":
        preset, recipe = st.columns(2, gap="medium")
        told["preset"] = preset.segmented_control(
            "How much time to spend", list(PRESETS), default="balanced", format_func=PRESETS.get, required=True
        )
        with recipe:
            told["recipe_id"] = choose_recipe(project)
    told["allow_missing_classes"] = leave_out(counts)
    start_or_say_why_not(project, told)


def choose_method(project: Project) -> str:
    offered = [each for each in METHODS if each != "lora" or project.kind == Kind.TEXT or adaptable_bases()]
    method = st.segmented_control(
        "Method", offered, default=offered[0], format_func=METHODS.get, required=True, key="train-method"
    )
    st.caption(WHAT_IT_IS[method])
    return str(method)


def adaptable_bases() -> list[str]:
    """Image bases beside the untrained one: LoRA needs something that was learned before."""
    return [each.id for each in catalogue.bases(Kind.IMAGE) if each.id != catalogue.COMPACT_RESNET] or [FOLDER]


def choose_base(project: Project, method: str) -> str:
    offered = {each.id: each.title for each in catalogue.bases(project.kind)}
    if method == "head" and project.kind == Kind.IMAGE:
        offered = {catalogue.DESCRIPTOR: catalogue.find(catalogue.DESCRIPTOR).title} | offered
    if method != "full":
        offered.pop(catalogue.COMPACT_RESNET, None)
    offered[FOLDER] = FOLDER
    chosen = st.selectbox("Base", list(offered), format_func=offered.get, key=f"train-base-{method}")
    if chosen != FOLDER:
        return str(chosen)
    folder = st.text_input(
        "Folder",
        key="train-folder",
        placeholder="/models/my-bert",
        help="As save_pretrained() of transformers wrote it.",
    )
    return f"path:{folder.strip()}"


def choose_recipe(project: Project) -> int | None:
    """Of the recipes for what the project has, the newest first."""
    with reading() as session:
        kept = [each for each in recipes.page(session, None, 200) if kind_of(each.steps) in (project.kind, None)]
    offered = {each.id: f"{each.name}, version {each.version}" for each in kept}
    asked = st.query_params.get("recipe", "")
    ids = [None, *offered]
    index = ids.index(int(asked)) if asked.isdecimal() and int(asked) in offered else 0
    return st.selectbox(
        "Augmentation recipe",
        ids,
        index=index,
        format_func=lambda each: "None" if each is None else offered[each],
        help="Recipes are made on the Augment page.",
    )


def leave_out(counts: dict[LabelClass, int]) -> bool:
    short = [each for each, n in counts.items() if n < readiness.MINIMUM]
    if not short:
        return False
    names = readiness.in_words([f'"{each.name}"' for each in short[:5]] + (["others"] if len(short) > 5 else []))
    return st.checkbox(f"Leave out {plain(names)}: fewer than {readiness.MINIMUM} labels", value=True)


def start_or_say_why_not(project: Project, told: dict[str, Any]) -> None:
    """The settings as they would be, and the button; or what speaks against it."""
    if told["base"] == "path:":
        st.caption("Name the folder of the base.")
        return
    try:
        with reading() as session:
            chosen = spec.complete(session, project, told)
        told |= settings.more(chosen, project)
        if st.button("Start training", type="primary", key="train-start"):
            with writing() as session:
                run = runs.start(session, project, told)
            st.query_params.pop("recipe", None)
            st.query_params["run"] = str(run.id)
            st.rerun()
    except errors.WinnowError as error:
        show_error(error)
