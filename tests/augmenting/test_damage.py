"""Which samples may have lost their class: on drawings, colours and texts of which the answer is known."""

import io
import random
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image, ImageDraw

from backend import blobs, projects
from backend.augmenting import catalogue, looks
from backend.augmenting.damage import damage
from backend.encoding import encode, vectors
from backend.jobs import ask
from backend.models import catalogue as models
from db.models import Item, Project, SuggestionSet
from db.session import writing
from tests.augmenting.steps import new_step
from tests.suggesting.builders import NEWS, a_news_project, items_of, label

SIDE = 48


def an_arrow(draw: random.Random, name: str) -> Image.Image:
    """Dark on light, of many lengths and places."""
    image = Image.new("RGB", (SIDE, SIDE), (230 + draw.randint(-9, 9),) * 3)
    pen = ImageDraw.Draw(image)
    y, left, right, head = draw.randint(18, 30), draw.randint(4, 10), draw.randint(38, 44), draw.randint(8, 12)
    tip, back = (left, left + head) if name == "left" else (right, right - head)
    pen.line([(left, y), (right, y)], fill=(40, 40, 40), width=3)
    pen.polygon([(tip, y), (back, y - head), (back, y + head)], fill=(40, 40, 40))
    return image


def a_colour(draw: random.Random, name: str) -> Image.Image:
    """Discs and squares alike, so that only the colour tells."""
    image = Image.new("RGB", (SIDE, SIDE), (128,) * 3)
    low, high = draw.randint(20, 60), draw.randint(190, 240)
    fill = (high, low, low) if name == "red" else (low, high, high)
    half = draw.randint(12, 20)
    box = (24 - half, 24 - half, 24 + half, 24 + half)
    pen = ImageDraw.Draw(image)
    (pen.ellipse if draw.random() < 0.5 else pen.rectangle)(box, fill=fill)
    return image


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def a_project(
    picture: Callable[[random.Random, str], Image.Image],
    *names: str,
    count: int = 12,
    multi_label: bool = False,
    seed: int = 5,
) -> Project:
    """`count` pictures of each class, none of them labeled; the source of an item is its class."""
    draw = random.Random(seed)
    with writing() as session:
        title = f"Pictures {uuid4()}"
        project = projects.create(session, title, "image", multi_label=multi_label, class_names=names)
        for number in range(count * len(names)):
            source = names[number % len(names)]
            content_hash = blobs.put(png(picture(draw, source)))
            session.add(Item(project_id=project.id, content_hash=content_hash, media_type="image/png", source=source))
    return project


def labeled(project: Project, *, leave: int = 0) -> list[int]:
    """Give all but the last `leave` items their class, and all their vectors; the ids of all."""
    found = items_of(project)
    encode.ensure(models.DESCRIPTOR, [(item.content_hash, None) for item in found])
    label(project, {item.id: item.source for item in found[: len(found) - leave]})
    return [item.id for item in found]


def a_step(name: str, **params: Any) -> dict[str, Any]:
    made = new_step(name) | {"probability": 1.0}
    return made | {"params": made["params"] | params}


