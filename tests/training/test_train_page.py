"""The Train page without a browser: what the form says and starts, and what it shows of a run in each state."""

from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from backend.evaluating.metrics import evaluate
from backend.jobs import control, devices
from backend.jobs.devices import Device
from backend.training import artifact, runs, sweeps
from backend.training import spec as specs
from db import comparison, jobs, projects
from db import runs as rows
from db.models import JobState, Project, Run, RunState
from db.session import reading, writing
from tests.pages import opened
from tests.training.builders import a_labeled_item, a_project, a_run, a_text_project, again, job_of

GPUS = tuple(Device(str(number), "NVIDIA A100", 40 * 2**30, 8.0) for number in range(2))


def page_of(project: Project, method: str = "", **query: str) -> AppTest:
    page = opened("pages.train.page", project, **query)
    if method:
        page.segmented_control(key="train-method").set_value(method).run()
        assert not page.exception
    return page


def text_of(page: AppTest) -> str:
    """Everything that is written on the page, without the signs that keep Markdown from reading it."""
    parts = [*page.markdown, *page.caption, *page.error, *page.warning, *page.info, *page.subheader]
    return "\n".join(str(each.value) for each in parts).replace("\\", "")


def started(page: AppTest) -> Run:
    page.button(key="train-start").click().run()
    assert not page.exception
    return looked_at(page)


def looked_at(page: AppTest) -> Run:
    with reading() as session:
        return runs.get(session, int(page.query_params["run"][0]))


def in_state(run: Run, state: JobState, **values: Any) -> Run:
    with writing() as session:
        jobs.write(session, run.job_id or 0, state=state, **values)
        rows.write(session, run.id, state=RunState(state))
    return again(run)


def with_figures(run: Run, score: float = 0.75, **more: Any) -> Run:
    """Done, with eight test items of which some were answered rightly."""
    with reading() as session:
        classes = projects.classes(session, run.project_id)
        known = [{"id": each.id, "name": each.name} for each in classes]
    right = round(score * 8)
    scores = [
        [0.9 if place == (n + (n >= right)) % len(known) else 0.05 for place in range(len(known))] for n in range(8)
    ]
    found = evaluate([[n % len(known)] for n in range(8)], np.array(scores), known, False)
    metrics = {"validation": found, "test": found, "train_seconds": 12.0} | more
    with writing() as session:
        rows.write(session, run.id, metrics=metrics)
    return in_state(run, JobState.DONE)


def test_the_form_says_what_it_picked_why_and_what_that_takes(home):
    page = page_of(a_text_project(), "full")
    told = text_of(page)
    assert "6 epochs, rate 6e-5, batch 8, up to 32 tokens, 5-fold cross-validation" in told
    assert "with 60 labels a test set alone is too small" in told
    assert ":material/schedule: About" in told
    assert "GB of memory" in told


def test_a_form_that_nobody_touched_starts_what_would_be_chosen(home):
    """A field that shows a choice must not be taken for one that was made."""
    with writing() as session:
        project = a_project(session, ["often", "rare"])
        for number in range(48):
            a_labeled_item(session, project, f"text {number}", "rare" if number < 4 else "often")
    run = started(page_of(project, "full"))
    with reading() as session:
        chosen = specs.complete(session, project, {"method": "full"})
    assert run.spec == chosen
    assert run.spec["class_weights"] == "balanced"


def test_what_is_set_is_trained_with_and_the_rest_chosen(home):
    page = page_of(a_text_project(), "full")
    page.number_input(key="train-epochs").set_value(2)
    page.selectbox(key="train-schedule").set_value("cosine")
    page.toggle(key="train-gradient_checkpointing").set_value(True).run()
    assert "2 epochs, " in text_of(page)
    spec = started(page).spec
    assert (spec["epochs"], spec["schedule"], spec["gradient_checkpointing"]) == (2, "cosine", True)
    assert spec["learning_rate"] == 6e-5


