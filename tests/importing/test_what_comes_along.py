"""What comes with the data beyond texts: labels, gold labels, splits, sources, and what is said of the rest."""

import csv
import io
from pathlib import Path

from fastapi.testclient import TestClient

from backend import importing
from backend.api.app import create
from backend.importing import classes_in_data, job, keeping, ready, rejected
from backend.importing.rows import Found, Rejection, Row, Step
from backend.importing.tally import Tally
from backend.jobs.progress import Handle
from backend.labeling import moves
from db import jobs as job_rows
from db import labels as label_rows
from db import origins
from db import projects as project_rows
from db.models import GoldLabel, Item, JobState, LabelClass, Project, Split, Status
from db.session import reading, writing
from tests.importing.builders import a_file, a_project, all_items, import_now, labels


def kept(project: Project, *rows: Found, how: str = "labels", may_add: bool = False) -> Tally:
    """Store rows as the job does, in one batch."""
    with writing() as session:
        path = importing.pasted(["one"])
        queued = importing.add(session, project, importing.Checked({"upload": path}, "Import"))
        known = classes_in_data.known(session, project, may_add=may_add)
    importing_now = keeping.Import(queued.id, known, how, Tally())
    steps = (Step(("a.csv",), number, row) for number, row in enumerate(rows, start=1))
    keeping.keep(importing_now, list(ready.texts(steps)))
    return importing_now.tally


def gold(project: Project) -> dict[str | None, set[int]]:
    with reading() as session:
        found: dict[str | None, set[int]] = {}
        for item in all_items(project):
            for class_id in [each.id for each in known_classes(project)]:
                if session.get(GoldLabel, (item.id, class_id)):
                    found.setdefault(item.text, set()).add(class_id)
    return found


def known_classes(project: Project) -> list[LabelClass]:
    with reading() as session:
        return list(project_rows.classes(session, project.id))


def test_new_items_have_split_meta_and_origin_and_one_row_an_origin(home: Path) -> None:
    project = a_project()
    one = Row("a.csv row 2", "one", meta={"id": "7", "note": 'say "hé"'}, split=Split.TEST, origin="a.csv")
    kept(project, one, Row("a.csv row 3", "two", origin="a.csv"))
    first, second = all_items(project)
    assert (first.split, first.meta, second.split, second.meta) == (
        Split.TEST,
        {"id": "7", "note": 'say "hé"'},
        None,
        None,
    )
    with reading() as session:
        [origin] = origins.of_project(session, project.id)
    assert first.origin_id == second.origin_id == origin.id


def test_a_split_comes_only_with_what_is_new(home: Path) -> None:
    project = a_project()
    kept(project, Row("a", "one"))
    kept(project, Row("a", "one", split=Split.TEST))
    assert [item.split for item in all_items(project)] == [None]


def test_another_place_of_the_same_content_is_remembered_once(home: Path) -> None:
    project = a_project()
    tally = kept(project, Row("a.csv row 2", "one"), Row("a.csv row 9", "one"))
    assert (tally.imported, tally.duplicates, tally.other_places) == (1, 1, 1)
    for _ in range(2):
        tally = kept(project, Row("a.csv row 2", "one"), Row("a.csv row 9", "one"))
        assert (tally.imported, tally.duplicates, tally.other_places) == (0, 2, 0)
    [item] = all_items(project)
    with reading() as session:
        assert origins.other_sources(session, item.id) == ["a.csv row 9"]


def test_items_in_the_bin_are_counted_apart_and_stay_there(home: Path) -> None:
    project = a_project()
    kept(project, Row("a", "one"))
    [item] = all_items(project)
    with writing() as session:
        session.get_one(Item, item.id).status = Status.DELETED
    tally = kept(project, Row("a", "one", ("bird",)))
    assert (tally.duplicates, tally.in_bin, tally.labeled) == (1, 1, 0)
    assert "in the bin" in " ".join(tally.as_report()["notes"])
    with reading() as session:
        assert session.get_one(Item, item.id).status == Status.DELETED


def test_gold_labels_are_nobodys_label_and_the_newest_stand(home: Path) -> None:
    project = a_project()
    bird, cat = (each.id for each in known_classes(project))
    tally = kept(project, Row("a", "one", ("bird",)), Row("b", "two"), how="gold")
    assert (tally.gold, tally.labeled, labels(project)) == (1, 0, {})
    assert gold(project) == {"one": {bird}}
    kept(project, Row("a", "one", ("Cat",)), how="gold")
    assert gold(project) == {"one": {cat}}


