"""What a run's settings may be, and what is said when they cannot work."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import select

from backend import errors, settings
from backend.jobs import devices
from backend.jobs.devices import Device
from backend.training import estimate, runs, setting, spec
from db import runs as rows
from db import session as database
from db.models import Item, Label, LabelClass, Project, Split, Status
from db.session import Session, writing
from tests.training import bases, builders
from tests.training.builders import a_labeled_item, a_project

CPU = Device("cpu", "processor", 16 * 2**30)


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


def test_an_empty_base_is_none(session: Session) -> None:
    assert spec.complete(session, labeled(session, wren=9, owl=9), {"base": ""})["base"] == "bundled:minilm"


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
    base = bases.a_tiny("resnet", tmp_path / "resnet")
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


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"method": "head", "focal_gamma": 2}, "focal gamma would change nothing"),
        ({"method": "head", "sampling": "balanced"}, "sampling would change nothing"),
        ({"method": "full", "quantization": "4bit"}, "only adapters beside it"),
        ({"method": "lora", "quantization": "4bit"}, "needs an NVIDIA GPU"),
        ({"method": "full", "devices": 2}, "This machine has 1 device"),
        ({"method": "full", "precision": "fp16"}, "fp16 needs a GPU"),
        ({"method": "full", "frozen_layers": 7}, "has 6 layers; 7 cannot stay as they are"),
        ({"method": "full", "folds": 1}, "at least"),
        ({"method": "full", "seed": 10**5000}, "a number of more than 15 digits"),
        ({"method": "full", "epochs": [10**5000]}, "too long to write"),
        ({"method": "full", "learning_rate": float("inf")}, "must be between"),
        ({"method": "m" * 5000}, "not a method"),
        ({"n" * 5000: 1}, "no setting"),
    ],
)
def test_what_does_not_go_together_is_refused_in_a_short_sentence(
    session: Session, monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], words: str
) -> None:
    monkeypatch.setattr(devices, "found", lambda: (CPU,))
    with pytest.raises(errors.BadSpec) as raised:
        spec.complete(session, labeled(session, wren=5, owl=5), told)
    assert words in f"{raised.value.message} {raised.value.hint}"
    assert raised.value.hint
    assert len(raised.value.message) < 250


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"method": "full", "long_texts": "windows"}, '"long_texts" is for texts'),
        ({"method": "full", "frozen_layers": 1}, "would never learn"),
        ({"method": "full", "gradient_checkpointing": True}, "cannot compute twice"),
    ],
)
def test_what_an_untrained_network_for_images_has_no_use_for_is_refused(
    session: Session, told: dict[str, Any], words: str
) -> None:
    with pytest.raises(errors.BadSpec, match=words):
        spec.complete(session, images(session), told)


def test_settings_of_a_loop_that_change_nothing_for_a_head_are_left_out(session: Session) -> None:
    told = {"method": "head", "focal_gamma": 0, "sampling": "shuffled", "batch_size": 8, "long_texts": "start"}
    assert "batch_size" not in spec.complete(session, labeled(session, wren=5, owl=5), told)


def test_a_class_whose_items_are_all_for_the_test_is_named(session: Session) -> None:
    project = labeled(session, wren=6, owl=6)
    for item in session.scalars(select(Item).where(Item.text.like("a owl%"))):
        item.split = Split.TEST
    with pytest.raises(errors.TooFewLabels, match='All labeled items of "owl" are for validation and test'):
        spec.complete(session, project, {})
    a_labeled_item(session, project, "an owl more", "owl")
    assert spec.complete(session, project, {})["method"] == "head"


def test_a_thousand_classes_are_trained_when_each_has_labels_and_named_in_short_when_not(session: Session) -> None:
    project = a_project(session, ["class 0"])
    session.add_all(
        LabelClass(project_id=project.id, name=f"class {n}", position=n, color="#888") for n in range(1, 1000)
    )
    session.flush()
    session.refresh(project)
    with pytest.raises(errors.TooFewLabels) as raised:
        spec.complete(session, project, {"method": "full"})
    assert "995 more classes have too few" in raised.value.message
    for number, each in enumerate(project.classes):
        items = [
            Item(
                project_id=project.id,
                content_hash=bytes([number // 256, number % 256, n]) + bytes(29),
                text=f"text {number} {n}",
                status=Status.LABELED,
            )
            for n in range(4)
        ]
        session.add_all(items)
        session.flush()
        session.add_all([Label(item_id=item.id, class_id=each.id) for item in items])
    session.flush()
    began = time.monotonic()
    whole = spec.complete(session, project, {"method": "full"})
    estimate.of(session, project, whole)
    assert time.monotonic() - began < 2
    assert whole["folds"] == 0


RUBBISH = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["best", "full", "lora", "path:", "path:/", "hub:a/b", "hub:", "bundled:descriptor", 10**400, -1]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=1),
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, list[Project]]]:
    """Projects of both kinds in one session: for many examples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINNOW_HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("WINNOW_DATABASE_URL", raising=False)
        database.migrate(settings.database_url())
        database.open_database(settings.database_url())
        with writing() as session:
            yield session, [labeled(session, wren=5, owl=5), images(session)]
        database.close()


def completed(session: Session, project: Project, told: dict[str, Any]) -> dict[str, Any] | errors.WinnowError:
    try:
        return spec.complete(session, project, told)
    except errors.WinnowError as error:
        return error


@examples(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from(sorted(setting.BY_NAME)) | st.text(max_size=8), RUBBISH, max_size=4),
    st.integers(0, 1),
)
def test_rubbish_gives_a_whole_spec_or_a_sentence_and_never_anything_else(
    kept: tuple[Session, list[Project]], told: dict[str, Any], which: int
) -> None:
    session, projects = kept
    whole = completed(session, projects[which], told)
    if isinstance(whole, errors.WinnowError):
        assert whole.message
        assert whole.hint
        return
    expected = {each.name for each in setting.SETTINGS if whole["method"] in each.methods}
    of_kind = {name for name in expected if projects[which].kind in setting.BY_NAME[name].kinds}
    assert of_kind - set(whole) <= {"recipe_id", "lora_rank"}
    assert estimate.of(session, projects[which], whole).memory_bytes > 0
