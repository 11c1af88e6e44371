"""Classes that are merged, deleted, split, archived, and brought back."""

import pytest

from backend import class_changes, class_counts, class_history, classes, errors
from backend.labeling import labels, moves, queue, rechecks
from db import class_changes as rows
from db import labels as label_rows
from db import projects as project_rows
from db.models import GoldLabel, Project
from db.session import Session
from tests.labeling.builders import a_project, a_suggestion_set, an_event, an_item, class_id, some_items


def names(session: Session, project: Project) -> list[str]:
    return [each.name for each in project_rows.classes(session, project.id)]


def stands(session: Session, project: Project, item) -> tuple[str, list[str]]:
    state = label_rows.states(session, project.id, [item.id])[item.id]
    known = {each.id: each.name for each in project_rows.classes(session, project.id, with_archived=True)}
    return state.status, [known[each] for each in state.class_ids]


def labeled(session: Session, project: Project, *said: str, annotator: str = "ada") -> list:
    """An item a word; "bird cat" has both."""
    made = some_items(session, project, len(said))
    ids = {each.name: each.id for each in project_rows.classes(session, project.id)}
    events = [an_event(item, *(ids[name] for name in each.split())) for item, each in zip(made, said, strict=True)]
    assert not labels.record(session, project, annotator, events).rejected
    return made


def test_a_merge_moves_labels_and_gold_labels_and_is_undone_and_redone(session):
    project = a_project(session)
    bird, cat, _ = project.classes
    first, second, third = labeled(session, project, "bird", "cat", "bird")
    session.add_all([GoldLabel(item_id=first.id, class_id=bird.id), GoldLabel(item_id=second.id, class_id=cat.id)])
    session.flush()
    change = class_changes.merge(session, project, bird.id, cat.id, "ada")
    assert change.counts["labels"] == 2
    assert names(session, project) == ["cat", "dog"]
    assert [stands(session, project, each) for each in (first, third)] == [("labeled", ["cat"])] * 2
    assert session.query(GoldLabel).filter_by(class_id=cat.id).count() == 2
    class_history.undo(session, project)
    assert names(session, project) == ["bird", "cat", "dog"]
    assert [stands(session, project, each)[1] for each in (first, second, third)] == [["bird"], ["cat"], ["bird"]]
    assert session.query(GoldLabel).filter_by(class_id=cat.id).count() == 1
    class_history.redo(session, project)
    assert stands(session, project, first) == ("labeled", ["cat"])


def test_labels_that_an_item_had_twice_come_back_right(session):
    project = a_project(session, multi_label=True)
    bird, cat, _ = project.classes
    both, one = labeled(session, project, "bird cat", "bird dog")
    assert class_counts.of_merge(session, project, bird, cat)["both"] == 1
    class_changes.merge(session, project, bird.id, cat.id)
    assert stands(session, project, both)[1] == ["cat"]
    assert stands(session, project, one)[1] == ["cat", "dog"]
    class_history.undo(session, project)
    assert stands(session, project, both)[1] == ["bird", "cat"]
    assert stands(session, project, one)[1] == ["bird", "dog"]


def test_an_item_that_loses_its_only_class_is_to_do_and_is_somebodys_again_after_an_undo(session):
    project = a_project(session)
    (item,) = labeled(session, project, "bird")
    before = label_rows.states(session, project.id, [item.id])[item.id]
    bird = class_id(project, "bird")
    assert class_counts.of_delete(session, project, classes.get(session, project, bird))["to_do"] == 1
    class_changes.delete(session, project, bird)
    assert stands(session, project, item) == ("todo", [])
    assert project_rows.status_counts(session, [project.id])[project.id] == {"todo": 1, "labeled": 0}
    class_history.undo(session, project)
    assert label_rows.states(session, project.id, [item.id])[item.id] == before


def test_with_several_classes_an_item_stays_labeled_with_the_rest(session):
    project = a_project(session, multi_label=True)
    one, two = labeled(session, project, "bird cat", "bird")
    class_changes.delete(session, project, class_id(project, "bird"))
    assert stands(session, project, one) == ("labeled", ["cat"])
    assert stands(session, project, two) == ("labeled", [])
    class_history.undo(session, project)
    assert stands(session, project, two) == ("labeled", ["bird"])


