"""What an inspection of the labels finds: planted mistakes, strangers, copies; and what it asks about again."""

import numpy as np
import pytest

from backend import errors, projects
from backend.inspecting import held_out, neighbours, outliers, standing
from backend.labeling import bulk, moves
from db.models import Item, Job, JobKind, JobState, Status
from db.session import reading, writing
from tests.inspecting.doubt_builders import (
    NAMES,
    a_project,
    add,
    inspected,
    label,
    names_of,
    near,
    newest,
    of_kind,
    points,
    queued,
    with_mistakes,
)


def left(project):
    """The labels that still look wrong and the copies that still disagree, by item."""
    with reading() as session:
        found = standing.found(session, project, newest(project))
    return {each["item_id"]: each for each in found if each["kind"] != "outlier"}


def mark_as_grouped(project, *groups):
    """As a search for near-duplicates leaves it."""
    with writing() as session:
        session.add(Job(project_id=project.id, kind=JobKind.GROUP, lane="compute", state=JobState.DONE))
        for ids in groups:
            session.query(Item).filter(Item.id.in_(ids)).update({"group_id": min(ids)})


@pytest.mark.parametrize("kind", ["text", "image"])
def test_planted_mistakes_are_found_with_what_they_are(home, kind):
    project, wrong = with_mistakes(kind)
    result = inspected(project)
    found, names = of_kind(result), names_of(project)
    assert {item_id: names[each["proposed"][0]] for item_id, each in found.items()} == wrong
    assert (result["items"], result["judged"], result["not_judged"]) == (60, 60, [])
    assert result["counted_errors"] <= len(wrong) <= result["estimated_errors"]
    assert all(each["confidence"] > 0.5 > each["self_confidence"] for each in found.values())
    assert all(each["neighbours"]["proposed"] > each["neighbours"]["same"] for each in found.values())
    scores = [each["score"] for each in result["found"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_it_says_from_which_class_to_which(home):
    project, _ = with_mistakes(names=("bird", "cat"), wrong=0)
    of, ids = points(), {name: class_id for class_id, name in names_of(project).items()}
    add(project, [(near(of["cat"], 50 + n), ["bird"]) for n in range(4)], "wrong")
    assert inspected(project)["by_pair"] == [{"given": ids["bird"], "proposed": ids["cat"], "count": 4}]


def test_right_labels_give_an_empty_list(home):
    project, _ = with_mistakes(wrong=0)
    result = inspected(project)
    assert (of_kind(result), result["estimated_errors"], result["agreement"]) == ({}, 0, 1.0)


def test_the_labels_stay_as_they_are(home):
    project, _ = with_mistakes()
    with reading() as session:
        before = {item.id: (item.status, item.last_event_id) for item in session.query(Item)}
    inspected(project)
    with reading() as session:
        assert {item.id: (item.status, item.last_event_id) for item in session.query(Item)} == before


def test_of_several_classes_a_missing_and_a_wrong_one_are_told_apart(home):
    project = a_project(multi_label=True)
    of, ids = points(), {}
    both = of["bird"] + of["cat"]
    said = [(near(of[name], 100 * place + n), [name]) for place, name in enumerate(NAMES) for n in range(25)]
    said += [(near(both, 900 + n), ["bird", "cat"]) for n in range(25)]
    add(project, said)
    [missing, extra] = add(project, [(near(both, 990), ["bird"]), (near(of["dog"], 991), ["dog", "cat"])], "wrong")
    found, ids = of_kind(inspected(project)), {name: class_id for class_id, name in names_of(project).items()}
    assert found[missing]["proposed"] == [ids["bird"], ids["cat"]]
    assert found[extra]["proposed"] == [ids["dog"]]
    names = names_of(project)
    assert "cat is missing" in standing.reason(found[missing], names, multi_label=True)
    assert "cat does not fit" in standing.reason(found[extra], names, multi_label=True)


def test_too_few_labels_are_said_with_what_to_do(home):
    project = a_project()
    of = points()
    add(project, [(near(of["bird"], n), ["bird"]) for n in range(20)] + [(near(of["cat"], 99), ["cat"])])
    with pytest.raises(errors.TooFewLabels, match=r"4 different items in each of two classes .* 1 class has that many"):
        inspected(project)


def test_nothing_labeled_is_too_few(home):
    with pytest.raises(errors.TooFewLabels):
        inspected(a_project())


def test_copies_are_one_item_when_labels_are_counted(home):
    project = a_project(names=("bird", "cat"))
    of = points()
    add(project, [(near(of["bird"], n), ["bird"]) for n in range(20)])
    copies = add(project, [(near(of["cat"], 1), ["cat"]) for _ in range(6)], "copy")
    mark_as_grouped(project, copies)
    with pytest.raises(errors.TooFewLabels):
        inspected(project)


def test_a_class_with_few_labels_is_left_out_and_named(home):
    project, wrong = with_mistakes(names=("bird", "cat", "dog"))
    with writing() as session:
        from backend import classes

        rare = classes.add(session, projects.get(session, project.id), "fox").id
    few = add(project, [(near(points(["fox"])["fox"], n), ["fox"]) for n in range(3)], "fox")
    result = inspected(project)
    assert result["not_judged"] == [rare]
    assert result["judged"] == result["items"] - 3
    assert set(of_kind(result)) == set(wrong)
    assert not set(few) & set(of_kind(result))


def test_a_copy_does_not_vouch_for_its_twin(home):
    """Five copies of a cat, all labeled as birds: judged by one another they would look right."""
    project, _ = with_mistakes(wrong=0)
    copies = add(project, [(near(points()["cat"], 77, 0.9), ["bird"]) for _ in range(5)], "copy")
    mark_as_grouped(project, copies)
    assert set(of_kind(inspected(project))) == set(copies)


def test_near_duplicates_are_never_on_both_sides(home, monkeypatch):
    learned = []
    original = held_out.linear.fit

    def fit(vectors, *more, **how):
        learned.append(vectors)
        return original(vectors, *more, **how)

    monkeypatch.setattr(held_out.linear, "fit", fit)
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(1, 21), 3)
    # The first number of a vector names its group.
    vectors = np.concatenate([groups[:, None], rng.normal(size=(60, 4))], axis=1).astype(np.float32)
    has = np.zeros((60, 2), bool)
    has[np.arange(60), groups % 2] = True
    held_out.scores(vectors, has, groups, multi_label=False, on_progress=lambda done, total: None)
    for rows in learned[1:]:
        counts = np.bincount(rows[:, 0].astype(int), minlength=21)[1:]
        assert set(counts.tolist()) == {0, 3}


def test_what_is_unlike_all_others_is_found_and_nothing_is_proposed_for_it(home):
    project, _ = with_mistakes(each=30, wrong=0)
    [stranger] = add(project, [(near(points(["away"])["away"], 5), ["bird"])], "strange")
    found = of_kind(inspected(project), "outlier")
    assert next(iter(found)) == stranger
    assert (found[stranger]["proposed"], found[stranger]["confidence"]) == ([], None)


@pytest.mark.parametrize("is_grouped", [True, False])
def test_near_duplicates_with_different_labels_are_found_with_their_twin(home, is_grouped):
    """Found by the search for near-duplicates, or, where nobody searched, because they lie very near."""
    project, _ = with_mistakes(wrong=0)
    of = points()
    [right, wrong] = add(project, [(near(of["cat"], 40), ["cat"]), (near(of["cat"], 40), ["dog"])], "twin")
    if is_grouped:
        mark_as_grouped(project, [right, wrong])
    result = inspected(project)
    assert result["knows_groups"] is is_grouped
    assert {item_id: each["twin"] for item_id, each in of_kind(result, "duplicate").items()} == {wrong: right}


def test_what_was_taken_apart_is_no_near_duplicate(home):
    project, _ = with_mistakes(wrong=0)
    add(project, [(near(points()["cat"], 40), ["cat"]), (near(points()["cat"], 40), ["dog"])], "twin")
    mark_as_grouped(project)
    assert of_kind(inspected(project), "duplicate") == {}


def test_of_a_group_those_are_doubted_that_are_not_labeled_as_most(home):
    has = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [1, 0], [0, 1]], bool)
    groups = np.array([7, 7, 7, 9, 9, 0])
    sure = np.array([0.2, 0.2, 0.9, 0.3, 0.6, 0.1])
    # Two against one in the first group; in the second as many, and the surer one is believed.
    assert outliers.disagreeing(groups, has, sure) == [(2, 0), (3, 4)]


