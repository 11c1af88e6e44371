"""Cross-validation: folds that are fair, figures of every label, and runs that are stopped or killed within a fold."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from backend import errors
from backend.jobs import control
from backend.jobs.progress import Handle, Stopped
from backend.jobs.supervisor import Supervisor
from backend.training import artifact, cross, dealing, head, job
from backend.training.snapshots import Frozen, Rows
from db import groups, jobs
from db import runs as rows
from db.models import JobState, Project, Run, Split
from db.session import reading, writing
from tests.training import builders
from tests.training.builders import a_run, again, curves_of, job_of, worker_of
from tests.waiting import until


@pytest.fixture(autouse=True)
def nothing_waits(shared_home: None) -> Iterator[None]:
    """A run that was worked off in this process still waits in the queue: no supervisor of another test starts it."""
    yield
    with writing() as session:
        for waiting in jobs.in_states(session, [JobState.QUEUED]):
            control.stop(session, waiting.id)


@pytest.fixture(scope="module")
def pictures(shared_home: None) -> Project:
    return builders.an_image_project(12)


@pytest.fixture(scope="module")
def texts(shared_home: None) -> Project:
    return builders.a_text_project(8)


@pytest.fixture(scope="module")
def base(shared_home: None, tmp_path_factory: pytest.TempPathFactory) -> str:
    return builders.a_tiny_bert(tmp_path_factory.mktemp("base") / "tiny")


def done_here(run: Run) -> Run:
    """The run, worked off in this process."""
    job.run(Handle(job_of(run)))
    return again(run)


def a_frozen(targets: list[list[int]], k: int, *, multi_label: bool = False) -> Frozen:
    every = Rows(list(range(len(targets))), [(bytes([n]) * 32, None) for n in range(len(targets))], targets)
    classes = [{"id": 10 + place, "name": f"class {place}", "color": ""} for place in range(k)]
    empty = Rows([], [], [])
    parts = {Split.TRAIN: every, Split.VALIDATION: empty, Split.TEST: empty}
    return Frozen(1, "text", multi_label, classes, parts)


@settings(max_examples=100, deadline=None)
@given(some.lists(some.integers(0, 3), min_size=8, max_size=80), some.integers(2, 6), some.integers(0, 3))
def test_each_class_is_dealt_out_evenly_and_so_are_all_items(classes: list[int], folds: int, seed: int) -> None:
    targets = [[each] for each in classes]
    units = dealing.units_of(list(range(len(classes))), {})
    fold = dealing.dealt(units, targets, folds, seed)
    for position in set(classes):
        counts = Counter(fold[row] for row, each in enumerate(classes) if each == position)
        assert max(counts.values()) - min(counts[number] for number in range(folds)) <= 1
    sizes = np.bincount(fold, minlength=folds)
    assert sizes.max() - sizes.min() <= 1
    assert (fold == dealing.dealt(units, targets, folds, seed)).all()


@settings(max_examples=100, deadline=None)
@given(
    some.lists(some.tuples(some.sets(some.integers(0, 3), max_size=3), some.integers(0, 9)), min_size=4, max_size=60)
)
def test_near_duplicates_are_tested_in_one_fold(items: list[tuple[set[int], int]]) -> None:
    of_items = {item_id: group for item_id, (_, group) in enumerate(items) if group < 6}
    units = dealing.units_of(list(range(len(items))), of_items)
    fold = dealing.dealt(units, [sorted(each) for each, _ in items], 3, 0)
    assert ((fold >= 0) & (fold < 3)).all()
    for group in set(of_items.values()):
        assert len({fold[item_id] for item_id, each in of_items.items() if each == group}) == 1


def test_another_seed_deals_other_folds() -> None:
    targets = [[number % 2] for number in range(40)]
    units = dealing.units_of(list(range(40)), {})
    assert (dealing.dealt(units, targets, 4, 0) != dealing.dealt(units, targets, 4, 1)).any()


def test_a_fold_is_tested_the_next_one_is_to_choose_by_and_the_rest_is_learned_from() -> None:
    data = a_frozen([[number % 2] for number in range(20)], 2)
    fold = np.arange(20) % 5
    found = cross.Plan(5, cross.everything(data), fold)
    tested: list[int] = []
    for number in range(5):
        parts = cross.arranged(data, found, number, with_validation=True).parts
        assert [len(parts[split]) for split in (Split.TRAIN, Split.VALIDATION, Split.TEST)] == [12, 4, 4]
        assert sorted(each for part in parts.values() for each in part.item_ids) == list(range(20))
        tested += parts[Split.TEST].item_ids
        of_head = cross.arranged(data, found, number, with_validation=False).parts
        assert (len(of_head[Split.TRAIN]), len(of_head[Split.VALIDATION])) == (16, 0)
    assert sorted(tested) == list(range(20))


@pytest.mark.parametrize(
    ("method", "asked", "smallest", "folds", "words"),
    [
        ("head", 5, 5, 5, ""),
        ("head", 5, 2, 2, '2 folds instead of 5: "class 1" has 2 labels'),
        ("head", 5, 1, 0, 'no cross-validation: it needs 2 different items of every class; "class 1" has 1 label'),
        ("full", 5, 4, 4, "4 folds instead of 5"),
        ("full", 5, 2, 0, "it needs 3 different items"),
        ("full", 2, 8, 3, "3 folds instead of 2"),
    ],
)
def test_fewer_items_than_folds_are_fewer_folds_and_the_run_says_so(
    method: str, asked: int, smallest: int, folds: int, words: str
) -> None:
    data = a_frozen([], 2)
    found, note = cross.how_many(data, {"method": method, "folds": asked}, {0: 9, 1: smallest})
    assert found == folds
    assert words in note
    assert bool(words) == bool(note)


def test_the_plan_keeps_the_groups_of_the_project_together_and_outlives_the_process(
    pictures: Project, home_of_plan: Callable[[], Any]
) -> None:
    data, folder = home_of_plan()
    ids = cross.everything(data).item_ids
    with writing() as session:
        groups.put(session, {ids[0]: ids[0], ids[5]: ids[0], ids[9]: ids[0]})
    spec = {"folds": 4, "seed": 0, "method": "head"}
    first = cross.plan(data, spec, folder)
    assert len({first.fold[row] for row in (0, 5, 9)}) == 1
    with writing() as session:
        groups.put(session, dict.fromkeys((ids[0], ids[5], ids[9])))
    assert (cross.plan(data, spec, folder).fold == first.fold).all()


@pytest.fixture
def home_of_plan(pictures: Project, tmp_path: Any) -> Callable[[], Any]:
    run = a_run(pictures, method="head")
    return lambda: (job.frozen_for(run), tmp_path)


def test_every_label_is_tested_once_and_only_figures_stay(pictures: Project) -> None:
    run = done_here(a_run(pictures, method="head", folds=4))
    found = run.metrics["cross_validation"]
    assert (found["folds"], found["n"]) == (4, 24)
    assert np.sum(found["confusion"]) == 24
    assert [each["support"] for each in found["per_class"]] == [12, 12]
    assert 0.5 < found["accuracy"] <= 1
    assert found["accuracy_std"] >= 0
    assert cross.NOTE not in run.metrics
    with reading() as session:
        kept = rows.predictions(session, run.id)
    assert len(kept) == run.metrics["test"]["n"] + run.metrics["validation"]["n"]
    folder = artifact.folder_of_run(run.id)
    assert sorted(each.name for each in folder.iterdir()) == ["model"]
    assert "Cross-validated in 4 folds" in (folder / "model" / "README.md").read_text("utf-8")
    ended = job_of(run)
    assert ended.done == ended.total
    assert "in 4 folds" in ended.message
    assert run.metrics["seconds"].keys() == {"baselines", "training", "saving", "testing", "folds"}


def test_the_same_seed_gives_the_same_figures(pictures: Project) -> None:
    found = [done_here(a_run(pictures, method="head", folds=3, seed=seed)) for seed in (1, 1, 2)]
    figures = [each.metrics["cross_validation"] for each in found]
    assert figures[0] == figures[1]
    assert figures[0]["log_loss"] != figures[2]["log_loss"]


def test_folds_of_a_loop_leave_no_point_and_progress_is_of_the_whole(
    texts: Project, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[float, str]] = []
    report = Handle.report

    def listen(handle: Handle, done: int, total: int | None = None, message: str = "", *, unit: str = "items") -> None:
        if total and type(handle) is Handle:
            said.append((done / total, message))
        report(handle, done, total, message, unit=unit)

    monkeypatch.setattr(Handle, "report", listen)
    run = done_here(a_run(texts, method="full", base=base, folds=3, epochs=2, batch_size=4, max_length=16))
    # 18 texts to learn from in the run, 8 in a fold: five and two steps an epoch.
    assert len(curves_of(run)["validation/loss"]) == 2
    assert max(point["step"] for points in curves_of(run).values() for point in points) == 10
    shares = [share for share, message in said if "Testing" not in message and "Saving" not in message]
    assert shares == sorted(shares)
    assert max(shares) == 1
    assert any(message == "Fold 2 of 3: Epoch 1 of 2" and 0.5 <= share <= 0.75 for share, message in said)
    assert run.metrics["cross_validation"]["n"] == 24


def test_a_run_that_is_killed_in_a_fold_goes_on_with_the_folds_that_are_missing(
    texts: Project, base: str, one_thread: None
) -> None:
    spec = {"method": "full", "base": base, "epochs": 3, "batch_size": 8, "max_length": 16, "patience": 0}
    run = a_run(texts, **spec, folds=3)
    worker = worker_of(run)
    until(lambda: job_of(run).message.startswith("Fold 2"), timeout_s=240)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    Supervisor().tick()
    before = again(run)
    assert before.state == JobState.INTERRUPTED
    assert before.artifact
    assert "cross_validation" not in before.metrics
    folder = artifact.folder_of_run(run.id)
    first = folder / "folds" / "fold-1.npz"
    assert first.exists()
    after = builders.resumed(run)
    assert after.state == JobState.DONE, job_of(run).error
    # The model is the one from before, and was not trained again.
    assert after.metrics["train_seconds"] == before.metrics["train_seconds"]
    assert not (folder / "folds").exists()
    uninterrupted = done_here(a_run(texts, **spec, folds=3))
    for figure in ("accuracy", "f1_macro", "log_loss", "accuracy_std"):
        expected = uninterrupted.metrics["cross_validation"][figure]
        assert after.metrics["cross_validation"][figure] == pytest.approx(expected, rel=1e-3), figure


class Counting:
    """The method head, which knows how often it trained a fold and does something before one of them."""

    def __init__(self, before: dict[int, Callable[[], None]]) -> None:
        self.before = before
        self.folds = self.models = 0

    def __call__(self, handle: Handle, run_id: int | None, *rest: Any) -> Any:
        if run_id is None:
            self.folds += 1
            self.before.get(self.folds, lambda: None)()
        else:
            self.models += 1
        return head.run(handle, run_id, *rest)


def test_stopping_within_the_folds_keeps_the_model_and_resuming_trains_only_what_is_missing(
    pictures: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(pictures, method="head", folds=4)

    def stop() -> None:
        with writing() as session:
            control.get(session, run.job_id or 0).stop_keep = "best"

    counting = Counting({2: stop})
    monkeypatch.setitem(job.METHODS, "head", counting)
    with pytest.raises(Stopped) as raised:
        job.run(Handle(job_of(run)))
    assert raised.value.keep == "best"
    found = again(run)
    assert (artifact.model_folder(found) / "README.md").exists()
    assert found.metrics["test"]["n"] > 0
    assert "cross_validation" not in found.metrics
    with writing() as session:
        control.get(session, run.job_id or 0).stop_keep = None
    finished = done_here(run)
    assert finished.metrics["cross_validation"]["folds"] == 4
    # The fold in which the wish came may have been finished before it was heard, or be trained again.
    assert counting.models == 1
    assert counting.folds in (4, 5)


def test_discarding_within_the_folds_leaves_nothing_behind(pictures: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run(pictures, method="head", folds=4)

    def stop() -> None:
        with writing() as session:
            control.get(session, run.job_id or 0).stop_keep = "nothing"

    monkeypatch.setitem(job.METHODS, "head", Counting({2: stop}))
    with pytest.raises(Stopped):
        job.run(Handle(job_of(run)))
    found = again(run)
    assert (found.artifact, found.metrics) == (None, {})
    assert not artifact.folder_of_run(run.id).exists()
    assert curves_of(run) == {}
    with reading() as session:
        assert not rows.predictions(session, run.id)


def test_a_fold_that_falls_apart_costs_the_figure_but_not_the_model(
    pictures: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall_apart() -> None:
        raise errors.NotANumber("The loss is no longer a number after step 3.")

    monkeypatch.setitem(job.METHODS, "head", Counting({3: fall_apart}))
    run = done_here(a_run(pictures, method="head", folds=4))
    assert "cross_validation" not in run.metrics
    assert "in fold 3, the loss is no longer a number" in run.metrics[cross.NOTE]
    assert not (artifact.folder_of_run(run.id) / "folds").exists()


def test_with_several_classes_an_item_each_fold_answers_from_its_own_thresholds() -> None:
    data = a_frozen([[0], [0], [], []], 1, multi_label=True)
    found = cross.Plan(2, cross.everything(data), np.array([0, 1, 0, 1]))
    scores = np.array([[0.9], [0.3], [0.4], [0.1]])
    limits = np.array([[0.6], [0.2], [0.6], [0.2]])
    assert cross.summed_up(data, found, scores, limits)["accuracy"] == 1
    assert cross.summed_up(data, found, scores, np.full((4, 1), 0.5))["accuracy"] == 0.75
