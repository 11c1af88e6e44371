"""With many classes an entailment model judges those that the encoder finds likely."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend import projects, suggesting
from backend.encoding import encode
from backend.models.catalogue import MINILM
from backend.suggesting import nli, rerank, zero_shot
from backend.suggesting.protocol import Content, Scores
from db.models import SuggestionSet
from db.session import reading, writing
from tests.models.builders import a_small_bert
from tests.suggesting.builders import a_text_project, run, set_in_use

NAMES = ("sport", "money", "space", "cooking", "gardens", "law", "music", "weather", "travel", "health")
TEXTS = ("the striker scored twice in the final", "shares fell on the stock market", "the rocket reached orbit")
CONTENTS: list[Content] = [(sha256(text.encode()).digest(), text) for text in TEXTS]
WORDS = [[name] for name in NAMES]
HYPOTHESES = [[f"This example is {name}."] for name in NAMES]


@pytest.fixture
def model_id(home: Path, tmp_path: Path) -> str:
    return a_small_bert(tmp_path / "nli", {"contradiction": 0, "neutral": 1, "entailment": 2})


def embedded(*, multi_label: bool) -> Scores:
    classes = zero_shot.class_vectors(MINILM, WORDS)
    return zero_shot.scores(encode.ensure(MINILM, CONTENTS), classes, multi_label=multi_label)


def judged(model_id: str, row: int, classes: Sequence[int], *, multi_label: bool) -> Scores:
    asked = [HYPOTHESES[each] for each in classes]
    return nli.suggester(model_id, asked, multi_label=multi_label)([CONTENTS[row]])[0]


@pytest.mark.parametrize("multi_label", [False, True])
def test_the_likely_classes_share_their_probability_as_the_entailment_model_says(
    model_id: str, multi_label: bool
) -> None:
    found = rerank.suggester(model_id, MINILM, HYPOTHESES, WORDS, 3, multi_label=multi_label)(CONTENTS)
    first = embedded(multi_label=multi_label)
    for row in range(len(TEXTS)):
        best = np.argsort(-first[row])[:3]
        rest = np.setdiff1d(np.arange(len(NAMES)), best)
        share = 1 if multi_label else first[row, best].sum()
        assert np.allclose(found[row, best], share * judged(model_id, row, best, multi_label=multi_label), atol=1e-5)
        assert np.array_equal(found[row, rest], first[row, rest])
    assert multi_label or np.allclose(found.sum(1), 1, atol=1e-5)


def test_one_class_alone_keeps_its_share(model_id: str) -> None:
    found = rerank.suggester(model_id, MINILM, HYPOTHESES, WORDS, 1, multi_label=False)(CONTENTS)
    assert np.allclose(found, embedded(multi_label=False), atol=1e-6)


@pytest.mark.parametrize(
    ("asked", "count", "expected"),
    [(None, 8, None), (None, 9, 8), (None, 500, 8), (0, 500, None), (3, 5, 3), (5, 5, None), (9, 5, None)],
)
def test_many_classes_are_few_for_the_entailment_model_unless_all_are_asked_for(
    asked: int | None, count: int, expected: int | None
) -> None:
    assert rerank.chosen(asked, count) == expected


@pytest.mark.parametrize(
    ("asked", "said"),
    [(None, {"top_classes": 8, "encoder": MINILM}), (0, {}), (2, {"top_classes": 2, "encoder": MINILM})],
)
def test_a_set_says_how_many_classes_were_judged(model_id: str, asked: int | None, said: dict[str, Any]) -> None:
    project = a_text_project(TEXTS, *NAMES)
    with writing() as session:
        job = suggesting.start(session, projects.get(session, project.id), "zero_shot", model_id, top_classes=asked)
    run(job)
    with reading() as session:
        prompts = session.get_one(SuggestionSet, set_in_use(project)).prompts
    assert {name: prompts[name] for name in ("top_classes", "encoder") if name in prompts} == said
