"""The list of runs: what it shows of each, how runs are found, marked, put away and put together."""

from datetime import timedelta
from statistics import stdev

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from backend import errors, settings
from backend.api.app import create
from backend.evaluating import run_list, sparklines
from backend.evaluating.run_list import Wanted
from backend.training import disk, runs
from db import comparison as rows
from db.models import Recipe, Run, RunState, Sweep, now
from db.session import reading, writing
from tests.evaluating import builders
from tests.pages import opened

HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$ `code`"


def listed(session, project, **which):
    return run_list.of(session, project, rows.listed(session, project.id, **which))


def scored(session, project, score, snapshot=None, **fields):
    """A run with this macro-F1 on the test items, and the same less a tenth on the validation items."""
    metrics = {"test": {"accuracy": score, "f1_macro": score}, "validation": {"f1_macro": score - 0.1}}
    return builders.a_run(session, project, snapshot, metrics=metrics, **fields)


def test_a_row_says_best_and_last_its_data_sweep_recipe_disk_and_why_it_failed(session):
    project = builders.a_project(session)
    counts = {"train": {"1": 30, "2": 12}, "validation": {"1": 5}, "test": {"2": 7}, "left_out": 3}
    snapshot = builders.a_snapshot(session, project, counts=counts, fingerprint="ab12cd" + 58 * "0")
    sweep = Sweep(project_id=project.id, name="Rates")
    recipe = Recipe(name="Mild", version=2, steps=[])
    session.add_all([sweep, recipe])
    session.flush()
    spec = {"method": "full", "base": "bundled:minilm", "seed": 1, "recipe_id": recipe.id}
    run = builders.a_run(session, project, snapshot, spec=spec, sweep_id=sweep.id, note="for the paper")
    builders.with_curve(session, run, "validation/f1_macro", [0.2, 0.7, 0.6])
    builders.with_curve(session, run, "validation/accuracy", [0.9, 0.9, 0.9])
    folder = settings.folder("runs") / str(run.id) / "model"
    folder.mkdir(parents=True)
    (folder / "config.json").write_bytes(b"x" * 1234)
    builders.a_failed_run(session, project, "The disk is full.")

    failed, row = listed(session, project)
    assert (row.best, row.last) == (0.7, 0.6)
    assert (row.more.note, row.sweep, row.recipe, row.base) == ("for the paper", "Rates", "Mild, version 2", "MiniLM")
    assert run_list.sizes(row.data) == {"train": 42, "validation": 5, "test": 7}
    assert row.data.fingerprint.startswith("ab12cd")
    assert row.disk_bytes == 1234
    assert failed.more.error == "The disk is full."
    assert (failed.best, failed.last, failed.data, failed.disk_bytes) == (None, None, None, 0)


def test_the_figure_is_the_one_that_the_run_chose_its_epoch_by(session):
    project = builders.a_project(session)
    run = builders.a_run(session, project, spec={"best_metric": "log_loss"})
    builders.with_curve(session, run, "validation/f1_macro", [0.2, 0.7])
    builders.with_curve(session, run, "validation/log_loss", [0.9, 0.4, float("inf"), 0.5])
    head = scored(session, project, 0.8)
    by_id = {row.run.id: row for row in listed(session, project)}
    assert (by_id[run.id].best, by_id[run.id].last) == (0.4, 0.5)
    # A head is fitted in one go: its one figure is both.
    assert (by_id[head.id].best, by_id[head.id].last) == (pytest.approx(0.7), pytest.approx(0.7))


@given(st.lists(st.floats(0, 1), max_size=300))
def test_a_small_line_keeps_both_ends_and_has_few_points(points):
    line = sparklines.line(points)
    assert len(line) == min(len(points), sparklines.MOST_POINTS)
    assert line[:1] == points[:1]
    assert line[-1:] == points[-1:]