def test_a_wrong_value_is_a_sentence_and_starts_nothing(home):
    project = a_text_project()
    page = page_of(project, "full")
    page.number_input(key="train-learning_rate").set_value(-3.0).run()
    assert '"learning_rate" is -3, and must be between' in text_of(page)
    assert page.button(key="train-start").disabled
    with reading() as session:
        assert comparison.listed(session, project.id) == []


def test_only_settings_that_change_something_are_shown(home, monkeypatch):
    def shown(project: Project, method: str) -> set[str]:
        page = page_of(project, method)
        widgets = [*page.number_input, *page.selectbox, *page.toggle]
        return {str(each.key).removeprefix("train-") for each in widgets if each.key}

    project = a_text_project()
    with writing() as session:
        several = a_project(session, ["one", "two"], multi_label=True)
        for number in range(8):
            a_labeled_item(session, several, f"text {number}", "one", "two")
    assert not {"epochs", "learning_rate", "label_smoothing"} & shown(project, "head")
    on_processor = shown(project, "lora")
    assert {"epochs", "lora_rank", "max_length", "label_smoothing"} <= on_processor
    assert not {"image_size", "devices", "quantization"} & on_processor
    assert "label_smoothing" not in shown(several, "full")
    monkeypatch.setattr(devices, "found", lambda: GPUS)
    assert {"devices", "quantization"} <= shown(project, "lora")
    assert "quantization" not in shown(project, "full")


def test_a_clone_fills_the_form_and_says_where_it_came_from(home):
    project = a_text_project()
    first = a_run(project, method="full", preset="best", epochs=3, schedule="cosine", compile=False, ema=0.9)
    page = page_of(project, clone=str(first.id))
    assert f"With the settings of {first.name}" in text_of(page)
    assert page.segmented_control(key="train-preset").value == "best"
    assert page.number_input(key="train-epochs").value == 3
    assert page.selectbox(key="train-schedule").value == "cosine"
    # What was chosen stays empty, so that it follows what is changed.
    assert page.number_input(key="train-batch_size").value is None
    page.number_input(key="train-epochs").set_value(4).run()
    second = started(page)
    assert second.cloned_from == first.id
    assert second.spec == first.spec | {"epochs": 4}
    assert "clone" not in page.query_params


def test_a_clone_of_a_base_in_a_folder_names_the_folder(home):
    project = a_text_project()
    run = a_run(project, method="head")
    with writing() as session:
        rows.write(session, run.id, spec=run.spec | {"method": "full", "base": "path:/models/gone"})
    page = page_of(project, clone=str(run.id))
    assert page.text_input(key="train-folder").value == "/models/gone"
    assert "/models/gone" in text_of(page)
    assert not [each for each in page.button if each.key == "train-start"]


@pytest.mark.parametrize("clone", ["999999", "x", "9" * 40])
def test_a_clone_of_no_run_is_an_empty_form(home, clone):
    page = page_of(a_text_project(), clone=clone)
    assert "With the settings of" not in text_of(page)
    assert page.button(key="train-start")


def test_a_sweep_shows_its_budget_and_starts_as_one(home):
    project = a_text_project()
    page = page_of(project)
    page.toggle(key="train-several").set_value(True).run()
    assert page.multiselect(key="train-try-head-class_weights").value == ["none", "balanced"]
    page.multiselect(key="train-try-head").set_value(["class_weights", "seed"]).run()
    page.text_input(key="train-try-head-seed").set_value("1, 2, 3").run()
    assert "6 combinations" in text_of(page)
    page.number_input(key="train-sweep-runs").set_value(4).run()
    assert "of which 4 are tried" in text_of(page)
    page.number_input(key="train-sweep-minutes").set_value(30.0).run()
    page.button(key="train-sweep-start").click().run()
    assert not page.exception
    with reading() as session:
        sweep = sweeps.of_run(session, looked_at(page).id)
    assert sweep
    assert sweep["minutes"] == 30
    assert len(sweep["runs"]) == 4
    assert {name: sorted(values) for name, values in sweep["space"].items()} == {
        "class_weights": ["balanced", "none"],
        "seed": [1, 2, 3],
    }