def test_beyond_what_can_be_compared_with_everything_a_sample_is_taken(monkeypatch):
    rng = np.random.default_rng(2)
    centres = rng.normal(size=(4, 16))
    classes = rng.integers(4, size=400)
    vectors = (centres[classes] + 0.1 * rng.normal(size=(400, 16))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    monkeypatch.setattr(neighbours, "EXACT", 100)
    monkeypatch.setattr(neighbours, "MOST_PAIRS", 400 * 80)
    found = neighbours.nearest(vectors)
    assert len(np.unique(found.rows)) <= 80
    assert (found.rows != np.arange(400)[:, None]).all()
    np.testing.assert_allclose(found.cosines, (vectors[:, None] * vectors[found.rows]).sum(-1), atol=1e-5)
    assert (classes[found.rows[:, :3]] == classes[:, None]).mean() > 0.99


def test_all_are_compared_while_there_are_few():
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(120, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -2)
    found = neighbours.nearest(vectors)
    np.testing.assert_array_equal(found.rows, np.argsort(-alike, axis=1, kind="stable")[:, : found.rows.shape[1]])


def test_what_somebody_decided_on_is_no_longer_listed_until_it_is_undone(home):
    project, wrong = with_mistakes()
    inspected(project)
    changed, kept, *_ = wrong
    given = names_of(project)[left(project)[kept]["given"][0]]
    label(project, {changed: [wrong[changed]], kept: [given]})
    assert set(left(project)) == set(wrong) - {changed, kept}
    moves.whole(moves.undo, project.id, "Ada", "undo 1")
    assert set(left(project)) == set(wrong) - {changed}


def test_an_item_in_the_bin_is_no_longer_listed(home):
    project, wrong = with_mistakes()
    inspected(project)
    gone = next(iter(wrong))
    bulk.label(project.id, "Ada", bulk.Wanted(action="delete", item_ids=[gone]), "delete 1")
    assert set(left(project)) == set(wrong) - {gone}


def test_a_copy_is_no_longer_listed_once_its_twin_is_labeled_like_it(home):
    project, _ = with_mistakes(wrong=0)
    [right, _] = add(project, [(near(points()["cat"], 40), ["cat"]), (near(points()["cat"], 40), ["dog"])], "twin")
    inspected(project)
    assert "duplicate" in {each["kind"] for each in left(project).values()}
    label(project, {right: ["dog"]})
    assert "duplicate" not in {each["kind"] for each in left(project).values()}


def test_a_label_that_was_kept_is_not_asked_about_again_and_again(home):
    project, wrong = with_mistakes()
    inspected(project)
    kept, *others = wrong
    given = left(project)[kept]["given"]
    label(project, {kept: [names_of(project)[given[0]]]})
    for _ in range(3):
        result = inspected(project)
        assert result["confirmed"] == {str(kept): given}
        assert set(of_kind(result)) == set(others)


def test_a_confirmed_label_that_is_changed_later_is_judged_anew(home):
    project, wrong = with_mistakes()
    inspected(project)
    kept = next(iter(wrong))
    label(project, {kept: [names_of(project)[left(project)[kept]["given"][0]]]})
    inspected(project)
    other = next(name for name in NAMES if name not in (wrong[kept], names_of(project)[of_given(project, kept)]))
    label(project, {kept: [other]})
    assert kept in of_kind(inspected(project))


def of_given(project, item_id):
    [class_id] = newest(project).result["confirmed"][str(item_id)]
    return class_id


def test_a_class_that_is_gone_or_archived_is_not_proposed(home):
    project, wrong = with_mistakes()
    inspected(project)
    with writing() as session:
        archived = next(each for each in projects.get(session, project.id).classes if each.name == "dog")
        archived.archived = True
    assert {wrong[item_id] for item_id in left(project)} == {"bird", "cat"}


def test_the_reason_says_what_it_looks_like_and_who_says_so():
    each = {
        "kind": "label",
        "given": [1],
        "proposed": [2],
        "confidence": 0.926,
        "neighbours": {"same": 1, "proposed": 9, "of": 10},
    }
    names = {1: "Sports", 2: "World"}
    assert standing.reason(each, names, multi_label=False) == (
        "Labeled Sports, but learned from the other labels it looks like World (93 %); 9 of 10 items like it are World."
    )
    assert "nearly the same item is labeled World" in standing.reason(
        each | {"kind": "duplicate"}, names, multi_label=False
    )
    assert "unlike all other" in standing.reason(each | {"kind": "outlier"}, names, multi_label=False)


def test_the_same_inspection_is_queued_once(home):
    project, _ = with_mistakes()
    assert queued(project).id == queued(project).id


def test_items_to_do_are_not_looked_at(home):
    project, _ = with_mistakes(wrong=0)
    with writing() as session:
        session.query(Item).filter_by(id=session.query(Item).first().id).update({"status": Status.TODO})
    assert inspected(project)["items"] == 59
