"""What a run's settings may be, and what is said when they cannot work."""

from pathlib import Path
from typing import Any

import pytest

from backend import errors
from backend.training import runs, setting, spec
from db import runs as rows
from db.models import Project
from db.session import Session
from tests.training import builders
from tests.training.builders import a_labeled_item, a_project


def labeled(session: Session, **counts: int) -> Project:
    project = a_project(session, list(counts))
    for name, count in counts.items():
        for number in range(count):
            a_labeled_item(session, project, f"a {name} {number}", name)
    return project


def images(session: Session) -> Project:
    project = a_project(session, ["round", "square"], "image")
    for number in range(8):
        name = ("round", "square")[number % 2]
        a_labeled_item(session, project, builders.drawn(name, number), name)
    return project


def test_what_is_left_out_is_chosen_and_kept(session: Session) -> None:
    run = runs.start(session, labeled(session, wren=9, owl=9), {"method": "full"})
    assert run.spec["base"] == "bundled:minilm"
    assert run.spec["max_length"] == 32
    assert run.spec["epochs"] > 1
    assert run.spec["learning_rate"] > 0
    assert (run.spec["seed"], run.spec["preset"]) == (0, "balanced")
    assert run.name == "Full on MiniLM 1"
    assert run.job_id


def test_more_time_means_more_epochs(session: Session) -> None:
    project = labeled(session, wren=9, owl=9)
    epochs = [spec.complete(session, project, {"method": "lora", "preset": each})["epochs"] for each in setting.PRESETS]
    assert epochs == sorted(set(epochs))


def test_a_head_has_no_settings_of_a_loop(session: Session) -> None:
    found = spec.complete(session, labeled(session, wren=9, owl=9), {"method": "head", "epochs": 3, "seed": 5})
    assert "epochs" not in found
    assert found["seed"] == 5


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"methods": "full"}, 'no setting "methods"'),
        ({"method": "magic"}, "not a method"),
        ({"method": "full", "learning_rate": -0.1}, '"learning_rate" is -0.1, and must be between'),
        ({"method": "full", "learning_rate": float("nan")}, "must be between"),
        ({"method": "full", "epochs": 0}, "must be between 1 and 1000"),
        ({"method": "full", "epochs": "many"}, "must be a whole number"),
        ({"method": "full", "epochs": True}, "must be a whole number"),
        ({"method": "full", "learning_rate": 10**400}, "must be a number"),
        ({"base": "bundled:gpt"}, 'no base "bundled:gpt"'),
        ({"base": "bundled:compact-resnet", "method": "full"}, "is for images; this project has texts"),
        ({"method": "full", "recipe_id": 1}, "no recipe 1"),
        ({"recipe_id": 1}, "vectors of the texts as they are; a recipe would change nothing"),
        ({"method": "full", "image_size": 64}, '"image_size" is for images'),
        ({"method": "full", "max_length": 4096}, "reads at most 512 tokens"),
    ],
)
def test_what_cannot_work_is_refused_before_there_is_a_run(session: Session, told: dict[str, Any], words: str) -> None:
    project = labeled(session, wren=5, owl=5)
    with pytest.raises(errors.BadSpec) as raised:
        runs.start(session, project, told)
    assert words in raised.value.message
    assert raised.value.hint
    assert rows.count(session, project.id) == 0


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"method": "lora"}, "has learned nothing yet"),
        ({"method": "head", "base": "bundled:compact-resnet"}, "has learned nothing yet"),
        ({"method": "full", "base": "bundled:descriptor"}, "cannot be fine-tuned"),
        ({"method": "full", "base": "bundled:minilm"}, "is for texts"),
        ({"method": "full", "recipe_id": 77}, "no recipe 77"),
        ({"method": "head", "recipe_id": 77}, "a recipe would change nothing"),
    ],
)
def test_what_cannot_work_with_images_is_refused(session: Session, told: dict[str, Any], words: str) -> None:
    with pytest.raises(errors.BadSpec, match=words):
        runs.start(session, images(session), told)


def test_lora_on_a_network_without_attention_is_refused(session: Session, tmp_path: Path) -> None:
    base = builders.a_tiny_mobilenet(tmp_path / "mobilenet")
    with pytest.raises(errors.BadSpec, match="no attention layers"):
        runs.start(session, images(session), {"method": "lora", "base": base})


def test_a_model_that_is_not_on_this_machine_is_named_with_its_size(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    project, told = (
        labeled(session, wren=5, owl=5),
        {"method": "full", "base": "hub:distilbert/distilbert-base-uncased"},
    )
    with pytest.raises(errors.ModelNotHere, match="268 MB"):
        runs.start(session, project, told)


def test_too_few_labels_are_named_class_by_class(session: Session) -> None:
    project = labeled(session, wren=9, owl=9, heron=3, gull=0)
    with pytest.raises(errors.TooFewLabels) as raised:
        runs.start(session, project, {})
    assert raised.value.message == (
        '"heron" has 3 labels and "gull" has none; training needs at least 4 in every class.'
    )
    assert "allow_missing_classes" in raised.value.hint
    assert runs.start(session, project, {"allow_missing_classes": True}).spec["allow_missing_classes"]


def test_one_class_alone_cannot_be_learned(session: Session) -> None:
    with pytest.raises(errors.TooFewLabels, match="at least 2 such classes"):
        runs.start(session, labeled(session, wren=9, owl=1), {"allow_missing_classes": True})