def test_disk_use_is_measured_again_when_the_folder_of_the_run_changed(home):
    folder = settings.folder("runs") / "7" / "model"
    assert disk.of_ended(7).total_bytes == 0
    folder.mkdir(parents=True)
    (folder / "a").write_bytes(b"xx")
    assert disk.of_ended(7) == disk.of_run(7)
    assert disk.of_ended(7).model_bytes == 2
    (folder.parent / "checkpoints").mkdir()
    (folder.parent / "checkpoints" / "b").write_bytes(b"xxx")
    assert disk.of_ended(7).checkpoint_bytes == 3
    disk.remove(7)
    assert disk.of_ended(7).total_bytes == 0


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Wanted(), ["c", "b", "a"]),
        (Wanted(words="PAPER"), ["b", "a"]),
        (Wanted(words="try PAPER first"), ["b"]),
        (Wanted(words="nowhere"), []),
        (Wanted(method=("LoRA", "Full")), ["c", "b"]),
        (Wanted(method=("LoRA", "Full"), tag=("keep",)), ["b"]),
        (Wanted(tag=("none",)), ["c"]),
        (Wanted(state=("failed",)), ["c"]),
        (Wanted(base=("MiniLM",)), ["a"]),
        (Wanted(is_starred=True), ["a"]),
    ],
    ids=["all", "tag", "note and tag", "nowhere", "methods", "method and tag", "no tag", "state", "base", "star"],
)
def test_filters_narrow_the_list_down(session, wanted, names):
    project = builders.a_project(session)
    a = builders.a_run(session, project, name="a", tags=["paper"], is_starred=True)
    b = {"method": "lora", "base": "path:gone"}
    builders.a_run(session, project, name="b", tags=["keep", "paper"], spec=b, note="The First try")
    builders.a_run(session, project, name="c", spec={"method": "full"}, state=RunState.FAILED)
    assert a.is_starred
    assert [row.run.name for row in run_list.fitting(listed(session, project), wanted)] == names


def test_words_find_a_run_by_its_number(session):
    project = builders.a_project(session)
    run, other = (builders.a_run(session, project, name="x") for _ in range(2))
    found = run_list.fitting(listed(session, project), Wanted(words=f"x #{run.id}"))
    assert [row.run.id for row in found] == [run.id] != [other.id]
    assert run_list.fitting(listed(session, project), Wanted(words=str(run.id))) == []


def test_groups_tell_mean_and_spread_and_the_best_is_chosen_by_validation(session):
    project = builders.a_project(session)
    for seed, score in enumerate((0.7, 0.8, 0.9)):
        scored(session, project, score, spec={"method": "lora", "base": "bundled:minilm", "seed": seed})
    # Best on the test items, but not on the validation items.
    lucky = {"test": {"f1_macro": 0.99, "accuracy": 0.99}, "validation": {"f1_macro": 0.1}}
    spec = {"method": "lora", "base": "bundled:minilm", "seed": 9, "epochs": 2}
    builders.a_run(session, project, metrics=lucky, spec=spec)
    scored(session, project, 0.5, spec={"method": "head", "base": "bundled:minilm", "seed": 0})
    found = listed(session, project)
    lora, head = run_list.groups(found, "method")
    assert (lora.name, len(lora.run_ids), lora.seeds) == ("LoRA", 4, 4)
    assert lora.mean == pytest.approx(np.mean([0.7, 0.8, 0.9, 0.99]))
    assert lora.spread == pytest.approx(np.std([0.7, 0.8, 0.9, 0.99], ddof=1))
    assert lora.best.run.f1_macro == pytest.approx(0.9)
    assert (head.mean, head.spread) == (0.5, None)

    by_settings = {len(each.run_ids): each for each in run_list.groups(found, "settings")}
    assert by_settings[3].spread == pytest.approx(stdev([0.7, 0.8, 0.9]))
    assert by_settings[3].name == f"As run {min(by_settings[3].run_ids)}, Head"


def test_a_run_with_two_tags_is_in_two_groups_and_one_without_in_none(session):
    project = builders.a_project(session)
    both = builders.a_run(session, project, tags=["a", "b"])
    neither = builders.a_run(session, project)
    groups = {each.name: each.run_ids for each in run_list.groups(listed(session, project), "tag")}
    assert groups == {"a": [both.id], "b": [both.id], "none": [neither.id]}


