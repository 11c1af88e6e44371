"""Whatever people do to labels and to classes, in whatever order: the stored labels are what a plain model says.

The model knows only this: an item stands where its last standing event put it, and each class of that event is followed
to where it was merged, or left out where it was deleted.
"""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend import class_changes, class_history, errors
from backend.labeling import labels, moves
from db import labels as rows
from db import projects
from db.models import Label
from db.session import Session, writing
from tests.labeling.builders import a_project, an_event, bulk_label, some_items

# Few, so that steps meet each other often.
ITEMS, PEOPLE = 2, ("ada", "bob")
HERE, DELETED = "here", "deleted"

whos = st.sampled_from(("ada", "ada", "bob"))
items = st.integers(0, ITEMS - 1)
classes = st.integers(0, 3)
both = st.lists(classes, min_size=1, max_size=2, unique=True)
steps = st.one_of(
    st.tuples(st.just("label"), whos, items, both),
    st.tuples(st.sampled_from(["skip", "flag", "clear"]), whos, items, st.just([0])),
    st.tuples(st.just("bulk"), whos, st.just(0), both),
    st.tuples(st.sampled_from(["undo", "redo"]), whos, st.just(0), st.just([0])),
    st.tuples(st.sampled_from(["undo", "redo"]), whos, st.just(0), st.just([0])),
    st.tuples(st.just("merge"), whos, classes, both),
    st.tuples(st.sampled_from(["delete", "split", "rename", "archive"]), whos, classes, st.just([0])),
    st.tuples(st.sampled_from(["undo classes", "redo classes", "add"]), whos, st.just(0), st.just([0])),
)


@dataclass
class Model:
    """`stands`: of each item (step, status, classes as they were said). `became`: class number -> HERE, DELETED, or the
    number of the class that it went to."""

    multi_label: bool
    became: list = field(default_factory=lambda: [HERE] * 3)
    stands: list = field(default_factory=lambda: [(0, "todo", frozenset())] * ITEMS)
    done: dict = field(default_factory=lambda: {who: [] for who in PEOPLE})
    undone: dict = field(default_factory=lambda: {who: [] for who in PEOPLE})
    changes: list = field(default_factory=list)
    taken_back: list = field(default_factory=list)
    step: int = 0

    def followed(self, said):
        return frozenset(now for now in map(self.end_of, said) if self.became[now] == HERE)

    def end_of(self, number):
        while isinstance(self.became[number], int):
            number = self.became[number]
        return number

    def shown(self, item):
        _, status, said = self.stands[item]
        kept = self.followed(said)
        if status == "labeled" and said and not kept and not self.multi_label:
            return "todo", frozenset()
        return status, kept

    def decide(self, who, items, status, said=frozenset()):
        self.step += 1
        decision = []
        for item in items:
            kept = self.shown(item)[1] if status == "flagged" else said
            decision.append((item, self.stands[item], (self.step, status, kept)))
            self.stands[item] = decision[-1][2]
        self.done[who].append(decision)
        self.undone[who].clear()

    def move(self, who, frm, to, now, then):
        if frm[who]:
            decision = frm[who].pop()
            for each in decision:
                if self.stands[each[0]] == each[now]:
                    self.stands[each[0]] = each[then]
            to[who].append(decision)

    def change(self, *moved):
        """(class number, before, after) each."""
        self.changes.append(moved)
        self.taken_back.clear()
        for number, _, after in moved:
            self.become(number, after)

    def become(self, number, what):
        if number == len(self.became):
            self.became.append(what)
        self.became[number] = what

    def undo_classes(self):
        if self.changes:
            self.taken_back.append(self.changes.pop())
            for number, before, _ in self.taken_back[-1]:
                self.become(number, before)

    def redo_classes(self):
        if self.taken_back:
            self.changes.append(self.taken_back.pop())
            for number, _, after in self.changes[-1]:
                self.become(number, after)


