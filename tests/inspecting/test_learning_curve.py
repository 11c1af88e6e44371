"""The learning curve: measured on items that were not learned from, and made by a job from a project's labels."""

import numpy as np
import pytest

from backend import errors, inspecting, projects
from backend.evaluating import metrics
from backend.inspecting import curves, job, labeled, learning_curve
from backend.inspecting.curves import Data
from backend.jobs import progress
from backend.jobs.progress import Handle, Stopped
from db import jobs
from db.models import JobState
from db.session import reading, writing
from tests.training import builders


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch):
    monkeypatch.setattr(curves, "MOST_ROUNDS", 2)


def blobs(n, k=3, noise=1.0, seed=0, columns=16):
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(99).standard_normal((k, columns))
    classes = rng.integers(k, size=n)
    vectors = middles[classes] + noise * rng.standard_normal((n, columns))
    return vectors.astype(np.float32), [[each] for each in classes.tolist()]


def data_of(n, k=3, group_ids=None, **how):
    vectors, targets = blobs(n, k, **how)
    return Data(vectors, targets, np.zeros(n, np.int64) if group_ids is None else group_ids, k, False)


def test_more_labels_of_separable_classes_are_better_and_what_is_measured_is_near_the_truth():
    curve = curves.measure(data_of(150, noise=2.0))
    measured = curve.measured("accuracy")
    assert list(curve.sizes) == sorted(set(curve.sizes.tolist()))
    assert curve.sizes[-1] == 135
    assert measured[-1] > measured[0] + 0.05
    fresh, targets = blobs(4000, noise=2.0, seed=5)
    model = data_of(150, noise=2.0).fit(np.arange(135))
    truth = metrics.evaluate(targets, model.scores(fresh), [{"id": each, "name": ""} for each in range(3)], False)
    error = float(np.sqrt(curve.covariance("accuracy")[-1, -1]))
    assert abs(measured[-1] - truth["accuracy"]) < 4 * error


def test_near_duplicates_are_never_on_both_sides_so_labels_of_chance_teach_nothing():
    """Near-duplicates that lay on both sides would be known by heart."""
    rng = np.random.default_rng(0)
    one = rng.standard_normal((40, 64)).astype(np.float32)
    vectors = np.concatenate([one, one + 1e-3])
    targets = [[each] for each in np.tile(np.arange(40) % 2, 2).tolist()]
    alone = curves.measure(Data(vectors, targets, np.zeros(80, np.int64), 2, False))
    together = curves.measure(Data(vectors, targets, np.tile(np.arange(1, 41), 2), 2, False))
    # By chance half of them are right: of 40, up to 28 in one case of a hundred.
    assert alone.measured("accuracy")[-1] > 0.75
    assert together.measured("accuracy")[-1] <= 0.7


def test_every_fold_has_its_share_of_each_class_and_groups_stay_whole():
    rng = np.random.default_rng(1)
    classes = np.repeat([0, 1, 2], [100, 40, 10])
    groups = np.zeros(150, np.int64)
    groups[:8] = 7
    fold = curves.dealt(np.eye(3, dtype=bool)[classes], groups, 5, rng)
    assert len(set(fold[:8].tolist())) == 1
    for each in (1, 2):
        counts = np.bincount(fold[classes == each], minlength=5)
        assert counts.max() - counts.min() <= 1


def test_the_figures_are_those_of_the_metrics():
    """Row 0 of the draws against `metrics.evaluate`, which tests hold against scikit-learn."""
    rng = np.random.default_rng(2)
    truth = np.eye(4, dtype=bool)[rng.integers(4, size=60)]
    scores = rng.random((1, 60, 4)).astype(np.float32)
    found, recalls = curves.judged(
        truth, scores, np.zeros(60, np.int64), np.ones((1, 60), np.float32), multi_label=False
    )
    classes = [{"id": each, "name": ""} for each in range(4)]
    expected = metrics.evaluate([[each] for each in truth.argmax(axis=1).tolist()], scores[0], classes, False)
    assert found["accuracy"][0, 0] == pytest.approx(expected["accuracy"])
    assert found["f1_macro"][0, 0] == pytest.approx(expected["f1_macro"], abs=1e-6)
    assert recalls[0] == pytest.approx([each["recall"] for each in expected["per_class"]], abs=1e-6)


