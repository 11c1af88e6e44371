"""The learned head on drawn clouds of vectors: what it learns, and what it leaves to the prior."""

import numpy as np
import pytest

from backend.suggesting import head

CENTRES = np.eye(4, 16)


def clouds(count: int, *, spread: float = 0.35, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(n, 16) vectors of unit length around four centres, and which centre each is of."""
    random = np.random.default_rng(seed)
    classes = np.arange(count) % 4
    found = CENTRES[classes] + spread * random.normal(size=(count, 16))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32), classes


def even(count: int, classes: int = 4) -> np.ndarray:
    return np.full((count, classes), 1 / classes, np.float32)


def test_it_learns_from_labels_alone() -> None:
    vectors, classes = clouds(80)
    unseen, answers = clouds(400, seed=1)
    fitted = head.fit(vectors, np.eye(4)[classes], None, multi_label=False)
    assert fitted
    scores = head.scores(fitted, unseen, None, 4)
    assert np.allclose(scores.sum(1), 1, atol=1e-5)
    assert (scores.argmax(1) == answers).mean() > 0.85
    assert abs(scores.max(1).mean() - (scores.argmax(1) == answers).mean()) < 0.08, "its confidence is not calibrated"


@pytest.mark.parametrize("labeled", [[], [0], [0, 0, 0]])
def test_before_two_classes_have_labels_there_is_nothing_to_learn(labeled: list[int]) -> None:
    vectors, _ = clouds(len(labeled))
    targets = np.eye(4)[labeled].reshape(len(labeled), 4)
    assert head.fit(vectors, targets, even(len(labeled)), multi_label=False) is None


def test_a_good_prior_is_not_unlearned_by_a_few_labels() -> None:
    vectors, classes = clouds(8)
    unseen, answers = clouds(400, seed=1)
    prior = 0.8 * np.eye(4)[answers] + 0.05
    fitted = head.fit(vectors, np.eye(4)[classes], 0.8 * np.eye(4)[classes] + 0.05, multi_label=False)
    assert fitted
    assert (head.scores(fitted, unseen, prior, 4).argmax(1) == answers).mean() > 0.97


def test_many_labels_overrule_a_prior_that_is_wrong() -> None:
    vectors, classes = clouds(200)
    unseen, answers = clouds(400, seed=1)
    wrong, wrong_unseen = (0.8 * np.eye(4)[(each + 1) % 4] + 0.05 for each in (classes, answers))
    fitted = head.fit(vectors, np.eye(4)[classes], wrong, multi_label=False)
    assert fitted
    assert (head.scores(fitted, unseen, wrong_unseen, 4).argmax(1) == answers).mean() > 0.85


def test_a_class_without_labels_keeps_what_the_prior_gives_it() -> None:
    vectors, classes = clouds(60)
    known = classes < 3
    fitted = head.fit(vectors[known], np.eye(4)[classes[known]], even(known.sum()), multi_label=False)
    assert fitted
    assert fitted.taught.tolist() == [0, 1, 2]
    prior = np.tile(np.array([0.1, 0.2, 0.3, 0.4], np.float32), (60, 1))
    scores = head.scores(fitted, vectors, prior, 4)
    assert np.allclose(scores[:, 3], 0.4)
    assert np.allclose(scores.sum(1), 1, atol=1e-5)
    assert np.allclose(head.scores(fitted, vectors, None, 4)[:, 3], 0)


def test_several_classes_an_item_are_learned_each_for_itself() -> None:
    vectors, classes = clouds(120)
    targets = np.eye(4)[classes]
    # Whatever is of the first is also of the third; nobody ever used the fourth.
    targets[:, 2] = np.maximum(targets[:, 2], targets[:, 0])
    targets[:, 3] = 0
    fitted = head.fit(vectors, targets, None, multi_label=True)
    assert fitted
    unseen, answers = clouds(400, seed=1)
    scores = head.scores(fitted, unseen, np.full((400, 4), 0.3, np.float32), 4)
    assert ((scores[:, 2] > 0.5) == np.isin(answers, [0, 2])).mean() > 0.85
    assert np.allclose(scores[:, 3], 0.3)


def test_the_same_labels_give_the_same_head() -> None:
    vectors, classes = clouds(40)
    one, two = (head.fit(vectors, np.eye(4)[classes], even(40), multi_label=False) for _ in range(2))
    assert one
    assert two
    assert np.array_equal(one.weights, two.weights)
    assert one.temperature == two.temperature
