"""Labels that spread over unlabeled neighbours."""

import numpy as np
import pytest

from backend.training import linear, spreading

SHAPES = 2


def two_moons(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two crescents on a sphere that no line through few labels tells apart, and which each point is of."""
    rng = np.random.default_rng(seed)
    which = np.arange(n) % SHAPES
    angle = rng.uniform(0, np.pi, n)
    x = np.where(which == 0, np.cos(angle), 1 - np.cos(angle)) + rng.normal(0, 0.06, n)
    y = np.where(which == 0, np.sin(angle), 0.4 - np.sin(angle)) + rng.normal(0, 0.06, n)
    points = np.stack([x, y, x * y, x**2, y**2, x**2 * y, np.full(n, 1.5)], 1).astype(np.float32)
    return points / np.linalg.norm(points, axis=1, keepdims=True), which


def heads(labeled: int, pool: int) -> tuple[linear.Linear, linear.Linear, np.ndarray, np.ndarray]:
    points, which = two_moons(labeled + pool)
    targets = [[int(each)] for each in which[:labeled]]
    alone = linear.fit(points[:labeled], targets, SHAPES, multi_label=False)
    return alone, spreading.fit(points[:labeled], targets, SHAPES, points[labeled:], alone), points, which


def right(head: linear.Linear, points: np.ndarray, which: np.ndarray) -> float:
    return float((head.scores(points).argmax(1) == which).mean())


def test_neighbours_do_no_harm_and_help_where_the_labels_are_few() -> None:
    alone, together, points, which = heads(12, 600)
    assert right(together, points, which) >= right(alone, points, which)
    assert right(together, points, which) > 0.85


def test_too_small_a_pool_and_a_class_of_one_label_leave_the_head_as_it_is() -> None:
    alone, together, *_ = heads(12, spreading.LEAST_POOL - 1)
    assert together is alone
    points, which = two_moons(300)
    targets = [[0], [0], [0], [1]]
    first = np.concatenate([points[which == 0][:3], points[which == 1][:1]])
    plain = linear.Linear(np.zeros((SHAPES, first.shape[1])), np.zeros(SHAPES), 1.0, multi_label=False)
    assert spreading.fit(first, targets, SHAPES, points, plain) is plain


def test_the_scale_of_the_features_does_not_matter() -> None:
    points, which = two_moons(400)
    targets = [[int(each)] for each in which[:20]]
    found = []
    for scale in (1.0, 1e-3):
        features = points * np.float32(scale)
        alone = linear.fit(features[:20], targets, SHAPES, multi_label=False)
        found.append(spreading.fit(features[:20], targets, SHAPES, features[20:], alone).scores(features))
    assert np.abs(found[0] - found[1]).max() < 1e-2


def test_labels_flow_along_edges_and_people_keep_theirs() -> None:
    points, which = two_moons(300)
    table = np.eye(SHAPES, dtype=bool)[which[:40]]
    given = spreading._Given(points, table, spreading.graph(points), np.full(SHAPES, 0.5))
    shares = spreading.spread(given, np.arange(40))
    assert shares[:40] == pytest.approx(table.astype(float))
    assert (shares.argmax(1) == which).mean() > 0.95
