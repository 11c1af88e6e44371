"""Real news, the real MiniLM: how good suggestions are before the first label and after a hundred."""

import csv
from pathlib import Path

import numpy as np
import pytest

from backend.encoding import texts
from backend.models.catalogue import MINILM
from backend.suggesting import head, prompts, shape, zero_shot
from db.models import LabelClass
from tests.conftest import SHARED

pytestmark = pytest.mark.shared
NAMES = ["World", "Sports", "Business", "Sci/Tech"]
DESCRIPTIONS = ["international politics, war and elections", "games, teams, players and results",
                "companies, markets and the economy", "science, computers, the internet and space"]  # fmt: skip
ROWS, LABELS = 800, 100


@pytest.fixture(scope="module")
def news() -> tuple[np.ndarray, np.ndarray]:
    """Encoded once, beside the cache, for each test has a home of its own."""
    with (SHARED / "data" / "ag_news" / "test.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    chosen = np.random.default_rng(7).permutation(len(rows))[:ROWS]
    vectors = texts.encode(MINILM, [f"{rows[row][1]} {rows[row][2]}" for row in chosen])
    return vectors, np.array([int(rows[row][0]) - 1 for row in chosen])


def before_labels(vectors: np.ndarray, descriptions: list[str]) -> np.ndarray:
    classes = [LabelClass(name=name, description=text) for name, text in zip(NAMES, descriptions, strict=True)]
    written = prompts.of(classes, prompts.EMBEDDING_TEMPLATES, "embedding")
    return zero_shot.scores(vectors, zero_shot.class_vectors(MINILM, written), multi_label=False)


def settled(vectors: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The same after the classes settled on the items; the last 200 were not in the sample."""
    found = shape.fit(vectors[:-200], before[:-200])
    assert found
    return shape.scores(found, vectors, before)


def test_before_any_label_names_give_0_6_descriptions_0_7_and_the_items_themselves_0_8(
    home: Path, news: tuple[np.ndarray, np.ndarray]
) -> None:
    vectors, answers = news
    bare, described = before_labels(vectors, [""] * 4), before_labels(vectors, DESCRIPTIONS)
    of_names, of_descriptions = ((each.argmax(1) == answers).mean() for each in (bare, described))
    assert of_names > 0.6
    assert of_descriptions > max(0.7, of_names)
    for before, least in ((bare, 0.72), (described, 0.80)):
        after = settled(vectors, before)
        accuracy = (after.argmax(1) == answers).mean()
        assert accuracy > least
        assert (after[-200:].argmax(1) == answers[-200:]).mean() > (before[-200:].argmax(1) == answers[-200:]).mean()
        assert abs(after.max(1).mean() - accuracy) < 0.08, "its confidence is not calibrated"


@pytest.mark.parametrize("labels", [8, 16, 32, 100])
def test_labels_at_random_are_not_worse_than_none_and_give_0_82(
    home: Path, news: tuple[np.ndarray, np.ndarray], labels: int
) -> None:
    vectors, answers = news
    prior = settled(vectors, before_labels(vectors, DESCRIPTIONS))
    none = (prior[LABELS:].argmax(1) == answers[LABELS:]).mean()
    targets = np.eye(4)[answers]
    fitted = head.fit(
        vectors[:labels],
        targets[:labels],
        prior[:labels],
        multi_label=False,
        unlabeled=vectors,
        unlabeled_prior=prior,
    )
    assert fitted
    scores = head.scores(fitted, vectors[LABELS:], prior[LABELS:], 4)
    is_right = scores.argmax(1) == answers[LABELS:]
    assert is_right.mean() > none - 0.01
    assert is_right.mean() >= 0.82
    assert is_right[scores.max(1) >= 0.9].mean() > 0.87