def asked(project: Project, item_ids: Sequence[int], *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    base, size = (models.MINILM, 64) if project.kind == "text" else (models.COMPACT_RESNET, SIDE)
    about = {"samples": 3, "seed": 0, "base": base, "size": size} | more
    return damage(project.id, item_ids, list(steps), **about)


def share_lost(told: dict[str, Any]) -> float:
    """Of all samples."""
    cells = [cell for row in told["cells"] for cell in row]
    return sum(cell["is_far"] or cell["was"] is not None for cell in cells) / len(cells)


MIRROR = a_step("RandomHorizontalFlip")
NOISE = a_step("GaussianNoise", sigma=0.03)
LIGHT = a_step("ColorJitter", brightness=0.1, contrast=0.1, saturation=0.1, hue=0)
TURNED_HUE = a_step("RandomChannelPermutation")


def test_a_mirrored_arrow_has_lost_its_class_and_a_grainy_one_has_not(home):
    project = a_project(an_arrow, "left", "right")
    shown = labeled(project)[:6]
    told = asked(project, shown, MIRROR)
    assert share_lost(told) > 0.8
    flips = {(cell["was"], cell["becomes"]) for row in told["cells"] for cell in row if cell["was"]}
    assert flips == {("left", "right"), ("right", "left")}
    assert told["encoder"] == models.find(models.DESCRIPTOR).title
    assert told["note"] is None
    grainy = asked(project, shown, NOISE, LIGHT)
    assert share_lost(grainy) < 0.1
    # On an even ground any grain is far away from everything; that alone says nothing of the class.
    assert min(cell["drift"] for row in grainy["cells"] for cell in row) > 1
    assert share_lost(asked(project, shown)) == 0


def test_each_step_is_judged_alone_so_that_the_one_that_destroys_is_named(home):
    project = a_project(an_arrow, "left", "right")
    shown = labeled(project)[:6]
    # Off in the recipe, and judged all the same: as if it were always on.
    told = asked(project, shown, LIGHT, MIRROR | {"probability": 0.0}, NOISE)
    light, mirror, noise = told["transforms"]
    assert [each["place"] for each in told["transforms"]] == [0, 1, 2]
    assert mirror["title"] == "Mirror"
    assert mirror["n"] == 12
    assert mirror["share"] > 0.8
    assert mirror["flips"] > 8
    assert light["share"] == 0
    assert noise["share"] < 0.1
    assert share_lost(told) < 0.1


def test_a_turned_hue_destroys_classes_of_colours_and_a_mirror_does_not(home):
    project = a_project(a_colour, "red", "cyan")
    shown = labeled(project)[:6]
    told = asked(project, shown, a_step("ColorJitter", brightness=0, contrast=0, saturation=0, hue=0.5), MIRROR)
    # The hue is drawn from the whole circle: about half of it lies nearer to the other colour.
    assert told["transforms"][0]["share"] > 0.3
    assert told["transforms"][1]["share"] == 0


def test_an_item_that_nobody_labeled_counts_too(home):
    project = a_project(an_arrow, "left", "right")
    shown = labeled(project, leave=4)[-4:]
    assert share_lost(asked(project, shown, MIRROR)) > 0.5


def test_without_labels_nothing_is_judged_and_the_note_says_what_to_do(home):
    project = a_project(an_arrow, "left", "right", count=2)
    told = asked(project, [item.id for item in items_of(project)], MIRROR)
    assert told["cells"] == [[None] * 3] * 4
    assert told["transforms"] == [{"place": 0, "title": "Mirror", "share": 0.0, "far": 0, "flips": 0, "n": 0}]
    assert told["note"].startswith("There are no labels yet: label some items of each class")


def test_with_labels_of_one_class_only_nothing_is_judged(home):
    project = a_project(an_arrow, "left", "right", count=2)
    found = items_of(project)
    label(project, {item.id: "left" for item in found if item.source == "left"})
    told = asked(project, [found[0].id], MIRROR)
    assert told["cells"] == [[None] * 3]
    assert told["note"].startswith("Only one class has labels")


def test_a_class_without_labels_is_named_as_not_held_against(home):
    project = a_project(an_arrow, "left", "right", "up", count=3)
    found = items_of(project)
    label(project, {item.id: item.source for item in found if item.source != "up"})
    told = asked(project, [found[0].id], NOISE)
    assert told["note"] == "Not judged against up: no labeled item has a vector."
    assert told["cells"][0][0]["drift"] > 0


def test_an_image_that_cannot_be_read_has_no_marks_and_the_others_do(home):
    # Drawn anew: a picture that is remembered from before needs no file.
    project = a_project(an_arrow, "left", "right", seed=6)
    shown = labeled(project)[:3]
    blobs.path_of(items_of(project)[1].content_hash).unlink()
    told = asked(project, shown, MIRROR)
    assert told["cells"][1] == [None] * 3
    assert all(cell for row in (told["cells"][0], told["cells"][2]) for cell in row)
    assert told["transforms"][0]["n"] == 4
    assert "1 of the 3 items cannot be read." in told["note"]


def test_an_item_that_is_gone_keeps_its_row_empty(home):
    project = a_project(an_arrow, "left", "right")
    shown = labeled(project)[:2]
    told = asked(project, [shown[0], 999_999, shown[1]], MIRROR)
    assert told["cells"][1] == [None] * 3
    assert told["cells"][2][0]["drift"] > 0


def test_where_an_item_may_have_several_classes_the_one_that_it_loses_is_named(home):
    project = a_project(an_arrow, "left", "right", multi_label=True)
    told = asked(project, labeled(project)[:6], MIRROR)
    assert share_lost(told) > 0.6
    named = {name for row in told["cells"] for cell in row for name in (cell["was"], cell["becomes"]) if name}
    assert named <= {"left", "not left", "right", "not right"}
    assert named


def test_steps_that_mix_a_batch_are_left_out_and_the_note_says_so(home):
    project = a_project(an_arrow, "left", "right")
    mixing = [each for each in catalogue.TRANSFORMS if each.is_on_batch]
    told = asked(project, labeled(project)[:2], NOISE, *(new_step(each.name) for each in mixing))
    assert share_lost(told) == 0
    assert [each["n"] for each in told["transforms"]] == [4, *[0] * len(mixing)]
    assert all(each.title in told["note"] for each in mixing)


def test_only_a_few_labeled_items_are_encoded_for_it(home):
    project = a_project(an_arrow, "left", "right")
    found = items_of(project)
    label(project, {item.id: item.source for item in found})
    asked(project, [found[0].id], NOISE)
    there = vectors.get(models.DESCRIPTOR, [item.content_hash for item in found])[1]
    assert there.sum() == 12


def test_a_text_that_lost_most_of_its_tokens_is_marked_more_than_one_that_lost_none(home):
    project = a_news_project()
    says = {item.id: next(name for name, texts in NEWS.items() if item.text in texts) for item in items_of(project)}
    label(project, says)
    shown = list(says)[::3]
    told = asked(project, shown, a_step("DropTokens", share=0.6), a_step("ChangeCase", to="lower"), samples=6)
    drop, case = told["transforms"]
    assert drop["share"] > 0.2
    assert case["share"] == 0
    assert share_lost(told) > share_lost(asked(project, shown, samples=6)) == 0
    assert told["encoder"] == "MiniLM"


def test_a_masked_token_is_one_that_the_encoder_cannot_read(home):
    way = looks.way("text", models.MINILM, 32, 0, models.MINILM)
    content = (b"x" * 32, "the striker scored twice in the final")
    [plain] = looks.worded(way, content, [], range(1))
    [masked] = looks.worded(way, content, [a_step("MaskTokens", share=0.5)], range(1))
    assert plain == content[1]
    assert 0 < len(masked.split()) < 7
    assert set(masked.split()) < set(plain.split())


@pytest.mark.shared
def test_the_encoder_is_the_one_that_the_suggestions_in_use_stand_on(home, shared):
    """A pretrained network as an encoder; it looks at samples as it does at files."""
    encoder_id = f"path:{shared / 'weights/mobilenet_v2'}"
    project = a_project(an_arrow, "left", "right", count=3)
    found = items_of(project)
    label(project, {item.id: item.source for item in found})
    with writing() as session:
        class_ids = [each.id for each in projects.get(session, project.id).classes]
        used = SuggestionSet(project_id=project.id, engine="head", model=encoder_id, class_ids=class_ids)
        session.add(used)
        session.flush()
        projects.get(session, project.id).suggestion_set_id = used.id
    told = asked(project, [found[0].id], NOISE)
    assert told["encoder"] == "mobilenet_v2"
    assert told["cells"][0][0]["drift"] > 0
    kept, _ = vectors.get(encoder_id, [found[0].content_hash])
    seen = looks.original(looks.way("image", models.COMPACT_RESNET, SIDE, 0, encoder_id), (found[0].content_hash, None))
    assert float(kept[0] @ seen) > 0.99


def test_the_assistant_answers_and_a_newer_question_ends_the_older_one(home):
    project = a_project(an_arrow, "left", "right")
    shown = labeled(project)
    about = {"project_id": project.id, "seed": 0, "base": models.COMPACT_RESNET, "size": SIDE}
    every = [new_step(each.name) for each in catalogue.TRANSFORMS if each.kind == "image"]
    ask.now("warm")
    older = ask.later("damage", item_ids=shown, steps=every, samples=12, **about)
    newer = ask.now("damage", item_ids=shown[:2], steps=[MIRROR], samples=2, **about)
    assert newer["transforms"][0]["n"] == 4
    assert older.result(timeout=60)["error"]["code"] == "conflict"
