"""A recipe goes with the runs that were trained with it."""

from pathlib import Path

import pytest

from backend.augmenting import shelf
from db import runs
from db.session import reading, writing
from tests.archives.builders import a_full_project, archive_of, bring


@pytest.mark.parametrize(("kind", "transform"), [("text", "DropWords"), ("image", "RandomInvert")])
def test_a_run_comes_with_the_recipe_that_it_was_trained_with(
    home: Path, tmp_path: Path, kind: str, transform: str
) -> None:
    project = a_full_project(tmp_path, kind)
    with writing() as session:
        recipe = shelf.save(session, "Varied", [{"transform": transform}])
        runs.page(session, project.id, None, 10, with_archived=True)[0].spec = {
            "method": "full",
            "recipe_id": recipe.id,
        }
    path = archive_of(project, tmp_path)
    with writing() as session:
        changed = shelf.get(session, recipe.id)
        changed.name, changed.version = "Another", 5
    again = bring(path)
    with reading() as session:
        [run] = runs.page(session, again.id, None, 10, with_archived=True)
        brought = shelf.get(session, run.spec["recipe_id"])
    assert brought.id != recipe.id
    assert (brought.name, brought.version, brought.steps) == ("Varied", 1, recipe.steps)
