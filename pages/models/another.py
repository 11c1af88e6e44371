"""A model that the list lacks: of the hub by its name, or a folder on this machine."""

import streamlit as st

from backend import errors
from backend.models import catalogue, fetch
from pages.parts.errors import show_error, tried
from pages.parts.words import plain

USES = {"zero_shot": "suggestions", "fine_tune": "training", "encode": "the learned head and search"}


def another_model() -> None:
    of_hub, own = st.columns(2, gap="large")
    with of_hub:
        by_name()
    with own:
        by_folder()


def by_name() -> None:
    st.subheader("From the hub")
    st.caption(
        "Any CLIP or SigLIP, sentence encoder, NLI model, or base for fine-tuning of huggingface.co that offers "
        "safetensors. Its size, kind and checksums are looked up when it is fetched."
    )
    name = st.text_input("Name", placeholder="owner/name, or owner/name@revision", key="models-name").strip()
    if st.button("Fetch", key="fetch-named", disabled=not name):
        model_id = "hub:" + name.removeprefix("hub:").removeprefix(catalogue.HUB_PAGE)
        tried(lambda session: fetch.start(session, model_id))


def by_folder() -> None:
    st.subheader("A folder on this machine")
    st.caption(
        "As save_pretrained() of transformers writes it: config.json, safetensors, tokenizer or image processor."
    )
    folder = st.text_input("Folder", placeholder="/home/me/models/my-clip", key="models-folder").strip()
    if not folder:
        return
    try:
        model = catalogue.find("path:" + folder.removeprefix("path:"))
    except errors.WinnowError as error:
        show_error(error)
        return
    uses = [words for task, words in USES.items() if task in model.tasks]
    kind = "images" if model.kind == "image" else "texts"
    st.success(
        f"{plain(model.title)} ({catalogue.size_words(model.size_bytes)}) can be used for {kind}: {', '.join(uses)}. "
        f"{plain(model.about)} Choose “a folder of your own” on the Label or Train page and name it there."
    )
