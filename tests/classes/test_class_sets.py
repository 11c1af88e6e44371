"""What a list of runs says of the classes that a run was trained with."""

from backend import class_changes, class_history
from backend.training import class_sets
from db import projects as rows
from tests.labeling.builders import a_project


def test_a_run_says_how_its_classes_differ_from_todays(session):
    project = a_project(session)
    bird, cat, dog = project.classes
    then = [{"id": each.id, "name": each.name} for each in project.classes]

    def said():
        return class_sets.since(then, rows.all_classes(session, project.id))

    assert said() == ""
    class_changes.add(session, project, "heron")
    assert said() == "3 classes then: without heron"
    class_changes.merge(session, project, bird.id, cat.id)
    assert said() == "3 classes then: without heron; bird was merged into cat since"
    class_changes.delete(session, project, dog.id)
    class_changes.change(session, project, {cat.id: {"name": "feline"}})
    assert said().startswith(
        "3 classes then: without heron; bird was merged into feline since; cat is called feline now"
    )
    for _ in range(4):
        class_history.undo(session, project)
    assert said() == ""
