"""What thresholds do, against scikit-learn's figures at each of them."""

import numpy as np
import pytest
from sklearn import metrics as reference

from backend.evaluating import lines, metrics


@pytest.mark.parametrize("at", [None, [0.0, 0.25, 0.5, 0.77, 1.0]], ids=["distinct", "chosen"])
def test_each_threshold_is_what_scikit_learn_says_of_its_answers(at):
    random = np.random.default_rng(0)
    scores = np.round(random.random(200), 2)
    truth = random.random(200) < scores
    found = lines.of_class(truth, scores, at=at)
    assert found["thresholds"].tolist() == (at or sorted(set(scores.tolist())))
    for place, threshold in enumerate(found["thresholds"]):
        said = scores >= threshold
        (_, false_alarms), (missed, _) = reference.confusion_matrix(truth, said, labels=[False, True])
        assert (found["false_alarms"][place], found["missed"][place]) == (false_alarms, missed)
        assert found["precision"][place] == pytest.approx(reference.precision_score(truth, said, zero_division=0))
        assert found["recall"][place] == pytest.approx(reference.recall_score(truth, said))
        assert found["f1"][place] == pytest.approx(reference.f1_score(truth, said, zero_division=0))


def test_a_score_at_the_threshold_is_answered_as_in_the_metrics():
    scores = np.array([[0.3], [0.5]])
    found = lines.of_class([True, True], scores[:, 0], at=[0.5])
    assert found["missed"].tolist() == [(~metrics.answers(scores, True, 0.5)).sum()] == [1]


def test_a_class_without_items_has_only_false_alarms():
    found = lines.of_class([False, False], [0.2, 0.9])
    assert found["false_alarms"].tolist() == [2, 1]
    assert found["recall"].tolist() == found["f1"].tolist() == [0, 0]
    assert len(lines.of_class([], [])["thresholds"]) == 0


def test_the_surest_half_and_how_often_it_is_right():
    found = lines.coverage([0.9, 0.8, 0.8, 0.4], [True, True, False, False])
    assert found["thresholds"].tolist() == [0.4, 0.8, 0.9]
    assert found["answered"].tolist() == [1.0, 0.75, 0.25]
    assert found["right"] == pytest.approx([0.5, 2 / 3, 1.0])


def test_what_has_no_confidence_is_never_answered():
    found = lines.coverage([0.9, float("nan")], [True, True])
    assert found["answered"].tolist() == [0.5]
    assert len(lines.coverage([], [])["answered"]) == 0
