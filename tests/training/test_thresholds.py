"""From which score on a class is answered: chosen well, kept in the model, used wherever answers are told."""

import base64
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from backend.evaluating import comparison, metrics
from backend.jobs.supervisor import ROOT
from backend.suggesting import of_run
from backend.training import artifact, card, thresholds
from backend.training.predict import predict
from db import items
from db import projects as project_rows
from db import runs as rows
from db.models import Project, Run, Split
from db.session import reading, writing
from tests.training import builders
from tests.training.builders import trained

Floats = np.ndarray


def as_targets(has: Floats) -> list[list[int]]:
    return [[0] if each else [] for each in has]


def tuned(has: Floats, scores: Floats) -> float:
    return float(thresholds.tuned(as_targets(has), np.asarray(scores, float)[:, None])[0])


def drawn(random: np.random.Generator, n: int, share: float, off: float) -> tuple[Floats, Floats]:
    """Items of which this share has the class, and scores that are calibrated but for `off` in log-odds."""
    has = random.random(n) < share
    seen = random.normal(size=n) + 2 * has
    return has, 1 / (1 + np.exp(-(2 * seen - 2 + np.log(share / (1 - share)) + off)))


def f1(has: Floats, scores: Floats, threshold: float) -> float:
    answered = scores >= threshold
    return float(2 * (answered & has).sum() / max(1, answered.sum() + has.sum()))


def best_cut(has: Floats, scores: Floats) -> float:
    """Without any doubt about few items."""
    cuts = np.unique(scores)[:, None]
    right = ((scores >= cuts) & has).sum(1)
    return float(cuts[(2 * right / ((scores >= cuts).sum(1) + has.sum())).argmax(), 0]) if has.any() else 0.5


def test_with_many_items_the_threshold_has_the_best_f1() -> None:
    has, scores = drawn(np.random.default_rng(0), 3000, 0.2, -2.0)
    found = tuned(has, scores)
    assert f1(has, scores, found) >= f1(has, scores, best_cut(has, scores)) - 0.01
    assert f1(has, scores, found) > f1(has, scores, 0.5) + 0.1


def test_classes_that_are_told_apart_are_cut_between_them() -> None:
    has = np.arange(60) < 30
    scores = np.where(has, 0.3, 0.1) + np.linspace(0, 0.01, 60)
    assert tuned(has, scores) == pytest.approx(0.2, abs=0.03)
    assert tuned(has, np.where(has, 0.9, 0.1)) == pytest.approx(0.5, abs=0.01)


def test_a_class_that_none_or_all_of_the_items_have_keeps_one_half() -> None:
    scores = np.linspace(0.01, 0.2, 20)
    assert tuned(np.zeros(20, bool), scores) == tuned(np.ones(20, bool), scores) == 0.5
    assert thresholds.tuned([], np.zeros((0, 3))).tolist() == [0.5] * 3


def test_a_single_item_moves_the_threshold_half_of_the_way() -> None:
    scores = np.array([0.2, *[0.01] * 40])
    assert 0.15 < tuned(np.arange(41) == 0, scores) < 0.4
    often = np.array([*[0.2] * 40, *[0.01] * 40])
    assert tuned(np.arange(80) < 40, often) < 0.12


def test_scores_that_say_nothing_do_not_make_a_rare_class_the_answer_to_everything() -> None:
    random = np.random.default_rng(1)
    answered, without_doubt = [], []
    for _ in range(20):
        has, scores = random.random(200) < 0.1, random.uniform(0.05, 0.15, 200)
        answered.append((scores >= tuned(has, scores)).mean())
        without_doubt.append((scores >= best_cut(has, scores)).mean())
    assert np.mean(answered) < 0.5 < np.mean(without_doubt)
    assert max(answered) < 0.9 < max(without_doubt)


def test_scores_that_are_not_numbers_are_answers_never_given() -> None:
    has = np.arange(40) < 20
    scores = np.where(has, 0.8, 0.3)
    scores[[0, 39]] = np.nan
    assert tuned(has, scores) == pytest.approx(0.55, abs=0.05)


@pytest.mark.parametrize("off", [-1.5, 0.0, 2.0])
def test_few_items_of_a_class_do_not_mislead_it(off: float) -> None:
    random = np.random.default_rng(4)
    found = []
    for _ in range(60):
        has, scores = drawn(random, 50, 0.1, off)
        new, new_scores = drawn(random, 2000, 0.1, off)
        chosen = (0.5, best_cut(has, scores), tuned(has, scores))
        found.append([f1(new, new_scores, each) for each in chosen])
    half, best, ours = np.mean(found, axis=0)
    assert ours > best
    assert ours > half


@pytest.fixture(scope="module")
def texts(shared_home: None) -> Project:
    """Birds are rare, and in a text about something else."""
    with writing() as session:
        project = builders.a_project(session, list(builders.WORDS), multi_label=True)
        for number, (text, name) in enumerate(builders.texts_about_three_things(24)):
            if name != "bird":
                both = number % 4 == 0
                more = f" {builders.WORDS['bird'][number % 5]}." if both else ""
                builders.a_labeled_item(session, project, text + more, name, *(["bird"] if both else []))
        return project


@pytest.fixture(scope="module")
def run(texts: Project) -> Run:
    return trained(texts, method="head")


def kept(run: Run, split: Split = Split.TEST) -> tuple[list[str], Floats, Floats]:
    """The texts of the split, the scores of the run, and which classes each has."""
    with reading() as session:
        found = rows.predictions(session, run.id, split)
        snapshot = rows.get_snapshot(session, run.snapshot_id or 0)
        assert snapshot
        ids = [each["id"] for each in snapshot.classes]
        texts = [item.text or "" for item in items.by_ids(session, [each.item_id for each in found])]
    scores = np.stack([np.frombuffer(each.scores, np.float32) for each in found])
    return texts, scores, np.array([[class_id in each.target_ids for class_id in ids] for each in found])