class World:
    def __init__(self, session: Session, *, multi_label: bool) -> None:
        self.session = session
        self.project = a_project(session, *"abc", multi_label=multi_label)
        self.items = some_items(session, self.project, ITEMS)
        self.class_ids = [each.id for each in self.project.classes]
        self.model = Model(multi_label)

    def shown(self):
        found = rows.states(self.session, self.project.id, [item.id for item in self.items])
        number = {class_id: place for place, class_id in enumerate(self.class_ids)}
        states = [found[item.id] for item in self.items]
        return [(state.status, frozenset(number[each] for each in state.class_ids)) for state in states]

    def label(self, who, number, said):
        model = self.model
        said = [each % len(model.became) for each in said][: None if model.multi_label else 1]
        recorded = labels.record(
            self.session, self.project, who, [an_event(self.items[number], *(self.class_ids[each] for each in said))]
        )
        lost = [each for each in said if not model.followed([each])]
        assert [each["code"] for each in recorded.rejected] == (["deleted_class"] if lost else [])
        if not lost:
            model.decide(who, [number], "labeled", model.followed(said))

    def bulk(self, who, step, said):
        model = self.model
        said = [each % len(model.became) for each in said][: None if model.multi_label else 1]
        chosen = [self.class_ids[each] for each in said]
        item_ids = [item.id for item in self.items]
        try:
            bulk_label(self.session, self.project, who, item_ids, chosen, event_id=f"{self.project.id} bulk {step}")
        except errors.Invalid:
            assert not all(model.followed([each]) for each in said)
            return
        model.decide(who, range(ITEMS), "labeled", model.followed(said))

    def change(self, what, who, one, other, step):
        """Of classes; refused ones change nothing."""
        model, session, project = self.model, self.session, self.project
        one, other = one % len(model.became), other % len(model.became)
        one_id, other_id = self.class_ids[one], self.class_ids[other]
        is_here = model.became[one] == HERE
        if what == "merge":
            class_changes.merge(session, project, one_id, other_id, who)
            if is_here:
                model.change((one, HERE, other))
        elif what == "delete":
            class_changes.delete(session, project, one_id, who)
            if is_here:
                model.change((one, HERE, DELETED))
        elif what == "split":
            done = class_changes.split(session, project, one_id, [f"part {step}", f"other {step}"], who)
            new = [len(model.became), len(model.became) + 1]
            self.class_ids += [each["id"] for each in done.after]
            model.change(*((each, one, HERE) for each in new))
        elif what == "rename":
            class_changes.change(session, project, {one_id: {"name": f"renamed {step}"}}, who)
            model.change()
        elif what == "archive":
            if class_changes.change(session, project, {one_id: {"color": f"#{step:06d}"}}, who):
                model.change()
        elif what == "add":
            self.class_ids.append(class_changes.add(session, project, f"new {step}", who).id)
            model.change((len(model.became), DELETED, HERE))
        elif what == "undo classes":
            class_history.undo(session, project)
            model.undo_classes()
        else:
            class_history.redo(session, project)
            model.redo_classes()

    def do(self, step, number):
        what, who, which, said = step
        model, name = self.model, f"{self.project.id} {step[0]} {number}"
        if what == "label":
            self.label(who, which, said)
        elif what == "bulk":
            self.bulk(who, number, said)
        elif what in ("skip", "flag", "clear"):
            labels.record(self.session, self.project, who, [an_event(self.items[which], action=what)])
            model.decide(who, [which], {"skip": "skipped", "flag": "flagged", "clear": "todo"}[what])
        elif what == "undo":
            moves.undo(self.session, self.project, who, name)
            model.move(who, model.done, model.undone, 2, 1)
        elif what == "redo":
            moves.redo(self.session, self.project, who, name)
            model.move(who, model.undone, model.done, 1, 2)
        else:
            try:
                with self.session.begin_nested():
                    self.change(what, who, which, said[-1], number)
            except errors.WinnowError:
                # A class that is gone, the last one, or itself.
                assert what not in ("add", "undo classes", "redo classes")


@pytest.mark.usefixtures("home")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.booleans(), st.lists(steps, min_size=6, max_size=30))
def test_labels_stand_where_events_and_classes_put_them(multi_label, many):
    with writing() as session:
        world = World(session, multi_label=multi_label)
        model = world.model
        for number, step in enumerate(many):
            world.do(step, number)
            shown = [model.shown(item) for item in range(ITEMS)]
            assert world.shown() == shown
            counted = projects.status_counts(session, [world.project.id])[world.project.id]
            assert {each: n for each, n in counted.items() if n} == Counter(status for status, _ in shown)
            there = {each.id for each in projects.classes(session, world.project.id)}
            assert there == {world.class_ids[each] for each, what in enumerate(model.became) if what == HERE}
            ids = [item.id for item in world.items]
            assert {class_id for (class_id,) in session.query(Label.class_id).filter(Label.item_id.in_(ids))} <= there
