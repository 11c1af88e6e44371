"""Whatever is in the texts and the class names: out and in again, they are the same, and so are labels and splits."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backend import exporting, projects
from backend.importing.rows import TEXT_LENGTH
from db import projects as project_rows
from db.models import Item, Project, Split
from db.session import reading, writing
from tests.archives.builders import archive_of, bring
from tests.importing.builders import a_file, a_project, all_items, an_image, import_now, labels
from tests.labeling.builders import bulk_label

LONG = 40_000
assert TEXT_LENGTH > LONG
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
# Made of what separates, quotes, breaks lines or controls, as often as of letters.
ODD = st.text(st.sampled_from("\n\r\t\"',;|[]{}\\=+-@#/ \x01\x1b\x7f\x85\u2028\ufeffaé漢🦩"), min_size=1, max_size=40)
TEXT = st.one_of(st.text(LETTERS, min_size=1, max_size=60), ODD, st.just('long, "\n' * (LONG // 9)))
TEXTS = st.lists(TEXT.filter(lambda text: not text.isspace()), min_size=1, max_size=8, unique=True)


def clean(name: str) -> str:
    """As the app keeps names: trimmed, one space between words."""
    return " ".join(name.split())


# Read in a cell, these are lists of names, or none.
LISTS = st.sampled_from(("[]", '["a"]', '["a", "b"]', '{"choices": ["a"]}', "a|b", "a;b", "a, b", "null", "nan", "0"))
# None twice in another case.
NAMES = st.lists(
    st.one_of(st.text(LETTERS, min_size=1, max_size=12), ODD, LISTS).map(clean).filter(bool),
    min_size=2,
    max_size=4,
    unique_by=str.casefold,
)
SPLITS = st.sampled_from([None, *Split])
# To make a failing example smaller runs hundreds of imports: it is printed as it is.
QUICK = settings(
    max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate)
)
Known = Mapping[str, tuple[list[str], Split | None]]
TEXT_FORMS = ("csv", "jsonl", "parquet", "labelstudio")


@pytest.mark.parametrize("form", TEXT_FORMS)
@pytest.mark.parametrize("multi_label", [False, True])
@QUICK
@given(words=TEXTS, names=NAMES, data=st.data())
def test_exported_and_imported_again_texts_labels_and_splits_are_the_same(
    home: Path, *, form: str, multi_label: bool, words: list[str], names: list[str], data: st.DataObject
) -> None:
    project = drawn_project(words, names, data, multi_label=multi_label)
    again = a_project("text", *names, multi_label=multi_label)
    sent_again(project, again, form, ".json" if form == "labelstudio" else f".{form}")
    assert known_of(again) == known_of(project)


@pytest.mark.parametrize("multi_label", [False, True])
@QUICK
@given(words=TEXTS, names=NAMES, data=st.data())
def test_a_dataset_comes_back_with_what_is_labeled(
    home: Path, *, multi_label: bool, words: list[str], names: list[str], data: st.DataObject
) -> None:
    project = drawn_project(words, names, data, multi_label=multi_label)
    labeled = {text: (found, split or Split.TRAIN) for text, (found, split) in known_of(project).items() if found}
    if not labeled:
        return
    again = a_project("text", *names, multi_label=multi_label)
    sent_again(project, again, "hf", ".zip")
    assert known_of(again) == labeled


@QUICK
@given(words=TEXTS, names=NAMES, multi_label=st.booleans(), data=st.data())
def test_a_whole_project_comes_back(
    home: Path, *, words: list[str], names: list[str], multi_label: bool, data: st.DataObject
) -> None:
    project = drawn_project(words, names, data, multi_label=multi_label)
    with TemporaryDirectory() as folder:
        again = bring(archive_of(project, Path(folder)))
    assert known_of(again) == known_of(project)
    assert [item.status for item in all_items(again)] == [item.status for item in all_items(project)]


# A class is a folder here, and not every name can be one.
FOLDERS = (
    "bird", "dög, 漢字", "a/b: c|d", "a_b_ c_d", "test", "Unlabeled", "readme", "CON.", "[]", '["x"]',
    "x" * 90 + "🦩" * 60,
)  # fmt: skip


@pytest.mark.parametrize("form", ["imagefolder", "hf"])
@pytest.mark.parametrize("multi_label", [False, True])
@settings(QUICK, max_examples=3)
@given(count=st.integers(1, 5), data=st.data())
def test_images_come_back_with_their_labels_and_splits(
    home: Path, *, form: str, multi_label: bool, count: int, data: st.DataObject
) -> None:
    project = a_project("image", *FOLDERS, multi_label=multi_label)
    with TemporaryDirectory() as folder:
        for number in range(count):
            a_file(Path(folder), f"{number}.png", an_image((number, 0, 0)))
        import_now(project, path=folder)
    decide(project, data, FOLDERS, multi_label=multi_label)
    known = known_of(project)
    if form == "hf":
        known = {key: (found, split or Split.TRAIN) for key, (found, split) in known.items() if found}
        if not known:
            return
    again = a_project("image", *FOLDERS, multi_label=multi_label)
    sent_again(project, again, form, ".zip")
    assert known_of(again) == known


def drawn_project(words: Sequence[str], names: Sequence[str], data: st.DataObject, *, multi_label: bool) -> Project:
    project = a_project("text", *names, multi_label=multi_label)
    import_now(project, texts=list(words))
    decide(project, data, names, multi_label=multi_label)
    return project


def decide(project: Project, data: st.DataObject, names: Sequence[str], *, multi_label: bool) -> None:
    """Labels and a split for each item, or none; some are flagged."""
    chosen = st.lists(st.sampled_from(names), max_size=3 if multi_label else 1, unique=True)
    with writing() as session:
        ids = {each.name: each.id for each in project_rows.classes(session, project.id)}
        for item in all_items(project):
            wanted = [ids[name] for name in data.draw(chosen)]
            session.get_one(Item, item.id).split = data.draw(SPLITS)
            if wanted:
                bulk_label(session, project, "ann", [item.id], wanted, event_id=f"{project.id}-{item.id}")


def sent_again(project: Project, again: Project, form: str, ending: str) -> None:
    """Export, and import with the real code, as a person would who changes nothing."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"out{ending}"
        with reading() as session:
            path.write_bytes(b"".join(exporting.download(session, projects.get(session, project.id), form).blocks))
        import_now(again, path=str(path))


def known_of(project: Project) -> Known:
    """Text or hash -> (class names, split)."""
    found = labels(project)
    return {
        item.text or item.content_hash.hex(): (sorted(found.get(item.text or item.source, [])), item.split)
        for item in all_items(project)
    }
