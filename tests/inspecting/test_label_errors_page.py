"""The view "Label errors" of the Compare page, as Streamlit runs it."""

from uuid import uuid4

import pytest

from backend import projects
from db import labels
from db.session import reading, writing
from pages.compare.doubts import cards
from tests.inspecting.doubt_builders import (
    a_project,
    add,
    inspected,
    label,
    names_of,
    near,
    newest,
    of_kind,
    points,
    with_mistakes,
)
from tests.pages import opened

HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$"


def page(project):
    return opened("pages.compare.page", project, view="errors")


def said(app):
    parts = [*app.markdown, *app.caption, *app.info, *app.success, *app.warning]
    return " ".join(each.value for each in parts)


def test_before_anybody_looked_it_says_what_it_does_and_a_button_starts_it(home):
    project, _ = with_mistakes()
    app = page(project)
    assert "changes nothing: you decide" in said(app)
    app.button(key="errors-find").click().run()
    assert not app.exception
    assert "Look for wrong labels** · waiting" in said(app)
    assert not [each for each in app.button if each.key == "errors-find"]


def test_with_too_few_labels_it_leads_to_labeling(home):
    app = page(a_project())
    assert "It takes 4 labeled items in each of two classes" in said(app)
    assert [each.key for each in app.button if each.key == "errors-label"]


def test_it_says_how_many_may_be_wrong_and_offers_to_go_through_them(home):
    project, wrong = with_mistakes()
    result = inspected(project)
    app = page(project)
    low, high = result["counted_errors"], result["estimated_errors"]
    count = str(low) if low == high else f"{low} to {high}"
    assert f"About **{count} of 60 labels** may be wrong" in said(app)
    assert app.button(key="errors-go").label == f"Go through these {len(wrong)}"
    assert f"Likely wrong labels ({len(wrong)})" in app.segmented_control(key="errors-kind").options


def test_what_was_decided_is_told_and_no_longer_counted(home):
    project, wrong = with_mistakes()
    inspected(project)
    label(project, {next(iter(wrong)): ["bird"]})
    app = page(project)
    assert "1 decision came since then" in said(app)
    assert app.button(key="errors-go").label == f"Go through these {len(wrong) - 1}"


def test_those_of_one_pair_of_classes_can_be_chosen(home):
    project, wrong = with_mistakes()
    inspected(project)
    app = page(project)
    [chooser] = app.selectbox
    assert sorted(chooser.options) == ["bird → dog (3)", "cat → bird (3)", "dog → cat (3)"]
    chooser.select_index(0).run()
    assert not app.exception
    assert app.button(key="errors-go").label == "Go through these 3"
    assert len(wrong) == 9


def test_the_pair_stays_chosen_though_each_decision_changes_how_many_there_are(home, monkeypatch):
    project, _ = with_mistakes()
    inspected(project)
    app = page(project)
    before = app.selectbox[0].select_index(0).run().selectbox[0].value
    monkeypatch.setattr(cards, "draw", lambda _, shown, *_args, **_how: (set(), pressed(shown[0]["item_id"], left)))
    left = ["accept"]
    app.run()
    assert not app.exception
    assert (app.selectbox[0].value, left) == (before, [])
    assert "(2)" in app.selectbox[0].options[-1]
    assert app.button(key="errors-go").label == "Go through these 2"
    # What the browser sends is the words that it showed last.
    app.run()
    assert app.selectbox[0].value == before


def pressed(item_id, left):
    """One press on the card of this item, for each of the words that are left."""
    return [{"press": uuid4().hex, "id": item_id, "kind": "label", "what": left.pop()}] if left else []


def test_presses_that_come_together_all_count_and_one_that_comes_twice_counts_once(home, monkeypatch):
    project, wrong = with_mistakes()
    inspected(project)
    first, second = list(wrong)[:2]
    app = page(project)
    there = [*pressed(first, ["accept"]), *pressed(second, ["accept"])]
    monkeypatch.setattr(cards, "draw", lambda *_args, **_how: (set(), [each for each in there if each not in settled]))
    settled: list[cards.Press] = []
    monkeypatch.setattr(cards, "settled", lambda presses, _key: settled.extend(presses))
    app.run()
    assert not app.exception
    assert app.button(key="errors-go").label == f"Go through these {len(wrong) - 2}"
    names = names_of(project)
    with reading() as session:
        found = labels.class_ids_of(session, [first, second])
    assert {item_id: names[class_id] for item_id, [class_id] in found.items()} == {
        item_id: wrong[item_id] for item_id in (first, second)
    }
    app.button(key="errors-undo").click().run()
    settled.clear()
    app.run()
    assert not app.exception
    # Taken back is taken back: the same press does not do it again.
    assert app.button(key="errors-go").label == f"Go through these {len(wrong) - 1}"


