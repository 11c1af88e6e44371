"""The points of curves as the database gives them."""

from datetime import UTC, datetime, timedelta

import pytest

from db import comparison
from db.models import RunMetric
from tests.evaluating import builders


def test_points_say_how_long_after_the_first_point_of_their_run_they_were_written(session):
    project, began = builders.a_project(session), datetime(2026, 1, 1, tzinfo=UTC)
    first, second = (builders.a_run(session, project) for _ in range(2))
    for run, name, step, seconds in (
        (first, "train/loss", 1, 10),
        (first, "train/loss", 2, 12.5),
        (first, "validation/loss", 2, 13),
        (second, "train/loss", 1, 100),
    ):
        at = began + timedelta(seconds=seconds)
        session.add(RunMetric(run_id=run.id, name=name, step=step, value=1.0, created_at=at))
    session.flush()
    found = comparison.points(session, [first.id, second.id])
    assert [point["seconds"] for point in found[first.id]["train/loss"]] == pytest.approx([0, 2.5])
    assert found[first.id]["validation/loss"] == [{"step": 2, "epoch": None, "seconds": 3.0, "value": 1.0}]
    assert found[second.id]["train/loss"][0]["seconds"] == 0
