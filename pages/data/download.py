"""Taking the data away: links to the export, which sends it while it is made."""

from collections.abc import Mapping
from urllib.parse import urlencode

import streamlit as st

from backend.exporting.fields import DEFAULT, FIELDS, MOST_RUNS
from db import comparison, decisions, items, origins, projects
from db.items import Filter
from db.models import Kind, Project, RunState, Status
from db.session import reading
from pages.data.push import push

# Parameter, title, a sentence.
FORMATS = (
    ("csv", "CSV", "One row an item, for any program."),
    ("csv&for=spreadsheet", "CSV for a spreadsheet", "Opens right in Excel; no text can run as a formula."),
    ("jsonl", "JSONL", "One record a line, for scripts."),
    ("parquet", "Parquet", "Typed and small, for pandas and the like."),
    ("imagefolder", "Images in folders", "A zip with a folder for each class."),
    ("hf", "Dataset for Hugging Face", "A zip that datasets.load_dataset reads. Labeled items only."),
    ("labelstudio", "Label Studio", "A JSON file of tasks with annotations and predictions."),
)
WITHOUT_FIELDS = ("imagefolder", "hf")
# A page waits no longer for a number.
COUNT_S = 0.5
USUAL = tuple("time" if name == "decided_at" else name for name in DEFAULT)


def download(project: Project, counts: Mapping[str, int]) -> None:
    wanted, count, labeled, is_exact = which_items(project, counts)
    formats = {
        form: (title, words) for form, title, words in FORMATS if form != "imagefolder" or project.kind == Kind.IMAGE
    }
    form = st.radio(
        "Format",
        list(formats),
        format_func=lambda each: formats[each][0],
        captions=[words for _, words in formats.values()],
        key="data-format",
    )
    query = {} if form in WITHOUT_FIELDS else choose_fields(project)
    address = f"/api/projects/{project.id}/export?format={form}"
    more = urlencode(as_query(project, wanted) | query)
    sent = labeled if form == "hf" else count
    st.link_button(
        f"Download {'' if is_exact else 'at least '}{sent:,} items",
        f"{address}&{more}" if more else address,
        type="primary",
        icon=":material/download:",
        disabled=is_exact and not sent,
    )
    if form == "labelstudio":
        st.link_button("Labeling config for Label Studio", f"{address}&config=1", icon=":material/code:")
    st.divider()
    push(project, wanted, labeled, is_exact=is_exact)
    whole_project(project)


def which_items(project: Project, counts: Mapping[str, int]) -> tuple[Filter, int, int, bool]:
    """The filter, how many items fit it, how many of those are labeled, and whether these are not only "at least"."""
    of_page = filter_of_page(project)
    choices = {"Labeled": Filter(status=Status.LABELED), "All": Filter()}
    if of_page:
        choices["As filtered on the Items tab"] = of_page
    chosen = st.segmented_control(
        "Which items",
        list(choices),
        default="Labeled" if counts["labeled"] else "All",
        key="data-which",
        required=True,
    )
    wanted = choices[chosen]
    if wanted is not of_page:
        return wanted, counts["labeled"] if chosen == "Labeled" else counts["items"], counts["labeled"], True
    with reading() as session:
        found = items.count_matching(session, project.id, wanted, COUNT_S)
    return wanted, found["count"], found["labeled"], bool(found["is_exact"])


def filter_of_page(project: Project) -> Filter | None:
    kept = st.session_state.get("data-filter")
    if isinstance(kept, tuple) and kept[0] == project.id and isinstance(kept[1], Filter) and kept[1] != Filter():
        return kept[1]
    return None


def as_query(project: Project, wanted: Filter) -> dict[str, str]:
    """The filter as the API takes it: classes, people and files by their names, for a name may be another one's id."""
    # Not "if value": 0 is a bound of the confidence.
    kept = {name: value for name, value in wanted.as_json().items() if value is not None and value is not False}
    class_id, said, person, origin = (
        kept.pop(name, None) for name in ("class_id", "suggestion", "annotator_id", "origin_id")
    )
    with reading() as session:
        names = {each.id: each.name for each in projects.classes(session, project.id, with_archived=True)}
        named = {
            "class": names.get(class_id, class_id),
            "suggestion": names.get(said, said),
            "annotator": person and decisions.annotator_names(session, [person]).get(person, person),
            "origin": origin and (origins.name(session, origin) or origin),
        }
    return {name: str(value) for name, value in (kept | named).items() if value not in (None, "")}


def choose_fields(project: Project) -> dict[str, str]:
    """What differs from the usual fields, as the API takes it."""
    with reading() as session:
        runs = [run for run in comparison.listed(session, project.id) if run.state == RunState.DONE][:20]
    with st.expander(f"Fields: {', '.join(FIELDS[name].lower() for name in USUAL)}", icon=":material/tune:"):
        names = st.multiselect(
            "Fields", list(FIELDS), default=list(USUAL), format_func=FIELDS.__getitem__, key="data-fields"
        )
        titles = {run.id: run.name for run in runs}
        chosen = (
            st.multiselect(
                "Answers and scores of runs", list(titles), format_func=titles.__getitem__, max_selections=MOST_RUNS
            )
            if runs
            else []
        )
    query = {} if set(names) == set(USUAL) else {"fields": ",".join(names)}
    return query | ({"runs": ",".join(map(str, chosen))} if chosen else {})


def whole_project(project: Project) -> None:
    with st.expander("The whole project, for another machine", icon=":material/inventory_2:"):
        st.caption(
            "One archive with the data, the labels and their history, classes, suggestions and runs. "
            "The Projects page imports it as the same project."
        )
        has_scores = st.checkbox("With what was suggested for each item", value=True, key="archive-scores")
        has_models = st.checkbox("With the models of finished runs", key="archive-models")
        query = urlencode({"scores": has_scores, "models": has_models})
        st.link_button(
            "Download the project", f"/api/projects/{project.id}/archive?{query}", icon=":material/download:"
        )