@pytest.mark.parametrize(
    ("written", "said"), [("1, two", '"two" is not a number'), (" ", "has no value"), ("-4", "must be between")]
)
def test_values_that_cannot_be_tried_are_a_sentence(home, written, said):
    page = page_of(a_text_project())
    page.toggle(key="train-several").set_value(True).run()
    page.multiselect(key="train-try-head").set_value(["seed"]).run()
    page.text_input(key="train-try-head-seed").set_value(written).run()
    assert said in text_of(page)
    assert not [each for each in page.button if each.key == "train-sweep-start"]


def test_the_runs_of_a_sweep_stand_together_and_the_best_is_marked(home):
    project = a_text_project()
    with writing() as session:
        space = {"class_weights": ["none", "balanced"], "seed": [1, 2]}
        sweep = sweeps.start(session, projects.get(session, project.id), {"method": "head"}, space, most_runs=4)
        ids = [each["id"] for each in sweeps.as_json(session, sweep)["runs"]]
    with reading() as session:
        found = [runs.get(session, run_id) for run_id in ids]
    with_figures(found[0], 0.5)
    with_figures(found[1], 0.875)
    page = page_of(project, run=str(ids[2]))
    [table] = [each.value for each in page.dataframe if "Class weights" in each.value]
    assert [name.startswith("★") for name in table["Run"]] == [False, True, False, False]
    assert list(table["State"]) == ["done", "done", "waiting", "waiting"]
    assert "2 of 4 runs done" in text_of(page)
    page.button(key="train-stop-all").click().run()
    assert [again(each).state for each in found[2:]] == [RunState.STOPPED, RunState.STOPPED]


def test_a_waiting_run_says_how_many_are_before_it(home):
    project = a_text_project()
    first, second, third = (a_run(project, method="head") for _ in range(3))
    in_state(first, JobState.RUNNING)
    page = page_of(project, run=str(third.id))
    assert "2 runs before it" in text_of(page)
    page.button(key="train-drop").click().run()
    assert again(third).state == RunState.STOPPED
    assert again(second).state == RunState.QUEUED


def test_a_run_at_work_shows_its_fold_and_its_figures_and_stops_in_two_ways(home):
    project = a_text_project()
    run = a_run(project, method="full", folds=5)
    points = {"train/loss": 0.25, "train/grad_norm": 1.5, "train/learning_rate": 6e-5, "system/memory": 1.3e9}
    with writing() as session:
        rows.put_points(
            session, run.id, [{"name": name, "step": 1, "epoch": 0.1, "value": value} for name, value in points.items()]
        )
    in_state(run, JobState.RUNNING, done=20, total=100, per_second=4.0, message="Fold 2 of 5: epoch 1 of 6")
    page = page_of(project, run=str(run.id))
    told = {each.label: each.value for each in page.metric}
    assert told == {"Loss": "0.250", "Learning rate": "6e-5", "Gradient norm": "1.50", "Memory": "1.3 GB"}
    assert [each.label for each in page.button if each.key in ("train-keep", "train-drop")] == [
        "Stop, keep the best",
        "Stop and discard it",
    ]
    assert "its checkpoints and its model" in text_of(page)
    page.button(key="train-keep").click().run()
    assert (job_of(run).state, job_of(run).stop_keep) == (JobState.STOPPING, "best")


def test_a_run_that_failed_for_memory_offers_a_smaller_batch(home):
    project = a_text_project()
    run = a_run(project, method="full", batch_size=64)
    error = {"code": "memory", "message": "The memory did not suffice.", "hint": "Try a smaller batch."}
    in_state(run, JobState.FAILED, error=error)
    page = page_of(project, run=str(run.id))
    assert "The memory did not suffice. Try a smaller batch." in text_of(page)
    assert "Batch size: 32, Batches a step: 2" in text_of(page)
    page.button(key="train-offer-0").click().run()
    assert not page.exception
    second = looked_at(page)
    assert second.cloned_from == run.id
    assert (second.spec["batch_size"], second.spec["accumulation"]) == (32, 2)


