"""The form of a new run: a few choices; what follows from them and how to start is in `start`."""

from collections.abc import Collection
from typing import Any

import streamlit as st

from backend.training import readiness
from backend.training.setting import METHOD_TITLES
from db.models import LabelClass, Project, Run
from pages.parts.words import plain
from pages.train import clone, offers, start

WHAT_IT_IS = {
    "head": "A last layer on a frozen encoder. Takes seconds, and is hard to beat with few labels.",
    "full": "All weights of the base are trained. The best figures with some hundred labels or more; takes minutes.",
    "lora": "Small adapters are trained beside the frozen weights. Nearly as good as full, with less memory.",
}
# Not None, which Streamlit takes for a field without a choice.
NO_RECIPE = 0
PRESETS = {"quick": "Quick", "balanced": "Balanced", "best": "Best"}


def show(project: Project, counts: dict[LabelClass, int], cloned: Run | None) -> None:
    # Not st.form: what is offered below depends on what is chosen above.
    if cloned is not None:
        words, button = st.columns([5, 1], vertical_alignment="center")
        words.info(f"With the settings of {plain(cloned.name)}. Change what you like.", icon=":material/content_copy:")
        button.button("Empty the form", on_click=clone.forget, key="train-forget", width="stretch")
    left, right = st.columns(2, gap="medium")
    with left:
        method = choose_method(project)
    with right:
        base = choose_base(project, method)
    told: dict[str, Any] = {"method": method, "base": base}
    if method != "head":
        preset, recipe = st.columns(2, gap="medium")
        with preset:
            begin_with("train-preset", "balanced", PRESETS)
            told["preset"] = st.segmented_control(
                "How much time to spend",
                list(PRESETS),
                format_func=PRESETS.__getitem__,
                required=True,
                key="train-preset",
            )
        with recipe:
            told["recipe_id"] = choose_recipe(project)
    told["allow_missing_classes"] = leave_out(counts)
    if base == "path:":
        st.caption("Name the folder of the base.")
        return
    start.show(project, told, cloned)


def begin_with(key: str, first: Any, offered: Collection[Any]) -> None:
    """What a widget shows at first, or when what it showed is not offered here: an old run may fill it too."""
    if key not in st.session_state or st.session_state[key] not in offered:
        st.session_state[key] = first


def choose_method(project: Project) -> str:
    offered = offers.methods(project)
    begin_with("train-method", offered[0], offered)
    method: str = st.segmented_control(
        "Method", offered, format_func=METHOD_TITLES.__getitem__, required=True, key="train-method"
    )
    st.caption(WHAT_IT_IS[str(method)])
    return str(method)


def choose_base(project: Project, method: str) -> str:
    offered = offers.bases(project, method)
    key = f"train-base-{method}"
    begin_with(key, next(iter(offered)), offered)
    chosen = st.selectbox("Base", list(offered), format_func=offered.__getitem__, key=key)
    if chosen != offers.FOLDER:
        return str(chosen)
    folder = st.text_input(
        "Folder",
        key="train-folder",
        placeholder="/models/my-bert",
        help="As save_pretrained() of transformers wrote it.",
    )
    return f"path:{folder.strip()}"


def choose_recipe(project: Project) -> int | None:
    offered = offers.recipes_for(project)
    ids = [NO_RECIPE, *offered]
    asked = st.query_params.get("recipe", "")
    begin_with("train-recipe_id", int(asked) if asked.isdecimal() and int(asked) in offered else NO_RECIPE, ids)
    chosen = st.selectbox(
        "Augmentation recipe",
        ids,
        format_func=lambda each: offered.get(each, "None"),
        help="Recipes are made on the Augment page.",
        key="train-recipe_id",
    )
    return chosen or None


def leave_out(counts: dict[LabelClass, int]) -> bool:
    short = [each for each, n in counts.items() if n < readiness.MINIMUM]
    if not short:
        return False
    names = readiness.in_words([f'"{each.name}"' for each in short[:5]] + (["others"] if len(short) > 5 else []))
    return st.checkbox(f"Leave out {plain(names)}: fewer than {readiness.MINIMUM} labels", value=True)
