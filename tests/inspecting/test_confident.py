"""Confident learning, held against the definitions of Northcutt, Jiang & Chuang 2021 worked by hand."""

import numpy as np
from hypothesis import given, strategies

from backend.inspecting import confident

# Eight labels of three classes. In eighths, so that no sum is rounded.
SCORES = np.array(
    [[7, 1, 0], [6, 1, 1], [2, 6, 0], [1, 7, 0], [4, 3, 1], [0, 2, 6], [0, 5, 3], [3, 2, 3]],
    float,
) / 8  # fmt: skip
GIVEN = np.array([0, 0, 0, 1, 1, 2, 2, 2])


def test_a_threshold_is_the_mean_self_confidence_of_a_class():
    # Class 0: (7 + 6 + 2) / 3 = 5 eighths; class 1: (7 + 3) / 2 = 5; class 2: (6 + 3 + 3) / 3 = 4.
    assert confident.thresholds(SCORES, GIVEN).tolist() == [5 / 8, 5 / 8, 4 / 8]


def test_a_class_that_nobody_gave_is_never_looked_like():
    scores = np.array([[0.1, 0.9], [0.2, 0.8]])
    assert confident.looks_like(scores, np.array([0, 0])).tolist() == [-1, 0]


def test_the_confident_joint_worked_by_hand():
    # Rows 1, 2 reach the threshold of class 0, which they were given as; row 3 that of class 1; row 4 its own; row 5
    # none; row 6 its own; row 7 reaches that of class 1 exactly; row 8 none.
    assert confident.looks_like(SCORES, GIVEN).tolist() == [0, 0, 1, 1, -1, 2, 1, -1]
    joint = confident.confident_joint(SCORES, GIVEN)
    assert joint.tolist() == [[2, 1, 0], [0, 1, 0], [0, 1, 1]]


def test_where_several_thresholds_are_reached_the_likeliest_class_counts():
    # Thresholds 3 / 8 and 3 / 8 for classes 0 and 1: the last row reaches both.
    scores = np.array([[3, 2, 3], [2, 3, 3], [3.5, 4.5, 0]]) / 8
    given_ = np.array([0, 1, 2])
    assert confident.thresholds(scores, given_).tolist() == [3 / 8, 3 / 8, 0]
    assert confident.looks_like(scores, given_)[2] == 1


def test_the_calibrated_joint_counts_the_labels_that_look_like_nothing_as_the_others_of_their_class():
    # Class 1 has 2 labels of which 1 was counted, class 2 has 3 of which 2 were.
    joint = confident.calibrated(confident.confident_joint(SCORES, GIVEN), np.array([3, 2, 3]))
    assert joint.tolist() == [[2, 1, 0], [0, 2, 0], [0, 1.5, 1.5]]
    assert confident.wrong_in(joint) == 2.5


def test_a_class_of_which_no_label_was_counted_is_taken_as_right():
    joint = confident.calibrated(np.array([[0, 0], [1, 3]]), np.array([5, 8]))
    assert joint.tolist() == [[5, 0], [2, 6]]


@strategies.composite
def judged(draw):
    n, k = draw(strategies.integers(1, 30)), draw(strategies.integers(2, 6))
    rng = np.random.default_rng(draw(strategies.integers(0, 10**6)))
    return rng.dirichlet(np.ones(k), n), rng.integers(k, size=n)


@given(judged())
def test_every_label_is_in_the_calibrated_joint_once(case):
    scores, given_ = case
    counts = np.bincount(given_, minlength=scores.shape[1])
    joint = confident.confident_joint(scores, given_)
    assert (joint.sum(axis=1) <= counts).all()
    np.testing.assert_allclose(confident.calibrated(joint, counts).sum(axis=1), counts)


@given(judged())
def test_another_order_of_the_classes_changes_nothing_but_the_order(case):
    scores, given_ = case
    turned = np.arange(scores.shape[1])[::-1]
    joint = confident.confident_joint(scores[:, turned], turned[given_])
    np.testing.assert_array_equal(joint, confident.confident_joint(scores, given_)[np.ix_(turned, turned)])


def test_labels_that_a_sure_model_shares_are_right():
    given_ = np.array([0, 1, 2, 1])
    assert confident.wrong_in(confident.confident_joint(np.eye(3)[given_], given_)) == 0


def test_of_several_classes_the_least_sure_answers_count_most():
    # The exponential moving average of Thyagarajan et al. 2022 with 0.8, the surest answer first, for 0.9, 0.5, 0.2:
    # 0.9, then 0.8 * 0.5 + 0.2 * 0.9 = 0.58, then 0.8 * 0.2 + 0.2 * 0.58 = 0.276.
    scores, has = np.array([[0.5, 0.9, 0.8]]), np.array([[True, True, False]])
    np.testing.assert_allclose(confident.wrongness_of_several(scores, has), [1 - 0.276])


def test_of_several_classes_each_is_judged_against_the_rest():
    rng = np.random.default_rng(3)
    has = rng.random((200, 4)) < 0.4
    scores = np.where(has, 0.875, 0.125)
    wrong = np.zeros_like(has)
    wrong[5, 2] = wrong[17, 0] = wrong[80, 3] = True
    np.testing.assert_array_equal(confident.wrong_answers(scores, has ^ wrong), wrong)
