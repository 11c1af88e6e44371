"""All settings of a run, folded away: each empty field shows what was chosen for it."""

from typing import Any

import streamlit as st

from backend.training.setting import BY_NAME, SETTINGS
from db.models import Project

ASKED_ABOVE = ("method", "base", "preset", "recipe_id", "allow_missing_classes")
TITLES = {"lora_rank": "LoRA rank", "warmup": "Warm-up"}
STEPS = {"learning_rate": 1e-5, "weight_decay": 0.01, "warmup": 0.05, "label_smoothing": 0.05}


def more(chosen: dict[str, Any], project: Project) -> dict[str, Any]:
    """The settings that the person gave."""
    shown = [
        each
        for each in SETTINGS
        if each.name not in ASKED_ABOVE and chosen["method"] in each.methods and project.kind in each.kinds
    ]
    if project.multi_label:
        shown = [each for each in shown if each.name != "label_smoothing"]
    given: dict[str, Any] = {}
    with st.expander("More settings", icon=":material/tune:"):
        st.caption("An empty field keeps what it shows, which was chosen to suit the method and your data.")
        columns = st.columns(3, gap="medium")
        for number, setting in enumerate(shown):
            with columns[number % len(columns)]:
                given[setting.name] = field(setting.name, chosen[setting.name])
    return {name: value for name, value in given.items() if value is not None}


def field(name: str, default: Any) -> Any:
    setting = BY_NAME[name]
    title = TITLES.get(name) or name.replace("_", " ").capitalize()
    if setting.choices:
        return st.selectbox(title, setting.choices, help=setting.meaning, key=f"train-{name}")
    is_whole = setting.type is int
    return st.number_input(
        title,
        min_value=setting.type(setting.low),
        max_value=setting.type(setting.high),
        value=None,
        step=1 if is_whole else STEPS[name],
        format="%d" if is_whole else "%g",
        placeholder=f"{default:g}",
        help=setting.meaning,
        key=f"train-{name}",
    )
