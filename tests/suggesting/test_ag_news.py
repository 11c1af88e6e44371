"""Real news, the real MiniLM: how good suggestions are before the first label and after a hundred."""

import csv
from pathlib import Path

import numpy as np
import pytest

from backend.encoding import encode
from backend.models.catalogue import MINILM
from backend.suggesting import head, prompts, zero_shot
from db.models import LabelClass

pytestmark = pytest.mark.shared
NAMES = ["World", "Sports", "Business", "Sci/Tech"]
DESCRIPTIONS = ["international politics, war and elections", "games, teams, players and results",
                "companies, markets and the economy", "science, computers, the internet and space"]  # fmt: skip
ROWS, LABELS = 800, 100


@pytest.fixture
def news(home: Path, shared: Path) -> tuple[np.ndarray, np.ndarray]:
    with (shared / "data" / "ag_news" / "test.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    chosen = np.random.default_rng(7).permutation(len(rows))[:ROWS]
    vectors = encode.of_texts(MINILM, [f"{rows[row][1]} {rows[row][2]}" for row in chosen])
    return vectors, np.array([int(rows[row][0]) - 1 for row in chosen])


def before_labels(vectors: np.ndarray, descriptions: list[str]) -> np.ndarray:
    classes = [LabelClass(name=name, description=text) for name, text in zip(NAMES, descriptions, strict=True)]
    written = prompts.of(classes, prompts.EMBEDDING_TEMPLATES, "embedding")
    return zero_shot.scores(vectors, zero_shot.class_vectors(MINILM, written), multi_label=False)


def test_names_alone_give_0_6_descriptions_more_and_a_hundred_labels_0_8(news: tuple[np.ndarray, np.ndarray]) -> None:
    vectors, answers = news
    bare, described = before_labels(vectors, [""] * 4), before_labels(vectors, DESCRIPTIONS)
    of_names, of_descriptions = ((each.argmax(1) == answers).mean() for each in (bare, described))
    assert of_names > 0.6
    assert of_descriptions > max(0.7, of_names)
    targets = np.eye(4)[answers]
    fitted = head.fit(vectors[:LABELS], targets[:LABELS], bare[:LABELS], multi_label=False)
    assert fitted
    scores = head.scores(fitted, vectors[LABELS:], bare[LABELS:], 4)
    accuracy = (scores.argmax(1) == answers[LABELS:]).mean()
    assert accuracy >= 0.80
    assert abs(scores.max(1).mean() - accuracy) < 0.06, "its confidence is not calibrated"
    for few in (4, 8, 16, 32):
        fitted = head.fit(vectors[:few], targets[:few], described[:few], multi_label=False)
        learned = head.scores(fitted, vectors[LABELS:], described[LABELS:], 4) if fitted else described[LABELS:]
        assert (learned.argmax(1) == answers[LABELS:]).mean() > of_descriptions - 0.02
