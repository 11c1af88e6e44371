"""The full-text index: what is found through it, how it keeps up, and where it cannot tell."""

from pathlib import Path

import pytest

from backend.importing import words
from db import words as rows
from db.models import Item, Project
from db.session import reading, writing
from tests.importing.builders import a_project, all_items, import_now


def imported(project: Project, texts: list[str]) -> None:
    import_now(project, texts=texts)
    words.index()


def found(asked: str) -> list[int]:
    query = rows.matching(asked)
    assert query is not None
    with reading() as session:
        return sorted(session.scalars(query))


def test_words_are_found_after_an_import_in_any_case_and_without_accents_the_last_one_by_its_beginning(
    home: Path,
) -> None:
    project = a_project()
    imported(project, ["A Grey heron, at dawn", "the café is grey", "Überall REIHER", "nothing"])
    grey, cafe, heron, _ = (item.id for item in all_items(project))
    assert found("grey") == [grey, cafe]
    assert found("HERON grey") == found("GREY her*") == [grey]
    assert found("cafe") == found("café") == [cafe]
    assert found("uberall reih*") == [heron]
    assert found("gre heron") == []
    assert found('"grey" OR -nothing') == []


def test_what_is_deleted_is_found_no_more_and_its_id_can_come_again(home: Path) -> None:
    project = a_project()
    imported(project, ["one heron", "two herons"])
    _, second = all_items(project)
    with writing() as session:
        session.delete(session.get_one(Item, second.id))
    assert len(found("heron")) == 1
    imported(project, ["three storks"])
    assert found("stork*") == [second.id]
    assert len(found("heron")) == 1


def test_the_index_goes_on_where_it_was(home: Path) -> None:
    project = a_project()
    with writing() as session:
        session.add_all(
            Item(project_id=project.id, content_hash=bytes([number]) * 32, text=f"heron {number}")
            for number in range(50)
        )
    with writing() as session:
        assert rows.index_more(session, 20) == 20
        last = rows.upto(session)
    assert len(found("heron")) == 20
    assert words.index() == 30
    assert len(found("heron")) == 50
    with writing() as session:
        assert rows.index_more(session, 20) == 0
        assert rows.upto(session) > last


@pytest.mark.parametrize("asked", ["", " -!? ", "鳥", "heron 鳥が", "นก", "🦢", "heron\U0001e922"])
def test_where_the_index_cannot_tell_it_says_so(asked: str) -> None:
    assert rows.matching(asked) is None


@pytest.mark.parametrize(
    "asked", ["don't", "a_b", "x²y", "naïve", "e\u0301te", "ǆ ﬁ ½", "Ελλάδα", "птица", "طائر", "한국어"]
)
def test_no_word_is_taken_for_several(home: Path, asked: str) -> None:
    project = a_project()
    imported(project, [f"so {asked} it is"])
    assert found(asked) == [item.id for item in all_items(project)]
