"""The studio's questions over HTTP, answered by the real assistant."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from backend.api.app import create
from backend.jobs import ask
from db.models import Project, Run
from db.session import writing
from tests.explore.builders import a_project, an_image, an_item

FLIP = [{"transform": "RandomHorizontalFlip", "probability": 1.0}]


@pytest.fixture
def api(home) -> Iterator[TestClient]:
    yield TestClient(create())
    ask.end()


@pytest.fixture
def project(home) -> Project:
    with writing() as session:
        project = a_project(session, "image")
        for number in range(3):
            pixels = np.random.default_rng(number).integers(0, 255, (40, 50, 3)).astype(np.uint8)
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, "PNG")
            an_image(session, project, file.getvalue(), f"{number}.png", label="bird" if number else None)
        return project


def test_a_preview_names_its_rows_and_says_what_size_and_base_it_is_for(api, project):
    wanted = {"steps": FLIP, "samples": 2}
    answer = api.post(f"/projects/{project.id}/augmentations/preview", json=wanted).json()
    assert [row["title"] for row in answer["rows"]] == ["bird", "0.png", "bird"]
    assert all(len(row["samples"]) == 2 and row["original"] for row in answer["rows"])
    assert answer["size"] > 0
    assert answer["base"] == "bundled:compact-resnet"
    again = api.post(f"/projects/{project.id}/augmentations/preview", json=wanted | {"size": answer["size"]}).json()
    assert again["rows"] == answer["rows"]


def test_the_python_and_the_preview_come_from_the_same_steps(api, project):
    told = api.post(f"/projects/{project.id}/augmentations/python", json={"steps": FLIP, "size": 32}).json()["python"]
    assert "RandomHorizontalFlip(p=1.0)" in told
    compile(told, "shown", "exec")


def test_a_recipe_of_the_other_kind_a_foreign_item_and_a_run_without_pictures_are_refused(api, project):
    with writing() as session:
        texts = a_project(session, "text")
        foreign = an_item(session, texts, "elsewhere").id
        run = Run(project_id=project.id, name="head", spec={"method": "head", "seed": 0, "base": "bundled:descriptor"})
        session.add(run)
        session.flush()
        run_id = run.id
    path = f"/projects/{project.id}/augmentations/preview"
    for wanted, status in (
        ({"item_ids": [foreign]}, 404),
        ({"run_id": run_id}, 422),
        ({"run_id": 999}, 404),
        ({"rows": "alphabet"}, 422),
        ({"steps": [{"transform": "eval"}]}, 422),
        ({"item_ids": list(range(1, 30))}, 422),
        ({"samples": 99}, 422),
    ):
        answer = api.post(path, json=wanted)
        assert answer.status_code == status, wanted
        assert answer.json()["error"]["message"]
    answer = api.post(f"/projects/{texts.id}/augmentations/preview", json={"steps": FLIP})
    assert "pictures" in answer.json()["error"]["message"]


def test_an_empty_project_has_no_rows(api):
    with writing() as session:
        empty = a_project(session, "image")
    assert api.post(f"/projects/{empty.id}/augmentations/preview", json={"steps": FLIP}).json()["rows"] == []