def test_archived_runs_are_left_out_unless_asked_for_or_named(session):
    project, another = builders.a_project(session), builders.a_project(session, name="Other")
    kept, away = builders.a_run(session, project), builders.a_run(session, project, is_archived=True)
    elsewhere = builders.a_run(session, another)
    assert [run.id for run in rows.listed(session, project.id)] == [kept.id]
    assert [run.id for run in rows.listed(session, project.id, with_archived=True)] == [away.id, kept.id]
    named = rows.listed(session, project.id, also=[away.id, kept.id, elsewhere.id, 999])
    assert [run.id for run in named] == [away.id, kept.id]
    assert [rows.count(session, project.id, with_archived=each) for each in (False, True)] == [1, 2]


def test_tags_are_clean_and_each_is_there_once(session):
    run = builders.a_run(session, builders.a_project(session))
    runs.mark(session, run, tags=["  the   one ", "Keep", "keep", "THE ONE"])
    assert run.tags == ["the one", "Keep"]
    runs.retag(session, run, add=["new"], remove=["KEEP"])
    assert run.tags == ["the one", "new"]
    runs.mark(session, run, is_starred=True)
    assert (run.tags, run.is_starred, run.is_archived) == (["the one", "new"], True, False)


@pytest.mark.parametrize("tags", [["x" * 41], [" "], [f"tag {n}" for n in range(21)]], ids=["long", "empty", "many"])
def test_a_tag_that_cannot_be_one_changes_nothing(session, tags):
    run = builders.a_run(session, builders.a_project(session), tags=["old"])
    with pytest.raises(errors.Invalid, match="tag"):
        runs.mark(session, run, tags=tags, is_starred=True)
    assert (run.tags, run.is_starred) == (["old"], False)


def test_a_run_at_work_can_be_starred_and_tagged_but_not_archived(session):
    run = builders.a_run(session, builders.a_project(session), state=RunState.RUNNING)
    runs.mark(session, run, tags=["a"], is_starred=True)
    with pytest.raises(errors.Conflict, match="running"):
        runs.mark(session, run, is_archived=True)
    assert (run.is_starred, run.is_archived) == (True, False)


def test_marks_go_over_the_api_and_archived_runs_are_listed_when_asked_for(home):
    with writing() as session:
        project = builders.a_project(session)
        first, second = (builders.a_run(session, project, name=f"run {n}").id for n in range(2))
    api = TestClient(create())
    changed = api.patch(f"/runs/{first}", json={"tags": ["a", " A", "b  c"], "is_starred": True, "is_archived": True})
    assert changed.status_code == 200
    told = {name: changed.json()[name] for name in ("tags", "is_starred", "is_archived", "name")}
    assert told == {"tags": ["a", "b c"], "is_starred": True, "is_archived": True, "name": "run 0"}

    def ids(**params):
        return [each["id"] for each in api.get(f"/projects/{project.id}/runs", params=params).json()["items"]]

    assert ids() == [second]
    assert ids(archived=True) == [second, first]
    assert ids(archived=True, starred=True) == [first]
    assert api.get(f"/projects/{project.id}/compare", params={"runs": first}).status_code == 200
    refused = api.patch(f"/runs/{first}", json={"tags": ["x" * 41], "name": "other"})
    assert refused.status_code == 422
    assert refused.json()["error"]["hint"]
    assert api.get(f"/runs/{first}").json()["name"] == "run 0"


def table_of(app, place=-1):
    return app.dataframe[place].value


def test_the_page_lists_runs_whatever_they_are_called(home):
    with writing() as session:
        project = builders.a_project(session)
        scored(session, project, 0.8, name=HOSTILE, tags=[HOSTILE[:40]], note=HOSTILE, is_starred=True)
        builders.a_failed_run(session, project, HOSTILE)
        builders.a_run(session, project, state=RunState.QUEUED, spec={}, name="")
    app = opened("pages.compare.page", project, view="runs")
    table = table_of(app)
    assert list(table["Run"]) == ["", "Broken", HOSTILE]
    assert list(table["State"]) == ["waiting", "failed", "done"]
    assert table["Test macro-F1"].iloc[2] == pytest.approx(80)
    assert "3 runs" in app.caption[0].value


