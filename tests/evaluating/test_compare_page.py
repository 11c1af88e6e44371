"""The Compare page as Streamlit runs it: no exception, whatever the runs are."""

import re

import numpy as np
import pytest

from backend.training import artifact
from db.models import RunState
from db.session import writing
from tests import pages
from tests.evaluating import builders
from tests.evaluating.builders import sure

HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$ `code`"


OF_RUNS = ["side", "classes", "certainty", "items", "slices"]


def opened(project, runs=None, view=None):
    given = {"runs": runs, "view": view}
    return pages.opened("pages.compare.page", project, **{name: each for name, each in given.items() if each})


def address(runs):
    return ",".join(str(run.id) for run in runs)


def runs_with_answers(session, project, n, k=2, *, multi_label=False):
    snapshot = builders.a_snapshot(session, project, baselines={"majority": {"test": {"accuracy": 0.5}}})
    items = builders.items(session, project, 2 * k, HOSTILE)
    truth = [[each % k] for each in range(2 * k)]
    runs = []
    for number in range(n):
        run = builders.a_run(session, project, snapshot, name=f"{HOSTILE} {number}", spec={"seed": number})
        said = [sure((each + (each + number) % 3) % k, k) for each in range(2 * k)]
        builders.with_answers(session, run, items, truth, np.array(said), multi_label=multi_label)
        builders.with_curve(session, run, "train/loss", [2.0, 1.0])
        builders.with_curve(session, run, "validation/f1_macro", [0.2, 0.4])
        runs.append(run)
    return runs


def words_on(app):
    return " ".join(each.value for each in [*app.markdown, *app.caption, *app.info, *app.warning, *app.subheader])


def test_without_runs_the_page_offers_to_train(home):
    with writing() as session:
        project = builders.a_project(session)
    app = opened(project)
    assert "no run" in app.info[0].value
    assert app.button[0].label == "Train a model"


def test_the_newest_two_finished_runs_are_shown_and_the_address_says_so(home):
    with writing() as session:
        project = builders.a_project(session)
        runs = runs_with_answers(session, project, 3)
        builders.a_failed_run(session, project)
    app = opened(project)
    assert app.query_params["runs"] == f"{runs[1].id},{runs[2].id}"
    assert app.multiselect[0].value == [runs[1].id, runs[2].id]


def test_choosing_runs_changes_the_address_and_an_empty_choice_stays_empty(home):
    with writing() as session:
        project = builders.a_project(session)
        runs = runs_with_answers(session, project, 3)
    app = opened(project)
    app.multiselect[0].set_value([runs[0].id]).run()
    assert app.query_params["runs"] == str(runs[0].id)
    app.multiselect[0].set_value([]).run()
    assert app.query_params["runs"] == "none"
    assert "Choose at least one run" in app.info[0].value
    assert not app.exception


@pytest.mark.parametrize(("n", "k"), [(1, 2), (2, 10), (3, 150), (20, 2)])
@pytest.mark.parametrize("view", OF_RUNS)
def test_any_number_of_runs_and_classes_is_drawn(home, n, k, view):
    with writing() as session:
        project = builders.a_project(session, [f"{HOSTILE} {each}" for each in range(k)])
        runs = runs_with_answers(session, project, n, k)
    app = opened(project, address(runs), view)
    assert not re.search(r"(?<!\\)(<img|\*\*bold)", words_on(app)), "user text is read as Markdown"


@pytest.mark.parametrize(("n", "charts"), [(1, 3), (2, 6), (3, 8), (20, 8)])
def test_side_by_side_draws_what_so_many_runs_can_be_asked(home, n, charts):
    """Bars and two curves; from two runs on their difference and two costs; from three on their settings."""
    with writing() as session:
        project = builders.a_project(session)
        runs = runs_with_answers(session, project, n)
        for run in runs:
            run.metrics = run.metrics | {"train_seconds": 10.0 * run.id}
            write_model(run.id)
    app = opened(project, address(runs))
    assert len(app.get("plotly_chart")) == charts


