"""A project's templates and a class's own prompts: in the words that a model reads, in the API and on the page."""

from pathlib import Path

from fastapi.testclient import TestClient
from streamlit.testing.v1 import AppTest

from backend import projects, suggesting
from backend.api.app import create
from backend.suggesting import prompts
from db.session import reading, writing
from tests.suggesting.builders import NEWS, a_news_project, change_class


def test_a_prompt_takes_the_place_of_name_and_description_as_it_is_written(home: Path) -> None:
    project = a_news_project()
    change_class(project, "sport", description="matches", prompt="a report of a match\n\n  {} news ")
    with reading() as session:
        there = projects.get(session, project.id).classes
        sport, money, _ = prompts.of(there, ["About {}."], "embedding")
        assert (sport, money) == (["a report of a match", "sport news"], ["About money."])
        assert prompts.as_json(there, [], "embedding")["classes"][str(there[0].id)] == "a report of a match\nsport news"


def test_prompts_and_templates_are_in_the_api(home: Path) -> None:
    api = TestClient(create())
    made = api.post("/projects", json={"name": "News", "kind": "text", "classes": list(NEWS)}).json()
    url = f"/projects/{made['id']}"
    assert made["classes"][0]["prompt"] == ""
    assert made["templates"]["embedding"] == list(prompts.EMBEDDING_TEMPLATES)
    added = api.post(f"{url}/classes", json={"name": "law", "prompt": "a text on law"}).json()
    assert added["prompt"] == "a text on law"
    assert api.patch(f"{url}/classes/{added['id']}", json={"prompt": "courts"}).json()["prompt"] == "courts"
    own = api.patch(url, json={"templates": {"embedding": ["It is {}."], "nli": ["So {}."]}}).json()["templates"]
    assert own == {"embedding": ["It is {}."], "nli": ["So {}."]}
    own = api.patch(url, json={"templates": {"embedding": []}}).json()["templates"]
    assert own == {"embedding": list(prompts.EMBEDDING_TEMPLATES), "nli": ["So {}."]}
    for wrong in ({"embedding": ["no place"]}, {"voice": ["{}"]}):
        assert api.patch(url, json={"templates": wrong}).status_code == 422
    assert api.get(url).json()["templates"] == own


def test_a_job_reads_the_projects_templates_when_it_names_none(home: Path) -> None:
    project = a_news_project()
    with writing() as session:
        fresh = projects.get(session, project.id)
        projects.change(session, fresh, {"templates": {"embedding": ["It is {}."]}})
        assert suggesting.start(session, fresh).spec["templates"] == ["It is {}."]
        assert suggesting.start(session, fresh, templates=["Or {}."]).spec["templates"] == ["Or {}."]


def editor(project_id: int) -> None:
    from backend import projects
    from db.session import reading
    from pages.parts.edit_prompts import edit_templates

    with reading() as session:
        project = projects.get(session, project_id)
    edit_templates(project)


def test_templates_are_edited_saved_and_put_back_and_a_wrong_one_is_said(home: Path) -> None:
    project = a_news_project()
    page = AppTest.from_function(editor, args=(project.id,), default_timeout=30).run()
    assert [each.label.split()[2] for each in page.text_area] == ["embedding", "models"]
    page.text_area[0].set_value("no place for it").run()
    page.button[0].click().run()
    assert "has no {} for the class" in page.error[0].value
    page.text_area[0].set_value("It is {}.").run()
    page.button[0].click().run()
    assert page.text_area[0].value == "It is {}."
    page.button[1].click().run()
    assert page.text_area[0].value.splitlines() == list(prompts.EMBEDDING_TEMPLATES)
