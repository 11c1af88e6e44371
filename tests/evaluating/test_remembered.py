"""The same tables are worked out once; others anew."""

import numpy as np
import pytest

from backend.evaluating import remembered


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(remembered, "_known", remembered.OrderedDict())


def test_the_same_tables_are_worked_out_once():
    asked = []

    def work(a, b):
        asked.append(1)
        return int(a.sum() - b.sum())

    one, other = np.array([[True, False]]), np.array([[False, False]])
    assert [remembered.once(work, one, other) for _ in range(3)] == [1, 1, 1]
    assert len(asked) == 1
    assert remembered.once(work, other, one) == -1
    # The same bits in another shape are another table.
    assert remembered.once(work, one.T, other.T) == 1
    assert len(asked) == 3


def test_no_more_is_kept_than_fits(monkeypatch):
    monkeypatch.setattr(remembered, "MOST", 2)

    def work(a):
        return a.shape

    for rows in (1, 2, 3):
        remembered.once(work, np.zeros((rows, 1), bool))
    assert len(remembered._known) == 2
