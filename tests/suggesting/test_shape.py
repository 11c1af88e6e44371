"""Classes that settle on unlabeled items: what that gains, and when it keeps out."""

import numpy as np

from backend.suggesting import head, shape
from tests.suggesting.test_head import clouds


def said_of(classes: np.ndarray, right: float, seed: int = 5) -> np.ndarray:
    """Probabilities (n, 4) whose largest is of the right class in about this share of rows."""
    random = np.random.default_rng(seed)
    said = np.where(random.random(len(classes)) < right, classes, random.integers(0, 4, len(classes)))
    return 0.5 * np.eye(4)[said] + 0.125


def test_they_settle_where_the_items_are_and_are_not_surer_than_right() -> None:
    vectors, classes = clouds(1200)
    before = said_of(classes, 0.6)
    found = shape.fit(vectors, before)
    assert found
    unseen, answers = clouds(800, seed=1)
    after = shape.scores(found, unseen, said_of(answers, 0.6, seed=6))
    is_right = after.argmax(1) == answers
    assert np.allclose(after.sum(1), 1, atol=1e-5)
    assert is_right.mean() > (before.argmax(1) == classes).mean() + 0.1
    assert 0.5 < after.max(1).mean() < is_right.mean() + 0.05


def test_a_class_that_is_rare_or_not_there_stays_so() -> None:
    vectors, classes = clouds(2400)
    some = (classes == 0) | ((classes == 1) & (np.arange(2400) % 40 == 1))
    before = said_of(classes[some], 0.7)
    found = shape.fit(vectors[some], before)
    assert found
    after = shape.scores(found, vectors[some], before).argmax(1)
    assert (after == classes[some]).mean() > (before.argmax(1) == classes[some]).mean()
    assert (after >= 2).mean() < 0.1


def test_few_items_and_words_that_say_nothing_are_left_as_they_are() -> None:
    vectors, classes = clouds(1200)
    assert shape.fit(vectors[:30], said_of(classes[:30], 0.8)) is None
    assert shape.fit(vectors[:300], np.full((300, 40), 1 / 40)) is None
    assert shape.fit(vectors, said_of(classes, 0.0)) is None


def test_the_same_sample_gives_the_same_shape() -> None:
    vectors, classes = clouds(600)
    one, two = (shape.fit(vectors, said_of(classes, 0.7)) for _ in range(2))
    assert one
    assert two
    assert np.array_equal(one.weights, two.weights)
    assert one.temperature == two.temperature


def test_items_that_all_look_the_same_say_nothing() -> None:
    same = np.full((200, 8), 8**-0.5, np.float32)
    before = np.tile([0.6, 0.4], (200, 1))
    assert shape.fit(same, before) is None
    targets = np.eye(2)[[0, 1] * 10]
    found = head.fit(same[:20], targets, None, multi_label=False, unlabeled=same)
    assert found is not None
    assert np.allclose(head.scores(found, same, None, 2), 0.5, atol=0.1)
