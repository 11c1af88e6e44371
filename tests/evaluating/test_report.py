"""The report of a comparison: one file that says what the page says, and shows no more than was asked for."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from fastapi.testclient import TestClient

from backend import blobs
from backend.api.app import create
from backend.evaluating import report, report_page
from db.models import Item
from db.session import writing
from tests.evaluating import builders
from tests.evaluating.builders import sure
from tests.importing.builders import an_image

HOSTILE = "</script><img src=x onerror=alert(1)><!-- & \"'"
SECRET = "what the patient said"


class Page(HTMLParser):
    """The tags of a page, its text outside of scripts and styles, and what its scripts hold."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.words, self.scripts, self.inside = [], [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts.append(data)
        elif not self.inside:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(self.words)


def some_runs(session, n, *, names=HOSTILE, k=3, of_each=10, kind="text", multi_label=False):
    classes = [f"{names} {each}" for each in range(k)]
    project = builders.a_project(session, classes, name=f"Birds {names}", kind=kind, multi_label=multi_label)
    ids = [each.id for each in project.classes]
    counts = {split: {str(each): size for each in ids} for split, size in (("train", 40), ("test", 10))}
    snapshot = builders.a_snapshot(session, project, counts=counts)
    items = builders.items(session, project, of_each * k, SECRET)
    truth = [[each % k] for each in range(of_each * k)]
    runs = []
    for number in range(n):
        spec = {"method": "lora", "base": "bundled:minilm", "seed": number, "note": names}
        environment = {"torch": "2.15.0", "skipped": [{"item_id": 1, "name": SECRET, "reason": "torn"}]}
        run = builders.a_run(
            session, project, snapshot, name=f"{names} run {number}", spec=spec, note=names, environment=environment
        )
        # The first run is wrong on one item in five, the second on one in ten, and so on.
        said = [sure((place + (place % (5 * (number + 1)) == 0)) % k, k) for place in range(of_each * k)]
        builders.with_answers(session, run, items, truth, np.array(said), multi_label=multi_label)
        builders.with_curve(session, run, "train/loss", [2.0, 1.0])
        builders.with_curve(session, run, "validation/f1_macro", [0.2, 0.4])
        runs.append(run)
    return project, runs


def charts_in(page):
    return [json.loads(script) for script in page.scripts if script.startswith("{")]


@pytest.mark.parametrize("n", [1, 2, 20])
def test_a_report_has_charts_and_tables_for_any_number_of_runs(session, n):
    project, runs = some_runs(session, n)
    page = Page(report.of(session, project, [run.id for run in runs]))
    charts = charts_in(page)
    assert len(charts) >= 6
    assert sum(tag == "div" and attrs.get("class") == "chart" for tag, attrs in page.tags) == len(charts)
    # 30 items, six of them wrong: 80 %. Five of the six are of different classes, so both figures differ.
    assert "80.0 %" in page.text
    assert runs[0].name in page.text
    assert "2.15.0" in page.text


def test_nothing_that_people_wrote_is_a_tag(session):
    project, runs = some_runs(session, 2)
    html = report.of(session, project, [run.id for run in runs], with_items=True)
    page = Page(html)
    kinds = {tag for tag, _ in page.tags}
    assert "img" not in kinds
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    # Each script is closed by its own end alone.
    assert html.count("</script") == len(page.scripts)
    assert HOSTILE in page.text
    said = json.dumps(charts_in(page), ensure_ascii=False)
    assert "<img" not in said, "Plotly would read it as a tag"


def test_the_page_may_ask_nothing_of_a_network(session):
    project, runs = some_runs(session, 1, names="run")
    page = Page(report.of(session, project, [runs[0].id]))
    [policy] = [attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts["default-src"] == "'none'"
    assert not re.search(r"https?:|\*|'self'", policy)
    assert not [attrs for _, attrs in page.tags if {"src", "href"} & set(attrs)]


def test_items_are_in_it_only_when_asked_for(session):
    project, runs = some_runs(session, 1, names="run")
    assert SECRET not in report.of(session, project, [runs[0].id])
    page = Page(report.of(session, project, [runs[0].id], with_items=True))
    assert "6 of 30 test items are answered wrongly" in page.text
    wrong = [place for place in range(30) if place % 5 == 0]
    shown = [int(number) for number in re.findall(rf"{SECRET} (\d+)", page.text)]
    assert sorted(shown) == wrong


def test_images_come_along_as_data(session):
    project, [run] = some_runs(session, 1, names="run", kind="image")
    for item in session.query(Item).filter_by(project_id=project.id):
        data = an_image((item.id, 80, 90))
        item.content_hash, item.text, item.media_type = blobs.put(data), None, "image/png"
        item.width, item.height = 8, 8
    session.flush()
    page = Page(report.of(session, project, [run.id], with_items=True))
    pictures = [attrs["src"] for tag, attrs in page.tags if tag == "img"]
    assert len(pictures) == 6
    assert all(re.fullmatch(r"data:image/[a-z]+;base64,[A-Za-z0-9+/=]+", each) for each in pictures)


def test_runs_that_failed_wait_or_have_several_classes_an_item_break_nothing(session):
    project, [run] = some_runs(session, 1, names="run", multi_label=True)
    failed = builders.a_failed_run(session, project, HOSTILE)
    for chosen in ([failed.id], [failed.id, run.id]):
        page = Page(report.of(session, project, chosen, with_items=True))
        assert f"Broken failed: {HOSTILE}" in page.text


def test_hundreds_of_classes_stay_a_file_that_can_be_sent(session):
    project, runs = some_runs(session, 2, names="run", k=150, of_each=2)
    html = report.of(session, project, [run.id for run in runs])
    from plotly.offline import get_plotlyjs

    assert len(html) - len(get_plotlyjs()) < 3_000_000


@pytest.mark.parametrize(
    ("value", "words"), [(None, "–"), (True, "yes"), (0.00002, "2e-05"), ([1, "<b>"], "1, <b>"), ("a", "a")], ids=str
)
def test_values_are_said_in_words(value, words):
    assert report_page.in_words(value) == words


def test_the_api_sends_a_file_with_a_name_that_any_disk_takes(home):
    with writing() as session:
        project, runs = some_runs(session, 2, names="ü/..\\")
    api = TestClient(create())
    address = f"/projects/{project.id}/compare/report"
    answer = api.get(address, params={"runs": f"{runs[0].id},{runs[1].id}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    name = re.search(r'attachment; filename="([^"]*)"', answer.headers["content-disposition"])[1]
    assert re.fullmatch(rf"[A-Za-z0-9_-]+-runs-{runs[0].id}-{runs[1].id}\.html", name)
    assert SECRET in api.get(address, params={"runs": runs[0].id, "items": True}).text
    assert api.get(address).status_code == 422
    assert api.get(address, params={"runs": 999}).status_code == 404