def test_labels_can_be_left_out(home: Path) -> None:
    project = a_project()
    tally = kept(project, Row("a", "one", ("bird",)), Row("b", "two", ("dog",)), how="none")
    assert (tally.labeled, tally.unknown, labels(project)) == (0, {}, {})


def test_all_labels_of_an_import_are_one_decision_with_an_event_each(home: Path, tmp_path: Path) -> None:
    project = a_project()
    lines = "".join(f"text {number},{'bird' if number % 2 else 'cat'}\n" for number in range(900))
    import_now(project, path=str(a_file(tmp_path, "a.csv", f"text,label\n{lines}")))
    assert len(labels(project)) == 900
    with writing() as session:
        states = label_rows.states(session, project.id, [item.id for item in all_items(project)])
        assert all(state.last_event_id and state.decided_at for state in states.values())
        while not moves.undo(session, project, keeping.ANNOTATOR, "undo-1").is_done:
            pass
    assert labels(project) == {}
    with writing() as session:
        while not moves.redo(session, project, keeping.ANNOTATOR, "redo-1").is_done:
            pass
    assert len(labels(project)) == 900


def test_counts_by_status_are_exact_after_an_import_with_labels(home: Path) -> None:
    project = a_project()
    kept(project, Row("a", "one", ("bird",)), Row("b", "two"), Row("c", "one", ("bird",)))
    with reading() as session:
        assert project_rows.status_counts(session, [project.id])[project.id] == {"labeled": 1, "todo": 1}


def test_halves_of_characters_are_mended_wherever_they_stand(home: Path) -> None:
    project = a_project()
    kept(project, Row("a\udcff.csv row 1", "one\ud83d\ude00", meta={"note": "x\ud800"}, origin="a\udcff.csv"))
    [item] = all_items(project)
    assert (item.text, item.source, item.meta) == ("one😀", "a�.csv row 1", {"note": "x�"})


def test_every_rejection_is_kept_and_streamed_as_a_table_without_formulas(home: Path) -> None:
    project = a_project()
    many = [Rejection(f"a.csv row {number}", f"The row has {number} cells.") for number in range(1_500)]
    with writing() as session:
        queued = importing.start(session, project, {"texts": ["one"]})
    known = classes_in_data.Known(project, {}, may_add=False)
    importing_now = keeping.Import(queued.id, known, "labels", Tally())
    steps = [Step(("a",), n, each) for n, each in enumerate([*many, Rejection("=1+1", "-2")], start=1)]
    keeping.keep(importing_now, list(ready.texts(steps)))
    report = importing_now.tally.as_report()
    assert (report["rejected"], len(report["reasons"])) == (1_501, 100)
    assert [kind["count"] for kind in report["reasons_by_kind"]] == [1_500, 1]
    api = TestClient(create())
    answer = api.get(f"/jobs/{queued.id}/rejected.csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert (rows[0], rows[1], rows[-1], len(rows)) == (
        ["place", "reason"],
        ["a.csv row 0", "The row has 0 cells."],
        ["'=1+1", "'-2"],
        1_502,
    )
    assert api.get(f"/jobs/{queued.id}/report").json()["rejected"] == 1_501


def test_what_a_killed_attempt_rejected_without_storing_it_is_not_there_twice(home: Path, tmp_path: Path) -> None:
    project = a_project()
    path = a_file(tmp_path, "a.csv", "text,label\none,bird\n  ,cat\ntwo,cat\n  ,cat\n")
    with writing() as session:
        queued = importing.start(session, project, {"path": str(path)})
    # As if an attempt had died between its file and its transaction.
    rejected.append(queued.id, [Rejection("a.csv row 3", "The text is empty.")])
    report = job.run(Handle(queued))
    places = [place for place, _ in rejected.kept(queued.id, report["rejected_bytes"])]
    assert places == ["a.csv row 3", "a.csv row 5"]
    with writing() as session:
        job_rows.move(session, queued.id, JobState.DONE, of=[JobState.QUEUED], report=report)
    api = TestClient(create())
    assert api.get(f"/jobs/{queued.id}/report").json()["rejected"] == 2
    assert api.get("/jobs/99/report").status_code == 404
