"""Whatever people do in whatever order, sent once or again: the stored state is what a small model says."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.labeling import labels, moves
from db import labels as rows
from db import projects
from db.labels import State
from db.models import Annotator, LabelEvent
from db.session import Session, writing
from tests.labeling.builders import a_project, an_event, bulk_label, some_items

ITEMS, CLASSES, PEOPLE = 4, 3, ("ada", "bob")
TO_DO = ("todo", (), None, 0)

whos = st.sampled_from(PEOPLE)
items = st.integers(0, ITEMS - 1)
classes = st.integers(0, CLASSES - 1)
steps = st.one_of(
    st.tuples(st.just("label"), whos, items, classes),
    st.tuples(st.sampled_from(["stale", "check"]), whos, items, classes),
    st.tuples(st.sampled_from(["skip", "flag", "clear", "wrong"]), whos, items, st.just(0)),
    st.tuples(st.just("bulk"), whos, st.lists(items, min_size=1), classes),
    st.tuples(st.sampled_from(["undo", "redo"]), whos, st.just(0), st.just(0)),
    st.tuples(st.just("again"), whos, st.integers(0, 5), st.just(0)),
)


@dataclass
class Model:
    """Items as (status, classes, who, which step made it so), and each person's decisions to undo and redo."""

    stands: list = field(default_factory=lambda: [TO_DO] * ITEMS)
    done: dict = field(default_factory=lambda: {who: [] for who in PEOPLE})
    undone: dict = field(default_factory=lambda: {who: [] for who in PEOPLE})
    step: int = 0

    def decide(self, who, changes):
        self.step += 1
        decision = []
        for item, status, class_ids in changes:
            before = self.stands[item]
            kept = before[1] if status == "flagged" else class_ids
            self.stands[item] = (status, kept, None if status == "todo" else who, self.step)
            decision.append((item, before, self.stands[item]))
        self.done[who].append(decision)
        self.undone[who].clear()

    def undo(self, who):
        if self.done[who]:
            decision = self.done[who].pop()
            for item, before, after in decision:
                if self.stands[item] == after:
                    self.stands[item] = before
            self.undone[who].append(decision)

    def redo(self, who):
        if self.undone[who]:
            decision = self.undone[who].pop()
            for item, before, after in decision:
                if self.stands[item] == before:
                    self.stands[item] = after
            self.done[who].append(decision)


class World:
    """The same steps on the database."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.project = a_project(session, *"abc")
        self.items = some_items(session, self.project, ITEMS)
        self.class_ids = [each.id for each in self.project.classes]
        self.sent: list = []

    def send(self, way, who, *args, **names):
        self.sent.append((way, who, args, names))
        return way(self.session, self.project, who, *args, **names)

    def stands(self):
        names = {each.id: each.name for each in self.session.query(Annotator)}
        found = rows.states(self.session, self.project.id, [item.id for item in self.items])
        return [
            (state.status, state.class_ids, names.get(state.annotator_id))
            for state in (found[item.id] for item in self.items)
        ]


def do(world: World, model: Model, step: tuple, number: int) -> None:
    what, who, which, class_number = step
    class_id = world.class_ids[class_number]
    if what in ("label", "stale"):
        # Somebody who still saw the item undecided meets whatever stands there; else only what others decided.
        seen = {"over": None} if what == "stale" else {}
        status, _, by, _ = model.stands[which]
        is_unseen = status != "todo" and (what == "stale" or by != who)
        recorded = world.send(labels.record, who, [an_event(world.items[which], class_id, **seen)])
        assert [each["annotator"] for each in recorded.conflicts] == ([by] if is_unseen else [])
        model.decide(who, [(which, "labeled", (class_id,))])
    elif what == "check":
        recorded = world.send(labels.record, who, [an_event(world.items[which], class_id, action="check")])
        if model.stands[which][0] == "labeled":
            # An answer beside the label; a decision all the same, to be taken back and brought again.
            model.decide(who, [])
        else:
            assert [each["code"] for each in recorded.rejected] == ["not_labeled"]
    elif what in ("skip", "flag", "clear"):
        world.send(labels.record, who, [an_event(world.items[which], action=what)])
        model.decide(who, [(which, {"skip": "skipped", "flag": "flagged", "clear": "todo"}[what], ())])
    elif what == "wrong":
        assert world.send(labels.record, who, [an_event(world.items[which], 10**6)]).rejected
    elif what == "bulk":
        chosen = [world.items[each].id for each in which]
        world.send(bulk_label, who, chosen, [class_id], event_id=f"{world.project.id} bulk {number}")
        model.decide(who, [(item, "labeled", (class_id,)) for item in dict.fromkeys(which)])
    elif what in ("undo", "redo"):
        world.send(getattr(moves, what), who, f"{world.project.id} {what} {number}")
        getattr(model, what)(who)
    elif world.sent:
        way, sent_by, args, names = world.sent[-1 - which % len(world.sent)]
        way(world.session, world.project, sent_by, *args, **names)


def from_events(session: Session, item_id: int) -> State:
    """What follows from the events alone."""
    state = State()
    own: dict[int, LabelEvent] = {}
    after: dict[int, State] = {}
    checks: set[int] = set()
    for event in session.query(LabelEvent).filter_by(item_id=item_id).order_by(LabelEvent.id):
        if event.action == "check" or event.decision_id in checks:
            checks.add(event.decision_id)
            assert event.class_ids == list(state.class_ids) or event.action == "check"
        elif event.action == "undo":
            state = State.from_json(own[event.decision_id].before)
        elif event.action == "redo":
            state = after[event.decision_id]
        else:
            assert State.from_json(event.before) == state
            own[event.decision_id] = event
            status = {"label": "labeled", "skip": "skipped", "flag": "flagged", "clear": "todo"}[event.action]
            decided = (event.annotator_id, event.created_at) if status != "todo" else (None, None)
            state = after[event.decision_id] = State(status, tuple(event.class_ids), *decided, event.id)
    return state


@pytest.mark.usefixtures("home")
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, max_size=25))
def test_the_stored_state_is_what_the_steps_and_the_events_say(many):
    with writing() as session:
        world, model = World(session), Model()
        for number, step in enumerate(many):
            do(world, model, step, number)
            assert world.stands() == [stand[:3] for stand in model.stands]
            counted = projects.status_counts(session, [world.project.id])[world.project.id]
            assert Counter(counted) == Counter(stand[0] for stand in model.stands)
        for item in world.items:
            assert rows.states(session, item.project_id, [item.id])[item.id] == from_events(session, item.id)
