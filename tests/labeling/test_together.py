"""Eight people label over HTTP while an import writes to the same database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db import projects
from db.models import Project
from db.session import reading, writing
from tests.e2e.conftest import App
from tests.labeling import annotators
from tests.labeling.builders import a_project, some_items

PEOPLE = 8
EVENTS = 2000
IMPORTED = 20_000


@pytest.fixture
def server(home: Path) -> Iterator[App]:
    app = App(home)
    app.start()
    yield app
    app.stop()
    app.end_jobs()


@pytest.fixture
def project(home: Path) -> tuple[Project, list[int]]:
    with writing() as session:
        project = a_project(session, "bird", "cat", "dog")
        items = [item.id for item in some_items(session, project, EVENTS)]
        assert project.classes
    return project, items


def test_eight_people_and_an_import_at_once_lose_nothing_and_meet_no_lock(server, home, tmp_path, project):
    project, items = project
    class_ids = [each.id for each in project.classes]
    texts = [f"imported {number}" for number in range(IMPORTED)]
    importing = annotators.start_import(server.url, project.id, tmp_path / "new.csv", texts)
    shares = [items[person::PEOPLE] for person in range(PEOPLE)]
    sent = annotators.label_at_once(server.url, project.id, class_ids, shares)
    annotators.ended(server.url, importing)
    annotators.check(home, sent)
    with reading() as session:
        assert projects.count_items(session, project.id) == EVENTS + IMPORTED
