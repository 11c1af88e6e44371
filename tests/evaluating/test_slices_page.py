"""The view of slices as Streamlit runs it: what stands out is told, and leads to the pad."""

import pytest
from streamlit.testing.v1 import AppTest

from backend.evaluating import slice_charts
from db.models import Origin
from db.session import writing
from tests.evaluating import builders
from tests.evaluating.builders import sure

HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$ `code`"


def opened(project, runs):
    def page():
        from pages.compare.page import show

        show()

    app = AppTest.from_function(page, default_timeout=60)
    app.query_params["project"] = str(project.id)
    app.query_params["view"] = "slices"
    app.query_params["runs"] = ",".join(str(run.id) for run in runs)
    app.run()
    assert not app.exception
    return app


def runs_of(session, project, n, wrong_in_forum, *, k=2):
    """Half of 80 items are from a forum; each run is wrong on so many of ten there, and on none elsewhere."""
    origin = Origin(project_id=project.id, name=HOSTILE)
    session.add(origin)
    session.flush()
    items = builders.items(session, project, 80)
    for place, item in enumerate(items):
        item.origin_id, item.text = origin.id if place < 40 else None, f"{place:04}"
    session.flush()
    snapshot, runs = builders.a_snapshot(session, project), []
    for number in range(n):
        said = [
            sure((place + (place < 40 and place % 10 < wrong_in_forum[number])) % k, k) for place in range(len(items))
        ]
        run = builders.a_run(session, project, snapshot, name=f"{HOSTILE} {number}")
        runs.append(builders.with_answers(session, run, items, [[place % k] for place in range(80)], said))
    return runs


def words_on(app):
    return " ".join(each.value for each in [*app.markdown, *app.caption, *app.info])


def test_a_worse_source_is_told_in_words_with_a_button_to_its_mistakes(home):
    with writing() as session:
        project = builders.a_project(session)
        runs = runs_of(session, project, 1, [5])
    app = opened(project, runs)
    assert "right on 50% of 40 items, 50 points less than the rest" in words_on(app)
    assert "Go through 20" in [each.label for each in app.button]
    assert "<img" not in words_on(app).replace("\\<img", "")


def test_where_nothing_stands_out_it_is_said(home):
    with writing() as session:
        project = builders.a_project(session)
        runs = runs_of(session, project, 1, [0])
    assert "stands out: what looks worse below may well be luck" in words_on(opened(project, runs))


def test_two_runs_are_held_against_each_other(home):
    with writing() as session:
        project = builders.a_project(session)
        runs = runs_of(session, project, 2, [5, 1])
    app = opened(project, runs)
    against = next(each for each in app.selectbox if each.label == "Held against")
    against.set_value(runs[1].id).run()
    assert not app.exception
    assert "right on 50% of 40 items" in words_on(app)
    assert "on 90%" in words_on(app)
    assert "Go through 16" in [each.label for each in app.button]


def test_the_parts_can_be_narrowed_down(home):
    with writing() as session:
        project = builders.a_project(session)
        runs = runs_of(session, project, 1, [5])
    app = opened(project, runs)
    parts = next(each for each in app.button_group if each.label == "Parts by")
    assert parts.value == "Everything"
    parts.set_value("Class").run()
    assert not app.exception
    assert "of 40 items" not in " ".join(each.value for each in app.markdown)


@pytest.mark.parametrize("k", [2, 150])
def test_twenty_runs_failed_ones_and_many_classes_are_drawn(home, k):
    with writing() as session:
        project = builders.a_project(session, [f"{HOSTILE} {each} مالك الحزين " + "x" * 60 for each in range(k)])
        runs = runs_of(session, project, 19, [3] * 19, k=k)
        runs.append(builders.a_failed_run(session, project))
    app = opened(project, runs)
    assert len(next(each for each in app.selectbox if each.label == "Run").options) == 19


def test_runs_without_test_items_are_said_to_have_none(home):
    with writing() as session:
        project = builders.a_project(session)
        runs = [builders.a_failed_run(session, project)]
    assert "None of these runs has answers" in words_on(opened(project, runs))


def test_runs_without_a_common_test_item_say_so(home):
    with writing() as session:
        project = builders.a_project(session)
        runs = runs_of(session, project, 1, [3])
        others = builders.items(session, project, 4, "other")
        run = builders.a_run(session, project, builders.a_snapshot(session, project))
        runs.append(builders.with_answers(session, run, others, [[0]] * 4, [sure(0, 2)] * 4))
    app = opened(project, runs)
    next(each for each in app.selectbox if each.label == "Held against").set_value(runs[1].id).run()
    assert not app.exception
    assert "No test item was answered by both" in words_on(app)


def a_slice(**more):
    return {
        "by": "Source", "value": HOSTILE, "items": 40, "mistakes": 20, "accuracy": 0.5, "low": 0.35, "high": 0.65,
        "others": 0.9, "difference": -0.4, "difference_low": -0.5, "difference_high": -0.2, "p": 0.0001,
        "stands_out": True, "item_ids": [1], "a": 0.9, "b": 0.5,
    } | more  # fmt: skip


def test_the_chart_has_a_dot_an_interval_and_the_rest_for_each_slice_and_no_user_tags():
    figure = slice_charts.accuracies([a_slice(), a_slice(stands_out=False, value="b")])
    out, luck, rest = figure.data
    assert (out.name, luck.name, rest.name) == ("Stands out", "May be luck", "All other test items")
    assert list(out.x) == [0.5]
    assert list(out.error_x.array) == pytest.approx([0.15])
    assert list(rest.x) == [0.9, 0.9]
    assert figure.layout.xaxis.title.text
    assert "<img" not in figure.to_json().replace("&lt;img", "")


def test_the_difference_is_in_points_and_what_is_better_is_told_from_what_is_worse():
    slices = [a_slice(), a_slice(difference=0.2, low=0.1, high=0.3, value="b"), a_slice(stands_out=False, value="c")]
    figure = slice_charts.differences(slices, "A", "B")
    assert [(trace.name, list(trace.x)) for trace in figure.data] == [
        ("Worse", [-40]),
        ("Better", [20]),
        ("May be luck", [-40]),
    ]
    assert slice_charts.difference_rows(slices, "A", "B")[0] == {
        "By": "Source", "Slice": HOSTILE, "Items": 40, "A (%)": 90.0, "B (%)": 50.0, "Difference (points)": -40.0,
        "Low (points)": 35.0, "High (points)": 65.0, "p (exact McNemar)": "0.0001", "Stands out": True,
    }  # fmt: skip


def test_without_slices_the_chart_says_so():
    for figure in (slice_charts.accuracies([]), slice_charts.differences([], "A", "B")):
        assert figure.layout.annotations[0].text == "No slices"
