"""The Compare page as Streamlit runs it: no exception, whatever the runs are."""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from db.models import RunState
from db.session import writing
from tests.evaluating import builders
from tests.evaluating.builders import sure

HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$ `code`"


def opened(project, runs=None):
    def page():
        from pages.compare.page import show

        show()

    app = AppTest.from_function(page, default_timeout=60)
    app.query_params["project"] = str(project.id)
    if runs is not None:
        app.query_params["runs"] = runs
    app.run()
    assert not app.exception
    return app


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
def test_any_number_of_runs_and_classes_is_drawn(home, n, k):
    with writing() as session:
        project = builders.a_project(session, [f"{HOSTILE} {each}" for each in range(k)])
        runs = runs_with_answers(session, project, n, k)
    app = opened(project, ",".join(str(run.id) for run in runs))
    assert len(app.get("plotly_chart")) >= 4
    assert "Item by item" in words_on(app)
    assert not re.search(r"(?<!\\)(<img|\*\*bold)", words_on(app)), "user text is read as Markdown"


def test_several_classes_an_item_have_no_matrix_but_all_the_rest(home):
    with writing() as session:
        project = builders.a_project(session, multi_label=True)
        runs = runs_with_answers(session, project, 2, multi_label=True)
    app = opened(project, f"{runs[0].id},{runs[1].id}")
    assert "What is taken for what" not in words_on(app)
    assert "Item by item" in words_on(app)


def test_runs_that_failed_wait_or_have_nothing_to_show_break_nothing(home):
    with writing() as session:
        project = builders.a_project(session)
        good, *_ = runs_with_answers(session, project, 1)
        failed = builders.a_failed_run(session, project)
        waiting = builders.a_run(session, project, state=RunState.QUEUED, spec={}, name="")
    app = opened(project, f"{failed.id},{waiting.id},{good.id}")
    assert "The disk is full" in words_on(app).replace("\\", "")
    for alone in (failed, waiting):
        opened(project, str(alone.id))


def test_an_address_that_names_runs_which_are_not_here_says_so(home):
    with writing() as session:
        project = builders.a_project(session)
        run, *_ = runs_with_answers(session, project, 1)
    app = opened(project, f"{run.id},999")
    assert app.warning[0].value == "Run 999 is not in this project, or no longer."
    assert app.multiselect[0].value == [run.id]
    assert "does not name runs" in opened(project, "1;drop").warning[0].value