def write_model(run_id):
    folder = artifact.folder_of_run(run_id) / "model"
    folder.mkdir(parents=True)
    (folder / "head.safetensors").write_bytes(b"0" * 1000 * run_id)


def test_each_verdict_is_in_words_and_many_are_counted(home):
    with writing() as session:
        project = builders.a_project(session)
        runs = runs_with_answers(session, project, 6)
    two = opened(project, address(runs[:2]))
    assert len([*two.success, *two.info]) == 1
    many = words_on(opened(project, address(runs)))
    assert "With 5 comparisons" in many
    assert "too close to tell" in many


def test_a_correction_for_many_comparisons_says_what_is_left():
    from pages.compare.verdict import by_chance

    verdicts = [{"p": 0.001, "verdict": "better"}, {"p": 0.03, "verdict": "worse"}, {"p": 0.9, "verdict": "undecided"}]
    # 1 - 0.95 ** 3 = 14 %; Holm: 3 * 0.001 and 2 * 0.03.
    assert by_chance(verdicts).endswith("is up to 14%. Corrected for that (Holm), 1 of 2 still differs.")


def test_a_figure_stands_with_its_interval_and_its_best_and_last_value(home):
    with writing() as session:
        project = builders.a_project(session)
        run, *_ = runs_with_answers(session, project, 2)
        builders.with_curve(session, run, "validation/accuracy", [0.2, 0.9, 0.4])
    table = next(each.value for each in opened(project, str(run.id)).dataframe if "Test accuracy" in each.value)
    assert table["Validation accuracy, best"].iloc[0] == 0.9
    assert table["Validation accuracy, last"].iloc[0] == 0.4
    # Three of four items.
    assert table["Test accuracy"].iloc[0] == 0.75


def test_one_run_shows_all_its_settings_and_several_only_what_differs(home):
    with writing() as session:
        project = builders.a_project(session)
        snapshot = builders.a_snapshot(session, project)
        first, second = (builders.a_run(session, project, snapshot, spec={"seed": 1, "epochs": n}) for n in (2, 3))
    one = next(each.value for each in opened(project, str(first.id)).dataframe if "Setting" in each.value)
    assert set(one["Setting"]) == {"Seed", "Epochs"}
    both = next(each.value for each in opened(project, address([first, second])).dataframe if "Setting" in each.value)
    assert list(both["Setting"]) == ["Epochs"]


def test_the_cheapest_run_near_the_best_is_named(home):
    with writing() as session:
        project = builders.a_project(session)
        runs = runs_with_answers(session, project, 2)
        for run, seconds in zip(runs, (5, 500), strict=True):
            run.metrics = run.metrics | {"train_seconds": seconds}
    found = words_on(opened(project, address(runs)))
    assert "5 s" in found
    assert "quickest" in found


def test_several_classes_an_item_have_no_matrix_but_all_the_rest(home):
    with writing() as session:
        project = builders.a_project(session, multi_label=True)
        runs = runs_with_answers(session, project, 2, multi_label=True)
    assert "What is taken for what" not in words_on(opened(project, address(runs), "classes"))
    assert "None of these runs" not in words_on(opened(project, address(runs), "items"))


@pytest.mark.parametrize("view", OF_RUNS)
def test_runs_that_failed_wait_or_have_nothing_to_show_break_nothing(home, view):
    with writing() as session:
        project = builders.a_project(session)
        good, *_ = runs_with_answers(session, project, 1)
        failed = builders.a_failed_run(session, project)
        waiting = builders.a_run(session, project, state=RunState.QUEUED, spec={}, name="")
    app = opened(project, address([failed, waiting, good]), view)
    assert "The disk is full" in words_on(app).replace("\\", "")
    for alone in (failed, waiting):
        opened(project, str(alone.id), view)


def test_an_address_that_names_runs_which_are_not_here_says_so(home):
    with writing() as session:
        project = builders.a_project(session)
        run, *_ = runs_with_answers(session, project, 1)
    app = opened(project, f"{run.id},999")
    assert app.warning[0].value == "Run 999 is not in this project, or no longer."
    assert app.multiselect[0].value == [run.id]
    assert "does not name runs" in opened(project, "1;drop").warning[0].value
