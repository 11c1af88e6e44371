"""The Data page as Streamlit runs it: empty, with items, with a report, with what people paste."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from backend import importing
from backend.importing import job as importing_job
from backend.jobs.progress import Handle
from db import jobs as rows
from db.models import JobState, Project
from db.session import reading, writing
from tests import pages
from tests.importing.builders import a_file, a_project, an_image, import_now

HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$ `code`"


def opened(project: Project, **query: str) -> AppTest:
    return pages.opened("pages.data.page", project, **query)


def imported(project: Project, path: Path) -> int:
    """Import as the worker does, and leave the job done, with its report."""
    with writing() as session:
        job = importing.start(session, project, {"path": str(path)})
    report = importing_job.run(Handle(job))
    with writing() as session:
        rows.move(session, job.id, JobState.DONE, of=[JobState.QUEUED], report=report)
    return job.id


def words(app: AppTest) -> str:
    return " ".join(str(each.value) for each in (*app.markdown, *app.caption, *app.info, *app.error))


def test_an_empty_project_invites_to_add_data(home: Path) -> None:
    app = opened(a_project())
    assert "This project has no texts yet" in words(app)
    assert not app.tabs


def test_items_are_shown_with_hostile_text_as_text(home: Path) -> None:
    project = a_project()
    import_now(project, texts=[HOSTILE, "a heron"])
    app = opened(project)
    assert [tab.label for tab in app.tabs] == ["Items", "Add data", "Near-duplicates", "Bin", "Download"]
    assert list(app.dataframe[0].value["Text"]) == [HOSTILE, "a heron"]
    assert "onerror" not in words(app)


def test_the_report_of_an_import_names_the_unknown_labels_and_the_rejected(home: Path, tmp_path: Path) -> None:
    project = a_project()
    job_id = imported(project, a_file(tmp_path, "a.csv", "text,label\none,dog\n  ,cat\ntwo,bird\n"))
    app = opened(project, job=str(job_id))
    assert "no class of this project" in app.info[0].value
    assert list(app.dataframe[0].value["Why"]) == ["The text is empty."]


def test_a_report_that_was_read_is_folded_away(home: Path, tmp_path: Path) -> None:
    project = a_project()
    job_id = imported(project, a_file(tmp_path, "a.csv", "text,label\none,dog\n"))
    app = opened(project, job=str(job_id))
    assert app.metric
    app.button(key=f"close-{job_id}").click().run()
    assert not app.exception
    assert "job" not in app.query_params
    assert next(each for each in app.button if each.label == "Label them")


def test_pages_of_fifty_follow_each_other(home: Path) -> None:
    project = a_project()
    import_now(project, texts=[f"text {number}" for number in range(120)])
    app = opened(project)
    for first in ("text 50", "text 100"):
        next(button for button in app.button if button.label == "Next").click().run()
        assert app.dataframe[0].value["Text"][0] == first
    assert next(button for button in app.button if button.label == "Next").disabled
    app.text_input(key="data-words").set_value("text 7").run()
    assert app.dataframe[0].value["Text"][0] == "text 7"


def test_a_path_that_is_not_there_is_said_and_a_table_shows_its_columns(home: Path, tmp_path: Path) -> None:
    app = opened(a_project())
    app.segmented_control(key="data-way").set_value("path").run()
    app.text_input(key="data-path").set_value(str(tmp_path / "nowhere")).run()
    assert "no file or folder" in app.error[0].value
    path = a_file(tmp_path, "a.csv", "id,message,kind\n1,a heron,bird\n2,a tom,cat\n")
    app.text_input(key="data-path").set_value(str(path)).run()
    assert not app.exception
    assert app.multiselect[0].value == ["message"]
    assert app.multiselect[1].value == ["kind"]
    next(button for button in app.button if button.label == "Import").click().run()
    with reading() as session:
        [job] = rows.in_states(session, [JobState.QUEUED])
    assert job.spec["columns"] == {"text": ["message"], "label": "kind", "header": True}


def test_a_project_of_images_shows_them_without_an_exception(home: Path, tmp_path: Path) -> None:
    project = a_project("image")
    a_file(tmp_path, "in/bird/1.png", an_image())
    import_now(project, path=str(tmp_path / "in"))
    opened(project)