@pytest.mark.parametrize(("n", "k"), [(20, 2), (40, 4), (200, 4), (2000, 4), (2000, 77), (20_000, 4), (20_000, 150)])
@pytest.mark.parametrize("multi_label", [False, True], ids=["one", "several"])
def test_the_work_stays_within_bounds(n, k, multi_label):
    plan = curves.plan(n, k, 384, multi_label=multi_label)
    assert plan.rounds >= 2
    assert 2 <= plan.done <= plan.folds
    assert len(plan.sizes) >= 3
    assert 4 <= plan.sizes[0] < plan.sizes[-1] <= n - n // plan.folds
    assert (np.diff(plan.sizes) > 0).all()


def test_several_classes_an_item_are_answered_by_thresholds_of_other_folds():
    vectors, targets = blobs(120, 3, noise=1.0)
    several = [sorted({each[0], (each[0] + 1) % 3}) if row % 3 == 0 else each for row, each in enumerate(targets)]
    curve = curves.measure(Data(vectors, several, np.zeros(120, np.int64), 3, True))
    assert curve.measured("f1_macro")[-1] > 0.7


def a_handle(project):
    with writing() as session:
        return Handle(inspecting.start(session, projects.get(session, project.id), "learning_curve"))


def said_of(text, name):
    return text.startswith(builders.WORDS[name])


@pytest.fixture
def encoded(monkeypatch):
    """What a model would make of the texts: those of one class lie together."""

    def ensure(_encoder_id, contents, on_progress=None, unreadable=None):
        names = list(builders.WORDS)
        about = [next(row for row, name in enumerate(names) if said_of(text, name)) for _, text in contents]
        return (np.eye(8)[about] + 0.6 * np.random.default_rng(0).standard_normal((len(about), 8))).astype(np.float32)

    monkeypatch.setattr(labeled.encode, "ensure", ensure)


def test_the_job_says_what_more_labels_bring(home, encoded):
    project = builders.a_text_project(20)
    report = job.run(a_handle(project))
    with reading() as session:
        found = inspecting.newest(session, project, "learning_curve")
    assert report["inspection_id"] == found.id
    result = found.result
    assert result["items"] == 60
    assert result["classes"] == 3
    assert [each["more"] for each in result["forecasts"]] == [50, 60, 100, 200, 500]
    for figure in ("accuracy", "f1_macro"):
        values = [each[figure]["value"] for each in result["forecasts"]]
        assert values == sorted(values)
        for each in result["forecasts"]:
            assert each[figure]["low"] <= each[figure]["value"] <= each[figure]["high"]
            assert each[figure]["gain"]["low"] <= each[figure]["gain"]["value"] <= each[figure]["gain"]["high"]
        drawn = [point["value"] for point in result["fit"][figure]["curve"]]
        assert drawn == sorted(drawn)
    assert {each["name"] for each in result["by_class"]} == {"bird", "food", "money"}


@pytest.mark.parametrize(("counts", "words"), [((3, 2), "at least 20"), ((22, 1), "2 classes with at least 8")])
def test_too_few_labels_are_said_so(home, monkeypatch, counts, words):
    with writing() as session:
        project = builders.a_project(session, ["bird", "food"])
        for name, count in zip(("bird", "food"), counts, strict=True):
            for number in range(count):
                builders.a_labeled_item(session, project, f"{name} {number}", name)
    monkeypatch.setattr(labeled.encode, "ensure", lambda _encoder_id, contents, **_how: np.ones((len(contents), 4)))
    with pytest.raises(errors.TooFewLabels, match=words):
        job.run(a_handle(project))


def test_it_can_be_stopped_half_way(home, encoded, monkeypatch):
    project = builders.a_text_project(10)
    handle = a_handle(project)
    fitted = []
    # On a quick machine all is done before it would look a second time.
    monkeypatch.setattr(progress, "WRITE_EVERY_S", 0.0)
    monkeypatch.setattr(curves.Data, "fit", counting(curves.Data.fit, fitted, lambda: stop(handle)))
    with pytest.raises(Stopped):
        learning_curve.run(handle, project)
    assert len(fitted) < 60


def counting(fit, fitted, after_some):
    def counted(*args):
        fitted.append(1)
        if len(fitted) == 12:
            after_some()
        return fit(*args)

    return counted


def stop(handle):
    with writing() as session:
        jobs.write(session, handle.job_id, state=JobState.STOPPING, stop_keep="best")