def test_an_interrupted_run_is_resumed_by_its_button(home):
    project = a_text_project()
    run = in_state(a_run(project, method="full"), JobState.INTERRUPTED)
    page = page_of(project, run=str(run.id))
    assert "Its process ended unexpectedly" in text_of(page)
    page.button(key=f"train-resume-{run.job_id}").click().run()
    assert not page.exception
    assert again(run).state == RunState.QUEUED


def test_the_cross_validated_figure_comes_first_and_says_why(home):
    project = a_text_project()
    folds = {"folds": 5, "n": 60, "accuracy": 0.81, "f1_macro": 0.8, "accuracy_std": 0.04, "f1_macro_std": 0.05}
    run = with_figures(a_run(project, method="head"), cross_validation=folds)
    page = page_of(project, run=str(run.id))
    values = [(each.label, each.value) for each in page.metric]
    assert values[0] == ("Accuracy", "81.0%")
    assert values[4] == ("Accuracy", "75.0%")
    assert page.metric[0].delta == "± 4.0 points"
    assert "the test set has 8 items, where a single answer changes the accuracy by 12.5 points" in text_of(page)
    [table] = [each.value for each in page.dataframe if "F1 in folds" in each.value]
    assert list(table["F1 in folds"]) == [80.0]
    assert list(table["Trained in"]) == ["12 s"]


def test_items_that_could_not_be_read_are_named_with_a_link_to_each(home):
    project = a_text_project()
    run = with_figures(a_run(project, method="head"))
    with writing() as session:
        skipped = [{"item_id": 3, "name": "heron.png", "reason": "It is cut off."}]
        rows.write(session, run.id, environment={"skipped": skipped, "python": "3.11"})
    page = page_of(project, run=str(run.id))
    [table] = [each.value for each in page.dataframe if "Look" in each.value]
    assert list(table["Look"]) == [f"/data?project={project.id}&item=3"]
    assert list(table["Why"]) == ["It is cut off."]
    assert list(table["Item"]) == ["heron.png"]


def test_a_run_gets_a_name_and_a_note_and_loses_its_checkpoints(home):
    project = a_text_project()
    run = in_state(a_run(project, method="full"), JobState.STOPPED)
    checkpoint = artifact.folder_of_run(run.id) / "checkpoints" / "checkpoint-3" / "model.safetensors"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"0" * 2_000_000)
    page = page_of(project, run=str(run.id))
    page.text_input(key=f"train-name-{run.id}").set_value("First try").run()
    page.text_area(key=f"train-note-{run.id}").set_value("Too *slow*").run()
    page.button(key=f"train-save-{run.id}").click().run()
    assert (again(run).name, again(run).note) == ("First try", "Too *slow*")
    assert "Too *slow*" in text_of(page)
    page.button(key="train-clean").click().run()
    assert not page.exception
    assert not checkpoint.exists()
    assert not [each for each in page.button if each.key == "train-clean"]


def test_a_deleted_run_is_gone_and_the_page_shows_another(home):
    project = a_text_project()
    kept = with_figures(a_run(project, method="head"))
    run = in_state(a_run(project, method="full"), JobState.STOPPED)
    page = page_of(project, run=str(run.id))
    assert "is deleted for good" in text_of(page)
    page.button(key="train-delete").click().run()
    assert not page.exception
    with reading() as session:
        assert [each.id for each in comparison.listed(session, project.id)] == [kept.id]
    assert kept.name in [each.value.replace("\\", "") for each in page.subheader]


def test_names_of_people_stay_text(home):
    project = a_text_project()
    run = with_figures(a_run(project, method="head"))
    hostile = "**bold** <img src=x> :red[no]"
    with writing() as session:
        runs.rename(session, runs.get(session, run.id), hostile, hostile)
    page = page_of(project, run=str(run.id), clone=str(run.id))
    for shown in (*page.subheader, *page.info, *page.markdown):
        assert hostile not in str(shown.value)


def test_a_run_that_a_link_names_wrongly_shows_the_newest(home):
    project = a_text_project()
    run = with_figures(a_run(project, method="head"))
    page = page_of(project, run="999999")
    assert run.name in [each.value.replace("\\", "") for each in page.subheader]
    with reading() as session:
        assert control.get(session, run.job_id or 0).state == JobState.DONE
