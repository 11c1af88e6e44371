"""The same model and the same items give the scores of transformers' own pipelines."""

from pathlib import Path

import numpy as np
import pytest

from backend.suggesting import job, nli, prompts
from db import projects as rows
from db.models import Project
from db.session import reading, writing
from tests.models.builders import a_small_bert, a_small_clip, a_tokenizer
from tests.suggesting.builders import a_news_project, a_text_project, an_image_project, items_of

LABELS = {"contradiction": 0, "neutral": 1, "entailment": 2}


def scores_of(project: Project, model_id: str, template: str) -> np.ndarray:
    with reading() as session:
        classes = rows.classes(session, project.id)
    score = job.scorer(project, classes, model_id, [template])
    return score([(item.content_hash, item.text) for item in items_of(project)])


def a_small_siglip(folder: Path) -> str:
    import torch
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel

    torch.manual_seed(2)
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    words = size | {"vocab_size": 30_522, "max_position_embeddings": 64, "projection_size": 32, "pad_token_id": 0}
    model = SiglipModel(SiglipConfig(text_config=words, vision_config=size | {"image_size": 32, "patch_size": 8}))
    with torch.no_grad():
        model.logit_scale.fill_(3.0)
        model.logit_bias.fill_(-2.0)
    model.save_pretrained(folder)
    a_tokenizer(model_max_length=64, model_input_names=["input_ids"]).save_pretrained(folder)
    SiglipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return f"path:{folder}"


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
    score = nli.suggester(model_id, [["This example is sport."]], multi_label=False)
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


@pytest.mark.shared
@pytest.mark.parametrize("size", [None, (1600, 1200)])
def test_photos_that_are_decoded_smaller_keep_their_scores(
    home: Path, tmp_path: Path, shared: Path, size: tuple[int, int] | None
) -> None:
    import torch
    from PIL import Image
    from transformers import pipeline

    from backend import blobs
    from backend.models import load
    from backend.suggesting import clip

    model_id = a_small_clip(tmp_path / "clip")
    files = sorted((shared / "data" / "flower_photos" / "val").glob("*/*.jpg"))[:20]
    for number, file in enumerate(files):
        photo = Image.open(file).convert("RGB")
        # Winnow minds colour profiles, the pipeline does not.
        photo.info = {}
        files[number] = tmp_path / f"{number}.jpg"
        (photo.resize(size) if size else photo).save(files[number], quality=90)
    names = ["daisy", "rose", "tulip"]
    loaded = load.encoder(model_id)
    with torch.no_grad():
        # As steep for random vectors of 16 numbers as CLIP's 100 is for 512.
        loaded.model.logit_scale.fill_(np.log(100 * (16 / 512) ** 0.5))
    contents = [(blobs.put(file.read_bytes()), None) for file in files]
    found = clip.suggester(model_id, [[f"This is a photo of {name}."] for name in names], multi_label=False)(contents)
    reference = pipeline("zero-shot-image-classification", model=loaded.model, tokenizer=loaded.tokenizer,
                         image_processor=loaded.processor, device="cpu")  # fmt: skip
    answers = reference([str(file) for file in files], candidate_labels=names)
    expected = [[{each["label"]: each["score"] for each in answer}[name] for name in names] for answer in answers]
    assert np.abs(found - np.array(expected)).max() < 1e-3
    assert np.ptp(found, axis=0).max() > 0.05, "the scores are all alike: the test would see nothing"


def test_siglip_scores_are_those_of_the_zero_shot_image_pipeline(home: Path, tmp_path: Path) -> None:
    from PIL import Image
    from transformers import pipeline

    from backend import blobs

    model_id = a_small_siglip(tmp_path / "siglip")
    names = ["square", "circle"]
    project_id = an_image_project(4).id
    with writing() as session:
        project = session.get_one(Project, project_id)
        project.multi_label = True
    found = scores_of(project, model_id, "This is a photo of {}.")
    reference = pipeline("zero-shot-image-classification", model=str(tmp_path / "siglip"), device="cpu")
    answers = [reference(Image.open(blobs.path_of(item.content_hash)), candidate_labels=names)
               for item in items_of(project)]  # fmt: skip
    expected = np.array([[{each["label"]: each["score"] for each in one}[name] for name in names] for one in answers])
    # The pipeline's answers are for each class by itself: yes or no.
    assert np.abs(found - expected).max() < 1e-3
    assert np.ptp(found) > 0.01, "the scores are all alike: the test would see nothing"
    with writing() as session:
        session.get_one(Project, project.id).multi_label = False
        project.multi_label = False
    # Of one class an item the same logits compete.
    odds = np.log(expected / (1 - expected))
    competing = np.exp(odds) / np.exp(odds).sum(1, keepdims=True)
    assert np.abs(scores_of(project, model_id, "This is a photo of {}.") - competing).max() < 1e-3


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
