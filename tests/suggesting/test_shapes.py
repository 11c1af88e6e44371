"""A CLIP that was trained for some seconds on drawn shapes names others that it never saw, all the way through."""

import random
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from backend import blobs, projects, suggesting
from db.models import Item, Project, SuggestionSet
from db.session import reading, writing
from tests.suggesting.builders import class_id, items_of, run, suggested
from tests.suggesting.drawn import COLOURS, SHAPES, a_trained_clip, as_png, draw

EACH = 6


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    return a_trained_clip(tmp_path_factory.mktemp("clip"))


def a_project(*names: str, truth: str) -> Project:
    """Held-out shapes: their seed is none that was trained on. `truth`: "both", "colour" or "shape"."""
    chance = random.Random(10_000)
    with writing() as session:
        project = projects.create(session, f"Drawn {uuid4()}", "image", class_names=names)
        for colour in COLOURS:
            for shape in SHAPES:
                source = {"both": f"{colour} {shape}", "colour": colour, "shape": shape}[truth]
                for _ in range(EACH):
                    put = blobs.put(as_png(draw(colour, shape, chance)))
                    session.add(Item(project_id=project.id, content_hash=put, media_type="image/png", source=source))
        return project


def accuracy(project: Project, model: str, templates: list[str] | None = None) -> float:
    with writing() as session:
        job = suggesting.start(session, projects.get(session, project.id), "zero_shot", model, templates)
    run(job)
    found = suggested(project)
    items = items_of(project)
    assert len(found) == len(items)
    return float(np.mean([found[item.id].class_id == class_id(project, item.source) for item in items]))


def test_a_trained_clip_names_held_out_shapes_far_above_chance(home: Path, clip: str) -> None:
    names = [f"{colour} {shape}" for colour in COLOURS for shape in SHAPES]
    # Chance is one in 16.
    assert accuracy(a_project(*names, truth="both"), clip) > 0.45


def test_templates_say_what_the_words_alone_do_not(home: Path, clip: str) -> None:
    project = a_project(*COLOURS, truth="colour")
    templates = ["a photo of a {} circle", "a {} square", "the {} triangle", "a {} bar"]
    assert accuracy(project, clip, templates) > 0.9
    with reading() as session:
        used = session.get_one(SuggestionSet, projects.get(session, project.id).suggestion_set_id)
    assert used.model == clip
    assert "the {} triangle" in used.prompts["templates"]