@pytest.mark.parametrize(("what", "is_changed"), [("accept", True), ("keep", False)])
def test_a_card_is_accepted_or_kept_and_one_undo_takes_it_back(home, monkeypatch, what, is_changed):
    project, wrong = with_mistakes()
    inspected(project)
    item_id = next(iter(wrong))
    app = page(project)
    left = [what]
    monkeypatch.setattr(cards, "draw", lambda *_args, **_how: (set(), pressed(item_id, left)))
    app.run()
    assert not app.exception
    names = names_of(project)

    def current():
        with reading() as session:
            return [names[class_id] for class_id in labels.class_ids_of(session, [item_id])[item_id]]

    assert (current() == [wrong[item_id]]) is is_changed
    assert app.button(key="errors-go").label == f"Go through these {len(wrong) - 1}"
    assert f"1 label is {'changed' if is_changed else 'kept'}" in said(app)
    app.button(key="errors-undo").click().run()
    assert not app.exception
    assert current() != [wrong[item_id]]
    assert app.button(key="errors-go").label == f"Go through these {len(wrong)}"


def test_those_that_are_selected_are_decided_on_together(home, monkeypatch):
    project, wrong = with_mistakes()
    inspected(project)
    chosen = set(list(wrong)[:2])
    monkeypatch.setattr(cards, "draw", lambda *_args, **_how: (chosen, []))
    app = page(project)
    assert app.button(key="errors-go").label == "Go through the 2 selected"
    app.button(key="errors-accept").click().run()
    assert not app.exception
    names = names_of(project)
    with reading() as session:
        found = labels.class_ids_of(session, list(chosen))
    assert {item_id: names[class_id] for item_id, [class_id] in found.items()} == {each: wrong[each] for each in chosen}
    assert "2 labels are changed." in said(app)


def test_nothing_wrong_is_said(home):
    project, _ = with_mistakes(each=8, wrong=0)
    inspected(project)
    app = page(project)
    assert "**None of 24 labels** looks wrong" in said(app)


def test_where_nobody_looked_for_near_duplicates_it_offers_to(home):
    project, _ = with_mistakes(each=8, wrong=0)
    inspected(project)
    app = page(project)
    app.segmented_control(key="errors-kind").set_value("duplicate").run()
    assert not app.exception
    assert [each.key for each in app.button if each.key == "errors-near"]


def test_classes_that_the_encoder_cannot_tell_apart_are_warned_of(home):
    project = a_project(names=("bird", "cat"))
    point = points()["bird"]
    add(project, [(near(point, n), [("bird", "cat")[n % 2]]) for n in range(60)])
    inspected(project)
    app = page(project)
    assert "hard to tell apart" in said(app)
    assert "do not fit what the others teach" in said(app)


def test_a_project_that_is_labeled_blind_shows_nothing_until_somebody_wants_it(home):
    project, wrong = with_mistakes()
    inspected(project)
    with writing() as session:
        projects.change(session, projects.get(session, project.id), {"blind": True})
    app = page(project)
    assert "labeled blind" in said(app)
    assert "may be wrong" not in said(app)
    app.button(key="errors-unblind").click().run()
    assert app.button(key="errors-go").label == f"Go through these {len(wrong)}"


def test_long_and_hostile_names_are_only_words(home):
    names = (HOSTILE, "w" * 80)
    project = a_project(names=names)
    of = points(names)
    add(project, [(near(of[name], 100 * place + n), [name]) for place, name in enumerate(names) for n in range(15)])
    [wrong] = add(project, [(near(of[names[1]], 999), [HOSTILE])], HOSTILE)
    inspected(project)
    app = page(project)
    assert app.button(key="errors-go").label == "Go through it"
    found = list(of_kind(newest(project).result).values())
    with reading() as session:
        classes = list(projects.get(session, project.id).classes)
    [card] = cards.cards(project, found, classes)
    assert (card["id"], card["given"][0]["name"]) == (wrong, HOSTILE)
    assert card["item"]["text"] == f"{HOSTILE} 0"
