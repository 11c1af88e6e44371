"""A finished run as a suggester: really trained, on texts and on pictures."""

import os
import shutil
from collections.abc import Iterator

import numpy as np
import pytest

from backend import blobs, class_changes, class_history, errors, projects, settings, suggesting
from backend.jobs import ask
from backend.suggesting import choices, naming, of_run, refit
from backend.training import artifact
from backend.training.predict import predict
from db import projects as rows
from db import session as database
from db.models import Item, LabelClass, Project, Run, RunState, SuggestionSet
from db.session import reading, writing
from tests.suggesting.builders import run as done
from tests.suggesting.builders import suggested
from tests.training.builders import a_run, a_text_project, an_image_project, drawn, trained

TEXTS = ["The heron waits by the old mill", "Salt", "The bank lends and taxes are due, they said, before noon again"]


@pytest.fixture(scope="module", autouse=True)
def home_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One home for all tests here: training takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINNOW_HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("WINNOW_DATABASE_URL", raising=False)
        database.migrate(settings.database_url())
        database.open_database(settings.database_url())
        yield
        ask.end()
        database.close()


@pytest.fixture(scope="module")
def project() -> Project:
    return a_text_project(8)


@pytest.fixture(scope="module")
def run(project: Project) -> Run:
    return trained(project, method="head")


def classes_of(project: Project) -> list[LabelClass]:
    with reading() as session:
        return list(rows.classes(session, project.id))


def scores_of(run: Run, classes: list[LabelClass], texts: list[str]) -> np.ndarray:
    return of_run.suggester(run.id, classes)([(b"", text) for text in texts])


def test_it_says_of_items_what_the_run_predicts(project: Project, run: Run) -> None:
    classes = classes_of(project)
    found = scores_of(run, classes, TEXTS)
    told = predict(run.id, texts=TEXTS)["predictions"]
    assert [classes[best].name for best in found.argmax(1)] == [each["class_name"] for each in told] == [
        "bird", "food", "money"
    ]  # fmt: skip
    expected = [[each["scores"][one.name] for one in classes] for each in told]
    assert found == pytest.approx(np.array(expected), abs=1e-5)
    assert scores_of(run, classes, []).shape == (0, 3)


def test_a_renamed_class_is_known_by_its_id_and_one_made_again_by_its_name(project: Project, run: Run) -> None:
    bird, food, money = classes_of(project)
    before = scores_of(run, [bird, food, money], TEXTS)
    # "food" was renamed to "meal", and "money" deleted and made again; the order is another.
    now = [LabelClass(id=999, name="money"), LabelClass(id=food.id, name="meal"), bird]
    assert scores_of(run, now, TEXTS) == pytest.approx(before[:, [2, 1, 0]])
    # A new class that took the old name of one that is still here is not taken for it.
    confusing = [bird, LabelClass(id=food.id, name="meal"), money, LabelClass(id=998, name="food")]
    assert scores_of(run, confusing, TEXTS)[:, 3].max() == 0


def test_what_is_gone_is_left_out_and_what_is_new_scores_nothing(project: Project, run: Run) -> None:
    bird, food, money = classes_of(project)
    before = scores_of(run, [bird, food, money], TEXTS)
    found = scores_of(run, [LabelClass(id=997, name="weather"), bird, money], TEXTS)
    assert found[:, 0].max() == 0
    assert found.sum(1) == pytest.approx(1)
    assert found[:, 1:] == pytest.approx(before[:, [0, 2]] / before[:, [0, 2]].sum(1, keepdims=True), abs=1e-5)


def test_a_merged_class_counts_for_the_one_that_it_went_to(project: Project, run: Run) -> None:
    bird, food, money = classes_of(project)
    before = scores_of(run, [bird, food, money], TEXTS)
    with writing() as session:
        change = class_changes.merge(session, projects.get(session, project.id), bird.id, food.id)
    try:
        found = scores_of(run, [food, money], TEXTS)
    finally:
        with writing() as session:
            class_history.undo(session, projects.get(session, project.id))
    assert change
    assert found == pytest.approx(np.stack([before[:, 0] + before[:, 1], before[:, 2]], axis=1), abs=1e-5)
    several = of_run.arranged(np.array([[0.9, 0.8, 0.3]]), np.array([0, 0, 1]), 2, multi_label=True)
    assert several == pytest.approx(np.array([[0.9, 0.3]]))