def least_of(run: Run) -> list[float]:
    return [each["threshold"] for each in run.metrics["thresholds"]]


def test_a_run_keeps_its_thresholds_in_the_model_and_is_tested_with_them(run: Run) -> None:
    least = least_of(run)
    assert artifact.thresholds_of(artifact.model_folder(run)) == least
    assert len(least) == 3
    assert any(abs(each - 0.5) > 0.01 for each in least)
    _, scores, has = kept(run)
    for place, each in enumerate(run.metrics["test"]["per_class"]):
        assert each["class_id"] == run.metrics["thresholds"][place]["class_id"]
        assert each["f1"] == pytest.approx(f1(has[:, place], scores[:, place], least[place]))


def test_the_classes_of_an_answer_are_those_that_reach_their_threshold(run: Run) -> None:
    texts, _, _ = kept(run)
    for each in predict(run.id, texts=texts)["predictions"]:
        least = dict(zip(each["scores"], least_of(run), strict=True))
        answered = [name for name, score in each["scores"].items() if score >= least[name]]
        assert each["class_names"] == sorted(answered, key=lambda name: -each["scores"][name])
        assert each["class_name"] == max(each["scores"], key=each["scores"].get)


def test_the_comparison_calls_right_what_the_thresholds_answer(run: Run, texts: Project) -> None:
    _, scores, has = kept(run)
    wrong = int(((scores >= least_of(run)) != has).any(axis=1).sum())
    with reading() as session:
        found = comparison.compare(session, texts, [run.id])
    assert found["runs"][0]["thresholds"] == least_of(run)
    assert found["runs"][0]["mistakes"]["count"] == wrong == round((1 - run.metrics["test"]["accuracy"]) * len(has))


def test_a_suggestion_of_a_run_counts_from_one_half_on(run: Run, texts: Project) -> None:
    written, _, _ = kept(run)
    with reading() as session:
        classes = list(project_rows.classes(session, texts.id))
    found = of_run.suggester(run.id, classes)([(b"", each) for each in written])
    for said, answer in zip(found, predict(run.id, texts=written)["predictions"], strict=True):
        names = {each.name for each, score in zip(classes, said, strict=True) if score >= 0.5}
        assert names == set(answer["class_names"])


def test_a_run_from_before_there_were_thresholds_answers_from_one_half_on() -> None:
    assert metrics.thresholds_of({}, [3, 4]) == metrics.thresholds_of(None, [3, 4]) == [0.5, 0.5]
    assert metrics.thresholds_of({"thresholds": [{"class_id": 4, "threshold": 0.2}]}, [3, 4]) == [0.5, 0.2]


def printed(run: Run, given: str, folder: Path, cwd: Path) -> str:
    """What the Python of the model's card prints for this text or file. It is run as a person would run it."""
    code = card.code_in(artifact.model_folder(run), str(artifact.model_folder(run)))
    for each in ('"Some text"', '"picture.jpg"'):
        code = code.replace(each, json.dumps(given))
    path = folder / "load.py"
    path.write_text(code, "utf-8")
    rest = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    # Only a head on Winnow's own descriptor needs it.
    rest |= {"PYTHONPATH": str(cwd)} if cwd == ROOT else {}
    done = subprocess.run([sys.executable, str(path)], capture_output=True, cwd=folder, env=rest, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def test_the_python_of_the_card_answers_the_same_classes_without_winnow(run: Run, tmp_path: Path) -> None:
    text = "Fresh bread cools before noon. Two gulls circle."
    answer = predict(run.id, texts=[text])["predictions"][0]
    assert answer["class_names"]
    assert printed(run, text, tmp_path, tmp_path) == str(answer["class_names"])
    told = (artifact.model_folder(run) / "README.md").read_text("utf-8")
    assert "answered from a score of" in told
    assert f"{least_of(run)[0]:.3f}" in told


@pytest.fixture(scope="module")
def pictures(shared_home: None) -> Project:
    with writing() as session:
        project = builders.a_project(session, list(builders.COLORS), "image", multi_label=True)
        for number in range(32):
            names = (["round"], ["square"], ["round", "square"], [])[number % 4]
            sides = [Image.open(io.BytesIO(builders.drawn(each, number))) for each in names]
            whole = Image.new("RGB", (64, 32), (120, 120, 120 + number))
            for place, each in enumerate(sides):
                whole.paste(each, (32 * place, 0))
            file = io.BytesIO()
            whole.save(file, "PNG")
            builders.a_labeled_item(session, project, file.getvalue(), *names)
        return project


@pytest.mark.parametrize("method", ["full", "head"])
def test_the_card_of_a_model_of_pictures_answers_the_same_classes(
    pictures: Project, method: str, tmp_path: Path
) -> None:
    loops = {"base": builders.a_tiny_mobilenet(tmp_path / "base"), "epochs": 1, "image_size": 32}
    run = trained(pictures, method=method, **(loops if method == "full" else {"base": "bundled:descriptor"}))
    path = tmp_path / "both.png"
    path.write_bytes(builders.drawn("round", 5))
    answer = predict(run.id, images=[base64.b64encode(path.read_bytes()).decode()])["predictions"][0]
    has_own = method == "head"
    assert printed(run, str(path), tmp_path, ROOT if has_own else tmp_path) == str(answer["class_names"])
    assert len(least_of(run)) == 2
