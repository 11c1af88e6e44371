"""Whatever is in the texts and the class names: out and in again, they are the same."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend import exporting, projects
from backend.importing.rows import TEXT_LENGTH
from db import projects as project_rows
from db.models import Project
from db.session import reading, writing
from tests.importing.builders import a_project, all_items, import_now, labels, texts
from tests.labeling.builders import bulk_label

assert TEXT_LENGTH > 1_000
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXTS = st.lists(
    st.text(LETTERS, min_size=1, max_size=60).filter(lambda text: not text.isspace()),
    min_size=1,
    max_size=8,
    unique=True,
)
# Names as the app keeps them: trimmed, one space between words, none twice in another case.
NAMES = st.lists(
    st.text(LETTERS, min_size=1, max_size=12).map(lambda name: " ".join(name.split())).filter(bool),
    min_size=2,
    max_size=4,
    unique_by=str.casefold,
)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("multi_label", [False, True])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=TEXTS, names=NAMES, data=st.data())
def test_exported_and_imported_again_texts_and_labels_are_the_same(
    home: Path, *, form: str, multi_label: bool, words: list[str], names: list[str], data: st.DataObject
) -> None:
    project = a_project("text", *names, multi_label=multi_label)
    import_now(project, texts=words)
    chosen = st.lists(st.sampled_from(names), max_size=3 if multi_label else 1, unique=True)
    give(project, {text: data.draw(chosen) for text in words})
    again = a_project("text", *names, multi_label=multi_label)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"out.{form}"
        path.write_bytes(b"".join(blocks(project, form)))
        import_now(again, path=str(path))
    assert texts(again) == texts(project) == words
    assert labels(again) == labels(project)


def give(project: Project, names: dict[str, list[str]]) -> None:
    with writing() as session:
        ids = {each.name: each.id for each in project_rows.classes(session, project.id)}
        for item in all_items(project):
            wanted = [ids[name] for name in names[item.text or ""]]
            if wanted:
                bulk_label(session, project, "ann", [item.id], wanted, event_id=f"{project.id}-{item.id}")


def blocks(project: Project, form: str) -> list[bytes]:
    with reading() as session:
        return list(exporting.download(session, projects.get(session, project.id), form).blocks)
