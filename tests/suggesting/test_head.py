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


def test_without_a_prior_a_class_that_nobody_has_met_is_not_impossible() -> None:
    vectors, classes = clouds(60)
    known = classes < 3
    fitted = head.fit(vectors[known], np.eye(4)[classes[known]], None, multi_label=False)
    assert fitted
    scores = head.scores(fitted, vectors, None, 4)
    assert np.allclose(scores[:, 3], 1 / (45 + 4))
    assert np.allclose(scores.sum(1), 1, atol=1e-5)


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


def test_a_prior_that_is_right_is_not_left_for_vectors_that_say_nothing() -> None:
    _, answers = clouds(400)
    unseen = np.random.default_rng(1).normal(size=(400, 16)).astype(np.float32) / 4
    before = 0.6 * np.eye(4)[answers] + 0.1
    for few in (4, 8, 16, 32):
        fitted = head.fit(unseen[:few], np.eye(4)[answers[:few]], before[:few], multi_label=False)
        assert fitted
        assert (head.scores(fitted, unseen, before, 4).argmax(1) == answers).mean() > 0.97


def test_unlabeled_items_teach_where_labels_are_few() -> None:
    everything, _ = clouds(1200, spread=0.5, seed=2)
    unseen, answers = clouds(600, spread=0.5, seed=1)
    alone: list[float] = []
    together: list[float] = []
    for seed in range(5):
        vectors, classes = clouds(12, spread=0.5, seed=10 + seed)
        for found, pool in ((alone, None), (together, everything)):
            fitted = head.fit(vectors, np.eye(4)[classes], None, multi_label=False, unlabeled=pool)
            assert fitted
            found.append(float((head.scores(fitted, unseen, None, 4).argmax(1) == answers).mean()))
    assert np.mean(together) > np.mean(alone) + 0.02


def test_unlabeled_items_that_know_nothing_of_the_classes_do_no_harm() -> None:
    vectors, classes = clouds(80, seed=3)
    unseen, answers = clouds(400, seed=1)
    noise = np.random.default_rng(4).normal(size=(1000, 16)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    fitted = head.fit(vectors, np.eye(4)[classes], None, multi_label=False, unlabeled=noise)
    assert fitted
    assert (head.scores(fitted, unseen, None, 4).argmax(1) == answers).mean() > 0.85


def test_unlabeled_items_of_a_class_without_labels_do_not_drown_the_others() -> None:
    everything, of_which = clouds(1200, seed=2)
    vectors, classes = clouds(24, seed=3)
    known = classes < 3
    prior, before = 0.6 * np.eye(4)[classes] + 0.1, 0.6 * np.eye(4)[of_which] + 0.1
    fitted = head.fit(
        vectors[known], np.eye(4)[classes[known]], prior[known],
        multi_label=False, unlabeled=everything, unlabeled_prior=before,
    )  # fmt: skip
    assert fitted
    scores = head.scores(fitted, everything, before, 4)
    assert (scores.argmax(1) == of_which).mean() > 0.97
    assert np.allclose(scores[:, 3], before[:, 3])


@pytest.mark.parametrize("labels", [32, 64, 256])
def test_what_is_shown_with_0_9_is_right_about_9_times_in_10(labels: int) -> None:
    everything, _ = clouds(1500, spread=0.5, seed=2)
    unseen, answers = clouds(2000, spread=0.5, seed=1)
    right, sure, gaps = [], [], []
    for seed in range(5):
        vectors, classes = clouds(labels, spread=0.5, seed=10 + seed)
        fitted = head.fit(vectors, np.eye(4)[classes], None, multi_label=False, unlabeled=everything)
        assert fitted
        scores = head.scores(fitted, unseen, None, 4)
        said = scores.argmax(1) == answers
        right.extend(said[scores.max(1) >= 0.9])
        sure.extend(scores.max(1)[scores.max(1) >= 0.9])
        gaps.append(abs(scores.max(1).mean() - said.mean()))
    assert len(right) > 500
    assert abs(np.mean(right) - np.mean(sure)) < 0.05
    assert np.mean(gaps) < 0.06


def test_unlabeled_items_leave_several_classes_an_item_alone_but_for_the_middle() -> None:
    vectors, classes = clouds(120)
    everything, _ = clouds(400, seed=2)
    shifted = 5 * np.ones(16, np.float32)
    fitted = head.fit(vectors + shifted, np.eye(4)[classes], None, multi_label=True, unlabeled=everything + shifted)
    assert fitted
    unseen, answers = clouds(400, seed=1)
    scores = head.scores(fitted, unseen + shifted, None, 4)
    assert ((scores > 0.5) == np.eye(4)[answers]).mean() > 0.9
