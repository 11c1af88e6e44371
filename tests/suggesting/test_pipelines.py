"""The same model and the same items give the scores of transformers' own pipelines."""

from pathlib import Path

import numpy as np
import pytest

from backend.suggesting import job, nli, prompts
from db import projects as rows
from db.models import Project
from db.session import reading, writing
from tests.models.builders import a_small_bert, a_small_clip
from tests.suggesting.builders import a_news_project, a_text_project, an_image_project, items_of

LABELS = {"contradiction": 0, "neutral": 1, "entailment": 2}


def scores_of(project: Project, model_id: str, template: str) -> np.ndarray:
    with reading() as session:
        classes = rows.classes(session, project.id)
    score = job.scorer(project, classes, model_id, [template])
    return score([(item.content_hash, item.text) for item in items_of(project)])


def in_order(answers: list[dict], names: list[str]) -> np.ndarray:
    return np.array(
        [[dict(zip(each["labels"], each["scores"], strict=True))[name] for name in names] for each in answers]
    )


@pytest.mark.parametrize("multi_label", [False, True])
@pytest.mark.parametrize("label2id", [LABELS, {"ENTAILMENT": 0, "not": 1}])
def test_nli_scores_are_those_of_the_zero_shot_pipeline(
    home: Path, tmp_path: Path, multi_label: bool, label2id: dict[str, int]
) -> None:
    from transformers import pipeline

    model_id = a_small_bert(tmp_path / "nli", label2id)
    texts = ["a short one", "", "the striker scored twice " * 60, "shares fell"]
    project = a_text_project(texts, "sport", "money", "space", multi_label=multi_label)
    found = scores_of(project, model_id, "This example is {}.")
    reference = pipeline("zero-shot-classification", model=str(tmp_path / "nli"), device="cpu")
    names = ["sport", "money", "space"]
    # The pipeline refuses an empty text.
    kept = [0, 2, 3]
    expected = in_order([reference(texts[row], names, multi_label=multi_label) for row in kept], names)
    assert np.abs(found[kept] - expected).max() < 1e-3
    assert np.ptp(found) > 0.05, "the scores are all alike: the test would see nothing"
    if not multi_label:
        assert np.allclose(found.sum(1), 1, atol=1e-5)


def test_one_class_is_judged_by_entailment_against_contradiction(home: Path, tmp_path: Path) -> None:
    from transformers import pipeline

    model_id = a_small_bert(tmp_path / "nli", LABELS)
    score = nli.suggester(model_id, ["This example is sport."], multi_label=False)
    expected = pipeline("zero-shot-classification", model=str(tmp_path / "nli"), device="cpu")("a goal", ["sport"])
    assert abs(score([(b"?" * 32, "a goal")])[0, 0] - expected["scores"][0]) < 1e-3


def test_clip_scores_are_those_of_the_zero_shot_image_pipeline(home: Path, tmp_path: Path) -> None:
    from PIL import Image
    from transformers import pipeline

    from backend import blobs

    model_id = a_small_clip(tmp_path / "clip")
    project = an_image_project(4)
    found = scores_of(project, model_id, "This is a photo of {}.")
    reference = pipeline("zero-shot-image-classification", model=str(tmp_path / "clip"), device="cpu")
    names = ["square", "circle"]
    expected = []
    for item in items_of(project):
        answer = reference(Image.open(blobs.path_of(item.content_hash)), candidate_labels=names)
        expected.append([next(each["score"] for each in answer if each["label"] == name) for name in names])
    assert np.abs(found - np.array(expected)).max() < 1e-3
    assert np.ptp(found) > 0.01, "the scores are all alike: the test would see nothing"


def test_several_templates_are_averaged_as_vectors(home: Path, tmp_path: Path) -> None:
    from backend.encoding import encode
    from backend.suggesting import zero_shot

    model_id = a_small_clip(tmp_path / "clip")
    both = zero_shot.class_vectors(model_id, [["a photo of a heron", "a drawing of a heron"]])
    mean = encode.of_texts(model_id, ["a photo of a heron", "a drawing of a heron"]).mean(0)
    assert np.allclose(both[0], mean / np.linalg.norm(mean), atol=1e-6)


def test_a_description_becomes_part_of_the_prompt_and_names_are_read_as_words(home: Path) -> None:
    project = a_news_project()
    with writing() as session:
        classes = rows.classes(session, project.id)
        classes[0].description = "  matches, teams and\nplayers. "
        classes[1].name = "card_arrival"
        assert prompts.of(classes, ["About {}."], "embedding")[0] == ["About sport: matches, teams and players."]
        assert prompts.phrase(classes[1], "nli") == "card arrival"
        assert prompts.of(classes, prompts.CLIP_TEMPLATES, "clip")[2][0] == "This is a photo of space."