def test_an_address_narrows_the_list_and_opens_a_group(home):
    with writing() as session:
        project = builders.a_project(session)
        lora = {"method": "lora", "base": "bundled:minilm"}
        for score in (0.6, 0.7):
            scored(session, project, score, spec=lora, name=f"lora {score}", tags=["keep"])
        scored(session, project, 0.9, name="head")
        scored(session, project, 0.9, name="away", is_archived=True)
    app = opened("pages.compare.page", project, view="runs", tag="keep", find="0.7")
    assert list(table_of(app)["Run"]) == ["lora 0.7"]
    assert "1 of 3 runs" in app.caption[0].value
    app = opened("pages.compare.page", project, view="runs", group="method", one="LoRA")
    assert list(table_of(app, 0)["Method"]) == ["Head", "LoRA"]
    assert list(table_of(app)["Run"]) == ["lora 0.7", "lora 0.6"]
    app = opened("pages.compare.page", project, view="runs", archived="only")
    assert list(table_of(app)["Run"]) == ["away (archived)"]


def test_changing_a_filter_changes_the_address_and_show_all_takes_it_back(home):
    with writing() as session:
        project = builders.a_project(session)
        builders.a_run(session, project, name="a", tags=["keep"])
        builders.a_run(session, project, name="b", is_archived=True)
    app = opened("pages.compare.page", project, view="runs")
    app.text_input(key="runs-find").set_value("nowhere").run()
    assert app.query_params["find"] == "nowhere"
    assert "No run fits" in app.info[0].value
    app.button(key="runs-clear").click().run()
    assert "find" not in app.query_params
    app.multiselect(key="runs-tag").set_value(["keep"]).run()
    assert app.query_params["tag"] == "keep"
    app.selectbox(key="runs-archived").set_value("yes").run()
    app.multiselect(key="runs-tag").set_value([]).run()
    assert list(table_of(app)["Run"]) == ["b (archived)", "a"]
    assert not app.exception


def test_show_all_leaves_the_group_that_was_chosen(home):
    with writing() as session:
        project = builders.a_project(session)
        scored(session, project, 0.6, spec={"method": "lora", "base": "bundled:minilm"}, name="lora")
        scored(session, project, 0.9, name="head")
    app = opened("pages.compare.page", project, view="runs", group="method", one="LoRA")
    assert list(table_of(app)["Run"]) == ["lora"]
    app.button(key="runs-clear").click().run()
    assert not app.exception
    assert list(table_of(app)["Run"]) == ["head", "lora"]
    assert "one" not in app.query_params


def test_a_project_whose_runs_are_all_archived_says_where_they_are(home):
    with writing() as session:
        project = builders.a_project(session)
        builders.a_run(session, project, is_archived=True)
    app = opened("pages.compare.page", project, view="runs")
    assert "1 run archived" in app.info[0].value


def test_more_runs_than_are_listed_are_said(home, monkeypatch):
    with writing() as session:
        project = builders.a_project(session)
        for number in range(4):
            builders.a_run(session, project, name=str(number))
    monkeypatch.setattr(rows.listed, "__defaults__", (3,))
    app = opened("pages.compare.page", project, view="runs")
    assert list(table_of(app)["Run"]) == ["3", "2", "1"]
    assert "only the newest 3" in app.caption[0].value


def test_an_archived_run_opens_where_an_address_names_it(home):
    with writing() as session:
        project = builders.a_project(session)
        away = builders.a_run(session, project, name="away", is_archived=True, created_at=now() - timedelta(days=1))
        kept = builders.a_run(session, project, name="kept")
    app = opened("pages.compare.page", project, runs=f"{away.id},{kept.id}")
    assert app.multiselect[0].value == [away.id, kept.id]
    train = opened("pages.train.page", project, run=str(away.id))
    assert "away" in [each.value for each in train.subheader]
    with reading() as session:
        assert session.get_one(Run, away.id).is_archived