def test_an_undo_of_a_merge_leaves_what_somebody_decided_since(session):
    project = a_project(session)
    bird, cat, _ = project.classes
    first, second = labeled(session, project, "bird", "bird")
    class_changes.merge(session, project, bird.id, cat.id)
    labels.record(session, project, "bob", [an_event(first, cat.id)])
    change = rows.newest_done(session, project.id)
    assert class_history.would_touch(session, project, change, is_undo=True) == {"labels": 1, "left": 1}
    class_history.undo(session, project)
    assert stands(session, project, first)[1] == ["cat"]
    assert stands(session, project, second)[1] == ["bird"]


def test_what_is_done_again_while_its_class_is_gone_comes_back_with_the_class(session):
    project = a_project(session)
    (item,) = labeled(session, project, "bird")
    moves.undo(session, project, "ada", "one")
    class_changes.delete(session, project, class_id(project, "bird"))
    moves.redo(session, project, "ada", "two")
    assert stands(session, project, item) == ("todo", [])
    class_history.undo(session, project)
    assert stands(session, project, item) == ("labeled", ["bird"])


def test_a_pad_that_does_not_know_of_a_merge_labels_with_the_class_it_went_to(session):
    project = a_project(session)
    bird, cat, dog = (each.id for each in project.classes)
    first, second = some_items(session, project, 2)
    class_changes.merge(session, project, bird, cat)
    class_changes.merge(session, project, cat, dog)
    assert labels.record(session, project, "ada", [an_event(first, bird)]).acked
    assert stands(session, project, first) == ("labeled", ["dog"])
    class_history.undo(session, project)
    class_changes.delete(session, project, cat)
    [refused] = labels.record(session, project, "ada", [an_event(second, bird)]).rejected
    assert refused["code"] == "deleted_class"
    assert "was deleted" in refused["message"]
    assert stands(session, project, second) == ("todo", [])


def test_the_same_asked_twice_is_one_change(session):
    project = a_project(session)
    bird, cat, dog = (each.id for each in project.classes)
    assert class_changes.merge(session, project, bird, cat) is class_changes.merge(session, project, bird, cat)
    change = class_changes.split(session, project, cat, ["kitten"])
    assert class_changes.split(session, project, cat, ["kitten"]) is change
    assert class_changes.delete(session, project, dog) is class_changes.delete(session, project, dog)
    assert class_changes.change(session, project, {cat: {"name": "cat"}}) is None
    newest = rows.newest_done(session, project.id)
    assert class_history.undo(session, project, newest.id) is newest
    assert class_history.undo(session, project, newest.id) is None
    assert len(class_history.page(session, project)) == 3


def test_the_last_class_stays(session):
    project = a_project(session, "bird", "cat")
    bird, cat = (each.id for each in project.classes)
    class_changes.delete(session, project, bird)
    with pytest.raises(errors.Conflict, match="last class"):
        class_changes.delete(session, project, cat)
    with pytest.raises(errors.Conflict, match="all the classes"):
        class_changes.change(session, project, {cat: {"archived": True}})
    with pytest.raises(errors.NotFound, match="“bird” was deleted"):
        classes.get(session, project, bird)


def test_names_and_keys_may_be_exchanged_and_that_is_undone(session):
    project = a_project(session, "bird", "cat")
    bird, cat = project.classes
    swapped = {bird.id: {"name": "cat", "key": "2"}, cat.id: {"name": "bird", "key": "1"}}
    class_changes.change(session, project, swapped)
    assert [(each.name, each.key) for each in project_rows.classes(session, project.id)] == [
        ("cat", "2"),
        ("bird", "1"),
    ]
    class_history.undo(session, project)
    assert [(each.name, each.key) for each in project_rows.classes(session, project.id)] == [
        ("bird", "1"),
        ("cat", "2"),
    ]
    with pytest.raises(errors.Conflict):
        class_changes.change(session, project, {bird.id: {"key": "2"}})
    with pytest.raises(errors.NameTaken):
        class_changes.change(session, project, {bird.id: {"name": "CAT"}})


