"""The Explore page, without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from backend.encoding import default_encoder, vectors
from db import jobs
from db.models import JobKind
from db.session import reading, writing
from tests.explore.builders import a_project, an_image, an_item, suggestions


def page(project_id: int, **query: str) -> AppTest:
    def script(project_id: int) -> None:
        import streamlit as st

        from pages.explore import page as explore

        st.session_state["project_id"] = project_id
        explore.show()

    at = AppTest.from_function(script, kwargs={"project_id": project_id}, default_timeout=90)
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


@pytest.fixture
def project_id(home) -> int:
    with writing() as session:
        project = a_project(session)
        items = [
            an_item(session, project, text, label=label)
            for text, label in (("a heron on one leg", "bird"), ("a carp in the pond", "fish"), ("moss", None))
        ]
        suggestions(session, project, {items[2].id: (0.2, 0.3, 0.5)})
        return project.id


def words(at: AppTest) -> str:
    return " ".join(each.value for each in [*at.markdown, *at.caption, *at.info, *at.error])


def test_the_overview_shows_charts_and_the_least_sure_items(project_id):
    at = page(project_id)
    assert not at.exception
    assert all(title in words(at) for title in ("Labels", "Suggestions", "Text length", "Least sure"))


def test_a_project_without_labels_and_suggestions_still_has_an_overview(home):
    with writing() as session:
        project = a_project(session, "image")
        an_image(session, project, b"not read by this page", "a.jpg")
    at = page(project.id)
    assert not at.exception
    assert all(title in words(at) for title in ("No labels yet", "No suggestions yet", "Image size", "Some items"))


def test_without_vectors_a_search_offers_to_make_them(project_id):
    at = page(project_id, words="water")
    assert "No item has been read by a model yet" in words(at)
    next(each for each in at.button if each.label == "Read the items").click().run()
    assert not at.exception
    with reading() as session:
        assert [job.kind for job in jobs.in_states(session, jobs.ACTIVE, project_id)] == [JobKind.EMBED]


def test_a_search_by_words_and_by_likeness_finds_items(project_id):
    from backend.encoding import encode
    from db import items

    with reading() as session:
        found = items.contents(session, project_id)
    encoder = default_encoder("text")
    encode.ensure(encoder, [(each.content_hash, each.text) for each in found])
    assert vectors.get(encoder, [each.content_hash for each in found])[1].all()
    at = page(project_id, words="a bird standing in water")
    assert not at.exception
    assert not at.error
    assert "fit" in words(at)
    at = page(project_id, similar=str(found[0].id))
    assert not at.exception
    assert "Items most like the first one" in words(at)
    assert page(project_id, similar="999").exception


def test_images_are_searched_by_file_name_when_clip_is_not_here(home):
    with writing() as session:
        project = a_project(session, "image")
        an_image(session, project, b"one", "heron.jpg")
    at = page(project.id, words="heron")
    assert not at.exception
    assert "in their file name" in words(at)
    assert "Nothing was found" not in words(at)
    assert "Nothing was found" in words(page(project.id, words="carp"))