def test_with_several_classes_an_item_nothing_is_made_to_sum_to_one() -> None:
    learned = np.array([[0.9, 0.8], [0.1, 0.0]])
    found = of_run.arranged(learned, np.array([-1, 0]), 2, multi_label=True)
    assert found == pytest.approx(np.array([[0.8, 0], [0, 0]]))
    alone = of_run.arranged(learned, np.array([-1, 0]), 2, multi_label=False)
    assert alone == pytest.approx(np.array([[1, 0], [1, 0]]))


def test_the_whole_project_is_suggested_by_the_run(project: Project, run: Run) -> None:
    with writing() as session:
        job = suggesting.start(session, projects.get(session, project.id), "run", f"run:{run.id}")
        again = suggesting.start(session, projects.get(session, project.id), model=f"run:{run.id}")
        assert again.id == job.id
    assert job.title == f"Suggest with {run.name}"
    done(job)
    with reading() as session:
        used = session.get(SuggestionSet, projects.get(session, project.id).suggestion_set_id)
        assert used
        assert (used.engine, used.model, used.revision) == ("run", f"run:{run.id}", of_run.revision(run.id))
        assert len(suggested(project)) == session.query(Item).filter_by(project_id=project.id).count()
    # Texts of these classes are labeled already, and the head learns from them; the chosen run stays.
    assert refit.refit(project.id)["set_id"] != used.id
    with reading() as session:
        assert projects.get(session, project.id).suggestion_set_id == used.id


def test_what_cannot_suggest_is_refused_with_a_sentence(project: Project, run: Run) -> None:
    other, waiting = a_text_project(4), a_run(project, method="head")

    def refused(where: Project, model: str | None) -> errors.WinnowError:
        with writing() as session, pytest.raises(errors.WinnowError) as found:
            suggesting.start(session, projects.get(session, where.id), "run", model)
        return found.value

    assert "run:12" in refused(project, None).hint
    assert "does not name a run" in refused(project, "bundled:minilm").message
    assert "There is no run 12345" in refused(project, "run:12345").message
    assert f"There is no run {run.id} in" in refused(other, f"run:{run.id}").message
    assert "is at work" in refused(project, f"run:{waiting.id}").message
    with pytest.raises(errors.Conflict, match="none of the classes"):
        of_run.suggester(run.id, classes_of(an_image_project(1)))


def test_finished_runs_are_offered_beside_what_else_can_suggest(project: Project, run: Run) -> None:
    with reading() as session:
        offered = choices.of(session, projects.get(session, project.id))
    assert [each.engine for each in offered][:3] == ["head", "run", "zero_shot"]
    assert (offered[1].model, offered[1].title, offered[1].is_here) == (f"run:{run.id}", run.name, True)
    assert "right on the test items" in offered[1].about


def test_pictures_come_from_the_blobs_and_one_that_is_gone_stops_nothing() -> None:
    project = an_image_project(10)
    run = trained(project, method="head")
    classes = classes_of(project)
    hashes = [blobs.put(drawn("round", 77)), blobs.put(drawn("square", 78)), b"\0" * 32]
    score = of_run.suggester(run.id, classes)
    found = score([(each, None) for each in hashes])
    assert [classes[best].name for best in found[:2].argmax(1)] == ["round", "square"]
    assert found.sum(1) == pytest.approx(1)


def test_the_revision_is_another_when_the_model_is_and_a_model_that_is_gone_is_said(project: Project, run: Run) -> None:
    folder = artifact.folder_of_run(77)
    shutil.copytree(artifact.model_folder(run), folder / "model")
    with writing() as session:
        told = {"project_id": project.id, "snapshot_id": run.snapshot_id, "name": "Copied", "state": RunState.DONE}
        copied = Run(**told, artifact="runs/77/model", metrics=run.metrics)
        session.add(copied)
    before = of_run.revision(copied.id)
    os.utime(next(folder.rglob("*.safetensors")), (1, 1))
    assert of_run.revision(copied.id) != before
    shutil.rmtree(folder)
    for call in (lambda: of_run.revision(copied.id), lambda: of_run.suggester(copied.id, classes_of(project))):
        with pytest.raises(errors.NotFound, match="is gone"):
            call()
    with reading() as session:
        offered = [each.model for each in choices.of(session, project) if each.engine == "run"]
        assert offered == [f"run:{run.id}"]
        assert naming.title(session, "run", "run:99999") == "run 99999, which is gone"
