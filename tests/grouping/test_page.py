"""The part of the Data page that shows near-duplicates, as Streamlit runs it."""

from streamlit.testing.v1 import AppTest

from db.models import Item, Split
from db.session import writing
from tests.grouping.builders import a_text, add, find, groups, texts

HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$ `code` of the harbour in Aarhus"


def opened(project):
    def page():
        from pages.data.near import near_duplicates
        from pages.parts.chosen import chosen_project

        near_duplicates(chosen_project())

    app = AppTest.from_function(page, default_timeout=60)
    app.query_params["project"] = str(project.id)
    app.run()
    assert not app.exception
    return app


def said(app):
    return " ".join(each.value for each in [*app.markdown, *app.caption, *app.warning, *app.info, *app.success])


def test_before_anything_was_looked_for_there_is_a_button(home):
    project, _ = texts(a_text(1))
    app = opened(project)
    app.button(key="near-find").click().run()
    assert not app.exception
    assert "Find near-duplicates** · waiting" in said(app).replace("\\", "")
    assert not [each for each in app.button if each.key == "near-find"]


def test_nothing_found_is_said(home):
    project, _ = texts(a_text(1), a_text(2))
    find(project)
    assert "No near-duplicates" in said(opened(project))


def test_a_group_is_shown_as_it_is_written(home):
    project, _ = texts(HOSTILE, HOSTILE + "!", a_text(2))
    find(project)
    app = opened(project)
    assert "**1 group** of near-duplicates with **2 items**" in said(app)
    assert "**2 items** · at least 100 % like the first" in said(app)


def test_groups_on_both_sides_of_the_test_are_told_and_the_filter_shows_those_that_differ(home):
    project, _ = texts()
    for number in range(12):
        add(project, [a_text(number), a_text(number) + "!"])
    find(project)
    first = next(iter(groups(project).values()))
    with writing() as session:
        for item_id, split in zip(first, (Split.TRAIN, Split.TEST), strict=True):
            session.get(Item, item_id).split = split
    app = opened(project)
    assert "1 group of near-duplicates lies in training and in validation or test" in said(app)
    app.button(key="near-next").click().run()
    assert "Page 2" in said(app)
    app.toggle(key="near-disagree").set_value(True).run()
    assert not app.exception
    assert "No group has different labels." in said(app)
