"""Models: what can suggest and what a training can start from, here or to be fetched."""

import streamlit as st

from backend.models import catalogue, folders, shelf
from db.models import Job
from pages.models.another import another_model
from pages.models.cards import fetches, model_row
from pages.parts.job_card import job_card
from pages.parts.words import plain

SUGGEST = {"Suggest for images": ("image", "zero_shot"), "Suggest for texts": ("text", "zero_shot")}
TRAIN = {"Train on images": ("image", "fine_tune"), "Train on texts": ("text", "fine_tune")}


def show() -> None:
    st.title("Models")
    where_they_are()
    if folders.is_offline():
        st.info(
            "Offline mode is on (HF_HUB_OFFLINE): nothing can be fetched. Copy the folder of a model here and choose "
            "“A model folder of your own” under Make suggestions, or copy a whole Hugging Face cache and start Winnow "
            "with HF_HOME set to it."
        )
    at_work = fetches()
    for job in at_work.values():
        job_card(job.id)
    models = [*catalogue.MODELS, *catalogue.others()]
    suggest, train, more = st.tabs(["Suggest", "Train", "Another model"])
    with suggest:
        groups(SUGGEST, models, at_work)
    with train:
        groups(TRAIN, models, at_work)
    with more:
        another_model()


def where_they_are() -> None:
    kept = shelf.kept()
    count = "no models" if not kept.models else "1 model" if kept.models == 1 else f"{kept.models} models"
    size = f" take {catalogue.size_words(kept.size_bytes)}" if kept.models > 1 else ""
    size = size or (f" takes {catalogue.size_words(kept.size_bytes)}" if kept.models else "")
    st.caption(
        f"Fetched models are kept in {plain(str(kept.folder))}, where other programs find them too: {count}{size}, "
        f"{catalogue.size_words(kept.free_bytes)} are free. The bundled ones are always here."
    )


def groups(wanted: dict[str, tuple[str, str]], models: list[catalogue.Model], at_work: dict[str, Job]) -> None:
    for title, (kind, task) in wanted.items():
        st.subheader(title)
        fitting = [model for model in models if model.kind == kind and is_for(task, model)]
        # What can be used at once comes first.
        for model in sorted(fitting, key=lambda model: not catalogue.is_here(model.id)):
            model_row(model, task, at_work.get(model.id))


def is_for(task: str, model: catalogue.Model) -> bool:
    """What gives vectors and nothing else serves the learned head, which suggests."""
    return task in model.tasks or (task == "zero_shot" and model.tasks == ("encode",))