def test_a_name_that_is_free_again_may_be_given_and_stops_the_undo_with_a_sentence(session):
    project = a_project(session)
    class_changes.delete(session, project, class_id(project, "bird"))
    # As an import brings it along.
    classes.add(session, project, "Bird")
    with pytest.raises(errors.NameTaken, match="by now"):
        class_history.undo(session, project)


def test_an_order_names_some_and_the_others_follow(session):
    project = a_project(session)
    bird, cat, dog = (each.id for each in project.classes)
    assert class_changes.reorder(session, project, [bird, cat, dog]) is None
    class_changes.reorder(session, project, [dog])
    assert names(session, project) == ["dog", "bird", "cat"]
    class_history.undo(session, project)
    assert names(session, project) == ["bird", "cat", "dog"]


def test_an_undone_class_takes_its_labels_along_and_a_redo_brings_them(session):
    project = a_project(session)
    new = class_changes.add(session, project, "heron", "ada")
    (item,) = labeled(session, project, "heron")
    class_history.undo(session, project)
    assert stands(session, project, item) == ("todo", [])
    class_history.redo(session, project)
    assert stands(session, project, item) == ("labeled", ["heron"])
    assert classes.get(session, project, new.id).key == "4"


def test_items_of_a_class_that_was_split_come_once_more_until_all_had_a_turn(session):
    project = a_project(session)
    bird = class_id(project, "bird")
    items = labeled(session, project, "bird", "bird", "cat", "bird")
    change = class_changes.split(session, project, bird, ["heron", "stork"])
    heron = change.after[0]["id"]
    assert change.counts["to_look_at"] == 3
    order = "split:bird"
    assert [each.id for each in queue.next_items(session, project, order)] == [items[0].id, items[1].id, items[3].id]
    # The same class again is a look as well.
    labels.record(session, project, "bob", [an_event(items[0], bird), an_event(items[1], heron)])
    assert queue.left_of_split(session, project, order) == {"total": 3, "left": 1}
    moves.undo(session, project, "bob", "back")
    assert queue.splits(session, project) == [{"name": "bird", "total": 3, "left": 2}]
    labels.record(session, project, "bob", [an_event(items[1], heron), an_event(items[3], action="skip")])
    assert queue.next_items(session, project, order) == []
    assert queue.splits(session, project) == []
    class_history.undo(session, project)
    assert stands(session, project, items[1]) == ("labeled", ["bird"])
    with pytest.raises(errors.Invalid, match="was not split"):
        queue.next_items(session, project, order)


def test_the_history_of_an_item_names_what_its_label_went_with(session):
    project = a_project(session)
    bird, cat, _ = project.classes
    (item,) = labeled(session, project, "bird")
    class_changes.merge(session, project, bird.id, cat.id, "ada")
    class_changes.delete(session, project, cat.id, "bob")
    told = class_history.of_item(session, item)
    assert [(each["words"], each["annotator"]) for each in told] == [
        ("“cat” was deleted", "bob"),
        ("“bird” was merged into “cat”", "ada"),
    ]
    assert {each["name"] for each in classes.named(session, project.id) if each["is_gone"]} == {"bird", "cat"}


def test_second_looks_at_classes_that_were_merged_agree(session):
    project = a_project(session)
    bird, cat, _ = project.classes
    (item,) = labeled(session, project, "bird")
    labels.record(session, project, "ada", [an_event(item, cat.id, action="check")])
    assert rechecks.agreement(session, project, "ada")["right"] == 0
    class_changes.merge(session, project, bird.id, cat.id)
    assert rechecks.agreement(session, project, "ada")["right"] == 1


def test_suggestions_of_a_class_that_is_gone_break_nothing(session):
    project = a_project(session)
    bird, cat, _ = project.classes
    item = an_item(session, project)
    a_suggestion_set(session, project, {item: [0.8, 0.1, 0.1]})
    assert class_counts.of_class(session, project, bird)["suggestions"] == 1
    class_changes.merge(session, project, bird.id, cat.id)
    assert [each.id for each in queue.next_items(session, project, "uncertain")] == [item.id]
    assert queue.next_items(session, project, "class:cat") == []
