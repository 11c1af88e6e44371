"""A project whose classes were merged, split and deleted, with items in the bin, leaves and comes back."""

from pathlib import Path

import pytest

from backend import class_changes, class_history, errors, projects
from backend.labeling import labels as labeling
from db import class_changes as rows
from db import projects as project_rows
from db.models import LabelClass, Project
from db.session import reading, writing
from tests.archives.builders import a_full_project, archive_of, bring, changed, put_table, table
from tests.importing.builders import all_items, labels
from tests.labeling.builders import an_event


def a_project_with_a_history(tmp_path: Path, *, multi_label: bool = False) -> Project:
    """Its second class was merged into the first, its third deleted; the first was split; an item is in the bin."""
    project = a_full_project(tmp_path, multi_label=multi_label)
    items = all_items(project)
    number, (one, two, three) = project.id, [each.id for each in project.classes]
    with writing() as session:
        kept = projects.get(session, number)
        labeling.record(session, kept, "Ann", [an_event(items[6], three), an_event(items[3], action="delete")])
        class_changes.merge(session, kept, two, one, "Bob")
        class_changes.delete(session, kept, three)
        class_changes.split(session, kept, one, ["wren"])
    with reading() as session:
        return projects.get(session, number)


def undone(project: Project) -> list[dict[str, list[str]]]:
    """The labels now, and after each undo."""
    found = [labels(project)]
    for _ in range(3):
        with writing() as session:
            assert class_history.undo(session, projects.get(session, project.id))
        found.append(labels(project))
    return found


@pytest.mark.parametrize("multi_label", [False, True])
def test_what_was_merged_and_deleted_can_be_taken_back_there_too(
    home: Path, tmp_path: Path, *, multi_label: bool
) -> None:
    project = a_project_with_a_history(tmp_path, multi_label=multi_label)
    path = archive_of(project, tmp_path)
    first, second = bring(path), bring(path)
    with reading() as session:
        split = rows.newest_done(session, second.id)
        assert split
        assert split.counts["upto_event"] > 0
        assert session.get_one(LabelClass, split.counts["class_id"]).project_id == second.id
        bird = project_rows.classes(session, second.id)[0]
        assert [each.status for each in all_items(second)] == [each.status for each in all_items(project)]
    assert split.counts["class_id"] == bird.id
    taken_back = undone(project)
    assert len({str(each) for each in taken_back}) == 3
    untouched = labels(first)
    assert undone(second) == taken_back
    assert labels(first) == untouched
    assert undone(first) == taken_back


@pytest.mark.parametrize("name", ["class_id", "into", "of", "upto_event"])
def test_a_history_that_names_what_is_not_in_the_archive_is_refused(home: Path, tmp_path: Path, name: str) -> None:
    def change(files: dict[str, bytes]) -> None:
        lines = table(files, "class_changes")
        at = lines[0].index("counts")
        for line in lines[1:]:
            if name in line[at]:
                line[at][name] = "7" if name == "upto_event" else 987_654
        put_table(files, "class_changes", lines)

    path = changed(archive_of(a_project_with_a_history(tmp_path), tmp_path), change)
    with pytest.raises(errors.BadFile, match=r"names no event|not there"):
        bring(path)
