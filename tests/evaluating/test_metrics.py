"""Every figure against scikit-learn's."""

import json
import warnings

import numpy as np
import pytest
from sklearn import metrics as reference

from backend.evaluating import metrics


def classes(k):
    return [{"id": 100 + each, "name": f"class {each}"} for each in range(k)]


def some_scores(n, k, seed=0):
    table = np.random.default_rng(seed).random((n, k)) + 0.01
    return table / table.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("n", "k", "seed"), [(200, 2, 0), (500, 10, 1), (400, 150, 2), (7, 5, 3), (1, 3, 4)])
def test_single_label_figures_are_those_of_scikit_learn(n, k, seed):
    truth = np.random.default_rng(seed + 10).integers(0, k, n)
    scores = some_scores(n, k, seed)
    said = scores.argmax(axis=1)
    found = metrics.evaluate([[each] for each in truth], scores, classes(k), multi_label=False)
    assert found["n"] == n
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(truth, said))
    for name, of in (("f1", reference.f1_score), ("precision", reference.precision_score)):
        assert found[f"{name}_macro"] == pytest.approx(of(truth, said, average="macro", zero_division=0))
    assert found["recall_macro"] == pytest.approx(reference.recall_score(truth, said, average="macro", zero_division=0))
    assert found["f1_micro"] == pytest.approx(reference.f1_score(truth, said, average="micro"))
    assert found["log_loss"] == pytest.approx(reference.log_loss(truth, scores, labels=range(k)))
    assert found["confusion"] == reference.confusion_matrix(truth, said, labels=range(k)).tolist()
    assert_per_class(found, reference.precision_recall_fscore_support(truth, said, labels=range(k), zero_division=0))


@pytest.mark.parametrize("threshold", [None, 0.3, [0.2, 0.5, 0.8, 0.4]])
def test_multi_label_figures_are_those_of_scikit_learn(threshold):
    generator = np.random.default_rng(5)
    truth, scores = generator.random((300, 4)) < 0.3, generator.random((300, 4))
    said = scores >= (0.5 if threshold is None else np.asarray(threshold))
    targets = [np.flatnonzero(row).tolist() for row in truth]
    found = metrics.evaluate(targets, scores, classes(4), multi_label=True, thresholds=threshold)
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(truth, said))
    assert found["f1_macro"] == pytest.approx(reference.f1_score(truth, said, average="macro"))
    assert found["f1_micro"] == pytest.approx(reference.f1_score(truth, said, average="micro"))
    assert found["precision_macro"] == pytest.approx(reference.precision_score(truth, said, average="macro"))
    assert found["recall_macro"] == pytest.approx(reference.recall_score(truth, said, average="macro"))
    assert found["log_loss"] == pytest.approx(reference.log_loss(truth.ravel(), scores.ravel()))
    assert found["confusion"] is None
    assert_per_class(found, reference.precision_recall_fscore_support(truth, said, zero_division=0))


def assert_per_class(found, expected):
    precision, recall, f1, support = expected
    for j, each in enumerate(found["per_class"]):
        assert (each["class_id"], each["name"], each["support"]) == (100 + j, f"class {j}", support[j])
        if each["f1"] is None:
            assert (precision[j], recall[j], f1[j], support[j]) == (0, 0, 0, 0)
        else:
            assert (each["precision"], each["recall"], each["f1"]) == pytest.approx((precision[j], recall[j], f1[j]))


def test_a_worked_example():
    """scikit-learn's user guide: y_true 0 1 2 2 0, y_pred 0 0 2 2 0 give F1 of 0.8, 0 and 1."""
    scores = np.eye(3)[[0, 0, 2, 2, 0]]
    found = metrics.evaluate([[0], [1], [2], [2], [0]], scores, classes(3), multi_label=False)
    assert [each["f1"] for each in found["per_class"]] == pytest.approx([0.8, 0, 1])
    assert found["accuracy"] == pytest.approx(0.8)
    assert found["confusion"] == [[2, 0, 0], [1, 0, 0], [0, 0, 2]]


def test_a_class_that_nobody_has_or_answers_has_no_figures_and_does_not_lower_the_mean():
    found = metrics.evaluate([[0], [1]], np.eye(3)[[0, 1]], classes(3), multi_label=False)
    assert found["f1_macro"] == 1
    assert found["per_class"][2] == {
        "class_id": 102, "name": "class 2", "precision": None, "recall": None, "f1": None, "support": 0,
    }  # fmt: skip


@pytest.mark.parametrize("multi_label", [True, False])
def test_no_items_give_no_figures(multi_label):
    for scores in ([], np.zeros((0, 2))):
        found = metrics.evaluate([], scores, classes(2), multi_label)
        assert found["n"] == 0
        assert {found[name] for name in ("accuracy", "f1_macro", "f1_micro", "log_loss")} == {None}
        assert [each["support"] for each in found["per_class"]] == [0, 0]


def test_a_row_that_is_not_a_number_is_a_wrong_answer_in_no_column():
    scores = np.array([[0.9, 0.1], [np.nan, np.nan], [0.2, 0.8]])
    found = metrics.evaluate([[0], [0], [1]], scores, classes(2), multi_label=False)
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["confusion"] == [[1, 0], [0, 1]]
    assert found["per_class"][0]["recall"] == 0.5
    assert found["per_class"][0]["support"] == 2
    assert found["log_loss"] is None


def test_one_score_that_is_not_a_number_leaves_the_others_to_answer():
    found = metrics.evaluate([[1]], [[np.nan, 0.3]], classes(2), multi_label=False)
    assert found["accuracy"] == 1
    found = metrics.evaluate([[1]], [[np.nan, 0.7]], classes(2), multi_label=True)
    assert found["accuracy"] == 1


def test_an_item_of_no_class_may_be_answered_with_none():
    found = metrics.evaluate([[], [0]], [[0.1, 0.2], [0.9, 0.1]], classes(2), multi_label=True)
    assert found["accuracy"] == 1
    assert found["f1_macro"] == 1


def test_the_figures_are_plain_json_and_make_no_noise():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = metrics.evaluate([[0], [1]], np.array([[1, 0], [1, 0]], dtype=np.float32), classes(2), False)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["log_loss"] == pytest.approx(reference.log_loss([0, 1], np.array([[1.0, 0], [1.0, 0]])))


@pytest.mark.parametrize(
    ("targets", "scores"),
    [([[0]], [[0.5, 0.5, 0]]), ([[0], [1]], [[1, 0]]), ([[2]], [[1, 0]]), ([[0, 1]], [[1, 0]]), ([[]], [[1, 0]])],
)
def test_what_does_not_fit_together_is_refused(targets, scores):
    with pytest.raises(ValueError, match=r"shape|position|exactly one"):
        metrics.evaluate(targets, scores, classes(2), multi_label=False)
