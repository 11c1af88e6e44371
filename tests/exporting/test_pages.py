"""Taking data away on the Data page, and bringing a project in on the Projects page."""

from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from backend import projects
from backend.api.filtering import Which, filter_of
from backend.labeling import stats
from db import decisions, jobs, origins
from db.items import Filter
from db.models import JobKind, Project, Split, Status
from db.session import reading, writing
from pages.data.download import as_query
from tests.archives.builders import a_full_project, archive_of


def opened(project: Project) -> AppTest:
    def page(project_id: int) -> None:
        from backend import projects
        from backend.labeling import stats
        from db.session import reading
        from pages.data.download import download

        with reading() as session:
            project = projects.get(session, project_id)
            counts = stats.progress(session, project)
        download(project, counts)

    app = AppTest.from_function(page, args=(project.id,), default_timeout=60).run()
    assert not app.exception
    return app


def links(app: AppTest) -> dict[str, str]:
    return {each.proto.label: each.proto.url for each in app.get("link_button")}


def test_the_usual_choice_is_one_link(home: Path, tmp_path: Path) -> None:
    project = a_full_project(tmp_path)
    with reading() as session:
        labeled = stats.progress(session, project)["labeled"]
    app = opened(project)
    assert links(app)[f"Download {labeled} items"] == f"/api/projects/{project.id}/export?format=csv&status=labeled"


def test_what_is_chosen_is_in_the_link(home: Path, tmp_path: Path) -> None:
    project = a_full_project(tmp_path)
    app = opened(project)
    app.radio(key="data-format").set_value("parquet").run()
    app.multiselect(key="data-fields").set_value(["labels", "gold"]).run()
    assert [each for each in links(app).values() if each.endswith("format=parquet&status=labeled&fields=labels%2Cgold")]
    app.radio(key="data-format").set_value("hf").run()
    assert [each for each in links(app).values() if each.endswith("format=hf&status=labeled")]


def test_the_filter_of_the_items_tab_can_be_taken(home: Path, tmp_path: Path) -> None:
    project = a_full_project(tmp_path)
    app = opened(project)
    app.session_state["data-filter"] = (project.id, Filter(text="heron"))
    app.run()
    choice: Any = app.get("button_group")[0]
    choice.set_value("As filtered on the Items tab").run()
    assert [each for each in links(app).values() if each.endswith("format=csv&text=heron")]


def test_the_api_understands_every_part_of_a_filter_as_the_page_sends_it(home: Path, tmp_path: Path) -> None:
    project = a_full_project(tmp_path)
    with writing() as session:
        first, second = projects.get(session, project.id).classes[:2]
        # Named as another one's id.
        first.name = str(second.id)
        [annotator] = [each for each in decisions.annotator_names(session, range(1, 9)).items() if each[1] == "Bob"]
        [origin] = [each for each in origins.of_project(session, project.id) if each.name == "letters.csv"]
        wanted = Filter(
            Status.LABELED, first.id, "heron", second.id, 0.0, 0.5, "gold", "none", annotator[0], origin.id,
            has_no_label=True,
        )  # fmt: skip
    assert None not in wanted.as_json().values()
    for each in (wanted, Filter(suggestion=first.id, split=Split.TEST), Filter()):
        sent = as_query(project, each)
        told = Which.model_validate(sent).model_dump()
        with reading() as session:
            assert filter_of(session, project.id, **told) == each


def test_a_push_without_a_name_says_what_is_wrong(home: Path, tmp_path: Path) -> None:
    app = opened(a_full_project(tmp_path))
    next(each for each in app.button if each.label == "Push").click().run()
    assert "no name of a dataset" in app.error[0].value


def test_a_project_is_brought_in_by_its_path(home: Path, tmp_path: Path) -> None:
    def page() -> None:
        from pages.projects.page import show

        show()

    path = archive_of(a_full_project(tmp_path), tmp_path)
    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    app.text_input(key="archive-path").set_value("/not/there.zip").run()
    app.button(key="archive-import").click().run()
    assert "There is no file" in app.error[0].value
    app.text_input(key="archive-path").set_value(str(path)).run()
    app.button(key="archive-import").click().run()
    assert not app.exception
    with reading() as session:
        assert jobs.in_states(session, jobs.ACTIVE)[-1].kind == JobKind.IMPORT
