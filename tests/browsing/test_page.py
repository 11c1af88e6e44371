"""The Data page as Streamlit runs it: its filters and its address, its bin, and an item that is opened."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from backend.labeling import bulk
from backend.labeling.bulk import Wanted
from db.models import Action, Project, Status
from db.session import reading, writing
from tests import pages
from tests.browsing.builders import Built, random_items
from tests.importing.builders import a_project, all_items, import_now


def opened(project: Project, **query: str) -> AppTest:
    return pages.opened("pages.data.page", project, **query)


def built() -> Built:
    with writing() as session:
        return random_items(session, 40, seed=3)


def test_the_address_holds_the_filter_and_sets_it_when_it_is_opened_again(home: Path) -> None:
    there = built()
    app = opened(there.project)
    app.text_input(key="data-words").set_value("heron").run()
    app.selectbox(key="data-class").set_value("bird").run()
    app.selectbox(key="data-split").set_value("none").run()
    app.slider(key="data-confidence").set_value((20, 90)).run()
    said = {name: str(value) for name, value in app.query_params.items() if name != "project"}
    assert said == {"text": "heron", "class": "bird", "split": "none", "confidence": "20-90"}
    again = opened(there.project, **said)
    assert again.text_input(key="data-words").value == "heron"
    assert again.slider(key="data-confidence").value == (20, 90)
    kept = again.session_state["data-filter"][1]
    assert (kept.class_id, kept.split, kept.confidence_from) == (there.class_ids[0], "none", 0.2)


def test_a_chip_takes_its_filter_away_and_unknown_names_in_the_address_are_passed_over(home: Path) -> None:
    app = opened(built().project, split="test", annotator="nobody", confidence="9-3", sort="what")
    assert [button.label for button in app.button if "chip" in (button.key or "")] == ["Split\\: Test"]
    app.button(key="data-chip-split").click().run()
    assert not app.exception
    assert "split" not in app.query_params
    assert app.selectbox(key="data-split").value is None


def test_what_lies_in_the_bin_is_shown_there_and_nowhere_else(home: Path) -> None:
    project = a_project()
    import_now(project, texts=["a heron", "a crow"])
    first = all_items(project)[0]
    bulk.label(project.id, "me", Wanted(action=Action.DELETE, item_ids=[first.id]), "e")
    app = opened(project)
    assert list(app.dataframe[0].value["Text"]) == ["a crow"]
    with reading() as session:
        assert session.get_one(type(first), first.id).status == Status.DELETED
