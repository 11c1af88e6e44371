"""Curves against scikit-learn's."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from backend.evaluating import ranking

# Few distinct scores, so that ties are common.
SCORED = st.lists(st.tuples(st.booleans(), st.integers(0, 6).map(lambda each: each / 6)), min_size=2, max_size=40)


@settings(max_examples=150, deadline=None)
@given(SCORED)
def test_curves_and_areas_are_those_of_scikit_learn(scored):
    truth, scores = (np.array(each) for each in zip(*scored, strict=True))
    assume(truth.any() and not truth.all())
    wrong, right, thresholds = reference.roc_curve(truth, scores, drop_intermediate=False)
    found = ranking.roc(truth, scores)
    assert found["false_positive"] == pytest.approx(wrong)
    assert found["true_positive"] == pytest.approx(right)
    assert found["thresholds"] == pytest.approx(thresholds)
    precision, recall, thresholds = reference.precision_recall_curve(truth, scores)
    found = ranking.precision_recall(truth, scores)
    assert found["precision"] == pytest.approx(precision)
    assert found["recall"] == pytest.approx(recall)
    assert found["thresholds"] == pytest.approx(thresholds)
    assert ranking.auc(truth, scores) == pytest.approx(reference.roc_auc_score(truth, scores))
    assert ranking.average_precision(truth, scores) == pytest.approx(reference.average_precision_score(truth, scores))


@pytest.mark.parametrize("truth", [[True, True], [False, False], []])
def test_one_class_alone_has_no_curve(truth):
    scores = np.linspace(0, 1, len(truth))
    for each in (ranking.roc, ranking.precision_recall, ranking.auc, ranking.average_precision):
        assert each(truth, scores) is None


def test_a_score_that_is_not_a_number_comes_last():
    assert ranking.auc([True, False, False], [0.2, 0.1, float("nan")]) == 1.0
    assert ranking.auc([True, False], [float("nan"), 0.1]) == 0.0
