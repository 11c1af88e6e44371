"""Taking the data away: links to the export, which sends it while it is made."""

import streamlit as st

from db.models import Kind, Project

FORMATS = (
    ("csv", "CSV", "One row an item, for any program."),
    ("csv&for=spreadsheet", "CSV for a spreadsheet", "Opens right in Excel; no text can run as a formula."),
    ("jsonl", "JSONL", "One record a line, for scripts."),
    ("parquet", "Parquet", "Typed and small, for pandas and the like."),
)
PACKED = (
    ("imagefolder", "Images in folders", "A zip with a folder for each class."),
    ("hf", "Dataset for Hugging Face", "A zip that datasets.load_dataset reads. Labeled items only."),
)


def download(project: Project, counts: dict[str, int]) -> None:
    is_all = st.segmented_control(
        "Which items",
        ["Labeled", "All"],
        default="Labeled" if counts["labeled"] else "All",
        key="data-which",
        required=True,
    )
    count = counts["items"] if is_all == "All" else counts["labeled"]
    st.caption(f"{count:,} items, with text or file name, labels, status, split, annotator, source and suggestion.")
    shown = [each for each in (*FORMATS, *PACKED) if each[0] != "imagefolder" or project.kind == Kind.IMAGE]
    for number, (form, title, words) in enumerate(shown):
        only = "" if is_all == "All" or form == "hf" else "&status=labeled"
        button, about = st.columns([1, 3], vertical_alignment="center")
        button.link_button(
            title,
            f"/api/projects/{project.id}/export?format={form}{only}",
            type="primary" if number == 0 else "secondary",
            width="stretch",
            icon=":material/download:",
            disabled=not (counts["labeled"] if form == "hf" else count),
        )
        about.caption(words)
