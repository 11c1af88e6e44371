"""What an entailment model said of a pair is asked for once, whatever stops on the way."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend import projects, suggesting
from backend.encoding import batches, records, vectors
from backend.jobs import control
from backend.jobs.progress import Handle
from backend.models import load
from backend.suggesting import job as suggest_job
from backend.suggesting import nli
from backend.suggesting.protocol import Content
from db.models import Job, LabelClass, Project
from db.session import reading, writing
from tests.models.builders import a_small_bert, a_tokenizer
from tests.suggesting.builders import a_news_project, a_text_project, run, suggested

LABELS = {"contradiction": 0, "neutral": 1, "entailment": 2}
TEXTS = ["a short one", "", "the striker scored twice", "shares fell"]
Judged = list[int]


@pytest.fixture
def model_id(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    # A few pairs a pass, so that something can stop between two.
    monkeypatch.setattr(nli, "START_TOKENS", 60)
    monkeypatch.setattr(batches, "_sizes", {})
    return a_small_bert(tmp_path / "nli", LABELS)


@pytest.fixture
def judged(model_id: str, monkeypatch: pytest.MonkeyPatch) -> Judged:
    """How many pairs each pass of the model had."""
    passes: Judged = []
    model = load.entailment(model_id).model
    forward = model.forward

    def counted(**inputs: Any) -> Any:
        passes.append(len(inputs["input_ids"]))
        return forward(**inputs)

    monkeypatch.setattr(model, "forward", counted)
    return passes


def contents_of(texts: Sequence[str]) -> list[Content]:
    return [(sha256(text.encode()).digest(), text) for text in texts]


def scores(model_id: str, *names: str, texts: Sequence[str] = TEXTS, template: str = "It is {}.") -> np.ndarray:
    prompts = [[template.replace("{}", name)] for name in names]
    return nli.suggester(model_id, prompts, multi_label=False)(contents_of(texts))


def queued(project: Project, model_id: str, **how: Any) -> Job:
    with writing() as session:
        return suggesting.start(session, projects.get(session, project.id), "zero_shot", model_id, **how)


def test_the_second_time_the_model_is_not_asked(model_id: str, judged: Judged) -> None:
    first = scores(model_id, "sport", "money")
    assert sum(judged) == 8
    assert np.array_equal(scores(model_id, "sport", "money"), first)
    assert np.array_equal(scores(model_id, "money", "sport"), first[:, ::-1])
    assert sum(judged) == 8


def test_another_class_costs_only_its_own_pairs(model_id: str, judged: Judged) -> None:
    scores(model_id, "sport", "money")
    grown = scores(model_id, "sport", "space", "money")
    assert sum(judged) == 8 + 4
    records._indexes.clear()
    vectors.path_of(model_id, "logits").unlink()
    assert np.allclose(scores(model_id, "sport", "space", "money"), grown, atol=1e-5)


def test_a_changed_template_asks_anew_and_the_old_one_is_still_known(model_id: str, judged: Judged) -> None:
    first = scores(model_id, "sport", "money")
    scores(model_id, "sport", "money", template="About {}.")
    assert sum(judged) == 16
    assert np.array_equal(scores(model_id, "sport", "money"), first)
    assert sum(judged) == 16


def test_classes_of_the_same_words_are_judged_once_and_alike(model_id: str, judged: Judged) -> None:
    found = scores(model_id, "sport", "sport")
    assert sum(judged) == 4
    assert np.allclose(found, 0.5)


def test_several_prompts_of_a_class_are_averaged(model_id: str) -> None:
    contents = contents_of(TEXTS)
    prompts = [["It is sport.", "About sport."], ["It is money."]]
    asked = (np.array([0, 0, 3]), np.array([0, 1, 0]))
    both = nli.logits(model_id, contents, prompts, asked)
    single = [nli.logits(model_id, contents, [[prompt]], (np.array([0, 3]), np.array([0, 0]))) for prompt in prompts[0]]
    assert np.allclose(both[[0, 2]], (single[0] + single[1]) / 2, atol=1e-6)


@pytest.mark.parametrize("damage", ["record", "tail", "header"])
def test_a_damaged_cache_is_noticed_and_computed_again(model_id: str, judged: Judged, damage: str) -> None:
    first = scores(model_id, "sport", "money")
    path = vectors.path_of(model_id, "logits")
    content = bytearray(path.read_bytes())
    size = records.record_type(3).itemsize
    if damage == "record":
        content[records.HEADER_BYTES + size + 40] ^= 0xFF
    elif damage == "header":
        content[:20] = bytes(20)
    path.write_bytes(content[:-7] if damage == "tail" else content)
    records._indexes.clear()
    judged.clear()
    assert np.allclose(scores(model_id, "sport", "money"), first, atol=1e-5)
    assert sum(judged) == (8 if damage == "header" else 1)


def test_a_killed_job_does_not_ask_again_what_it_had_heard(
    model_id: str, judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = a_news_project()
    job = queued(project, model_id)
    handle = Handle(job)

    def die(done: int, *_: Any) -> None:
        if done >= 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(handle, "report", die)
    with pytest.raises(KeyboardInterrupt):
        suggest_job.run(handle)
    before = sum(judged)
    assert 0 < before < 54
    with reading() as session:
        job = control.get(session, job.id)
    run(job)
    assert sum(judged) == 18 * 3
    assert len(suggested(project)) == 18


def test_progress_is_said_within_a_page_in_items(model_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    handle = Handle(queued(a_news_project(), model_id))
    said: list[tuple[int, int]] = []
    monkeypatch.setattr(handle, "report", lambda done, total: said.append((done, total)))
    suggest_job.run(handle)
    assert said == sorted(said)
    assert len({done for done, _ in said}) > 4
    assert (said[0], said[-1]) == ((0, 18), (18, 18))


def test_a_job_after_a_new_class_asks_only_about_that(model_id: str, judged: Judged) -> None:
    project = a_news_project()
    run(queued(project, model_id))
    with writing() as session:
        session.add(LabelClass(project_id=project.id, name="weather", position=9, key="9", color="#000000"))
    run(queued(project, model_id))
    assert sum(judged) == 18 * 4


def test_a_text_of_a_hundred_thousand_words_is_cut_before_it_is_tokenized(
    model_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load.entailment(model_id)
    longest = 0
    encode_batch = type(loaded.tokenizer)._encode_plus

    def watched(self: Any, text: Any, *rest: Any, **how: Any) -> Any:
        nonlocal longest
        longest = max([longest, *(len(each) for each in (text if isinstance(text, list) else [text]))])
        return encode_batch(self, text, *rest, **how)

    monkeypatch.setattr(type(loaded.tokenizer), "_encode_plus", watched)
    found = scores(model_id, "sport", "money", texts=["word " * 100_000, "word " * 5_000])
    assert 0 < longest <= loaded.max_tokens * 50
    assert np.allclose(found[0], found[1], atol=1e-5)


def test_five_hundred_classes_are_scored(model_id: str) -> None:
    names = [f"topic {number}" for number in range(500)]
    found = scores(model_id, *names, texts=["shares fell"])
    assert found.shape == (1, 500)
    assert np.isclose(found.sum(), 1, atol=1e-4)


def test_a_job_of_five_hundred_classes_lets_the_model_judge_a_few_of_them(model_id: str, judged: Judged) -> None:
    project = a_text_project(["shares fell", "", "word " * 100_000], *(f"topic {number}" for number in range(500)))
    run(queued(project, model_id))
    assert sum(judged) == 3 * 8
    assert all(len(each.scores) == 4 * 500 for each in suggested(project).values())


def test_a_mark_of_an_end_that_somebody_wrote_is_not_the_end_for_bart(home: Path, tmp_path: Path) -> None:
    from transformers import BartConfig, BartForSequenceClassification

    marks = {"pad_token_id": 0, "bos_token_id": 101, "eos_token_id": 102, "decoder_start_token_id": 102}
    size = {f"{side}_{what}": 2 for side in ("encoder", "decoder") for what in ("layers", "attention_heads", "ffn_dim")}
    names = {"label2id": LABELS, "id2label": {index: name for name, index in LABELS.items()}}
    config = BartConfig(vocab_size=30_522, d_model=16, max_position_embeddings=64, **size, **marks, **names)
    BartForSequenceClassification(config).save_pretrained(tmp_path / "bart")
    a_tokenizer(model_max_length=64).save_pretrained(tmp_path / "bart")
    found = scores(f"path:{tmp_path / 'bart'}", "sport", "money", texts=["old [SEP] prices", "old prices"])
    assert np.allclose(found[0], found[1], atol=1e-6)


def test_scores_of_another_precision_are_kept_apart(
    model_id: str, judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = scores(model_id, "sport", "money")
    name = vectors.path_of(model_id, "logits").name
    monkeypatch.setattr(load, "precision", lambda: load.BF16)
    # What is known is good enough, until something has to be computed.
    assert np.array_equal(scores(model_id, "sport", "money"), exact)
    rough = scores(model_id, "sport", "money", texts=[*TEXTS, "another"])[:4]
    assert vectors.path_of(model_id, "logits").name != name
    assert 0 < np.abs(rough - exact).max() < 0.1
    assert sum(judged) == 8 + 10
