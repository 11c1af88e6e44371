"""The preview of texts: a person's own, as training reads them."""

import time
from pathlib import Path
from typing import Any

import pytest
import transformers
from hypothesis import given
from hypothesis import strategies as some

from backend import errors
from backend.augmenting import presets, text_pieces, texts
from backend.augmenting.readers import reader_of
from backend.augmenting.text_preview import preview
from backend.jobs import ask
from backend.models import catalogue
from backend.training import text as reading_of
from backend.training.text import Reader
from db.session import writing
from tests.explore.builders import a_project, an_image, an_item

MINILM = catalogue.MINILM
ASKED: dict[str, Any] = {"samples": 5, "seed": 0, "size": 32, "base": MINILM}
HASH = bytes(range(32))
NEWS = [
    "Wall St. Bears Claw Back Into the Black. Short-sellers are seeing green again.",
    "Ky. Company Wins Grant to Study Peptides. A company founded by a chemistry researcher won a grant.",
    "这部电影很好看,我很喜欢。",
    "",
]


def a_step(name: str, probability: float = 1.0, **params: Any) -> dict[str, Any]:
    return {"transform": name, "params": params, "probability": probability}


@pytest.fixture
def news(home: Path) -> list[int]:
    with writing() as session:
        project = a_project(session)
        return [an_item(session, project, each).id for each in NEWS]


def pieces_of(text: str, steps: list[dict[str, Any]], size: int = 64, epoch: int = 0) -> list[dict[str, Any]]:
    reader = reader_of(MINILM, steps, size, 0)
    read = reader.read(text, HASH, epoch)
    spans = reading_of.spans(reader.tokenizer, read.text, size)
    return text_pieces.pieces(text, read, spans, "[MASK]", is_whole=len(read.ids) < size)


def put_together(pieces: list[dict[str, Any]]) -> str:
    return "".join(each["text"] for each in pieces if each["change"] != "dropped")


def changes(pieces: list[dict[str, Any]], change: str) -> list[str]:
    return [each["text"].strip() for each in pieces if each["change"] == change]


def test_the_assistant_shows_texts_with_what_changed_and_the_same_twice(news):
    wanted = ASKED | {"item_ids": news, "steps": presets.steps("texts-strong")}
    first = ask.now("preview_texts", **wanted)
    assert [row["id"] for row in first["rows"]] == news
    assert first["rows"][0]["original"] == [{"text": NEWS[0], "change": None}]
    found = {each["change"] for row in first["rows"] for sample in row["samples"] for each in sample}
    assert found == {None, "changed", "masked", "dropped"}
    assert first["rows"][3]["samples"] == [[]] * 5
    assert ask.now("preview_texts", **wanted) == first
    assert first["note"] == "MiniLM reads everything in lower case: a change of case does not reach it."


def test_thirty_samples_are_quick_once_warm(news):
    wanted = ASKED | {"item_ids": [*news[:3], *news[:3]], "steps": presets.steps("texts-strong"), "size": 128}
    ask.now("preview_texts", **wanted)
    fastest_s = min(timed(wanted) for _ in range(8))
    # 150 ms is the budget; the rest is for a machine that runs other tests at the same time.
    assert fastest_s < 0.3


def timed(wanted: dict[str, Any]) -> float:
    start = time.perf_counter()
    ask.now("preview_texts", **wanted)
    return time.perf_counter() - start


def test_a_later_epoch_is_the_next_sample(news):
    wanted = ASKED | {"item_ids": news, "steps": presets.steps("texts-light")}
    first, later = preview(**wanted), preview(**wanted, epoch=2)
    for before, after in zip(first["rows"], later["rows"], strict=True):
        assert before["samples"][2:] == after["samples"][:3]


def test_changed_words_are_marked_and_the_rest_is_as_it_was():
    pieces = pieces_of(NEWS[1], [a_step("ChangeCase", to="upper")])
    assert put_together(pieces) == NEWS[1].upper()
    typos = pieces_of(NEWS[1], [a_step("Typos", share=0.1)])
    words = changes(typos, "changed")
    assert words
    assert all(each not in NEWS[1].split() for piece in words for each in piece.split())
    assert changes(typos, "dropped") == []


def test_words_left_out_are_shown_as_dropped_and_swapped_ones_are_not():
    step = a_step("DropWords", share=0.3)
    pieces = pieces_of(NEWS[1], [step])
    assert "".join(each["text"] for each in pieces) == NEWS[1]
    assert changes(pieces, "dropped")
    epochs = (pieces_of("one two", [a_step("DropWords", share=0.5)], epoch=epoch) for epoch in range(9))
    first = next(each for each in epochs if changes(each, "dropped") == ["one"])
    assert first == [{"text": "one ", "change": "dropped"}, {"text": "two", "change": None}]
    swapped = pieces_of(NEWS[1], [a_step("SwapWords", share=0.5)])
    assert changes(swapped, "dropped") == []
    assert changes(swapped, "changed")


def test_masked_and_dropped_tokens_stand_where_they_were():
    pieces = pieces_of(NEWS[1], [a_step("MaskTokens", share=0.4), a_step("DropTokens", share=0.2)])
    masks, dropped = changes(pieces, "masked"), changes(pieces, "dropped")
    assert masks
    assert dropped
    assert set(masks) == {"[MASK]"}
    kept = [each["text"] for each in pieces if each["change"] != "masked"]
    at = 0
    for each in kept:
        at = NEWS[1].index(each, at) + len(each)


def test_one_letter_of_a_text_without_spaces_is_one_change():
    pieces = pieces_of(NEWS[2], [a_step("DropWords"), a_step("Typos", share=0.1, typo="doubled")])
    assert any(each["change"] == "changed" for each in pieces)
    assert max(len(each) for each in changes(pieces, "changed")) <= 2


def test_no_more_is_shown_than_the_model_reads_and_than_fits_a_cell():
    short = pieces_of(NEWS[1], [], size=8)
    assert put_together(short) == "Ky. Company Wins Grant to…"
    long = pieces_of("word " * 3000, [a_step("MaskTokens", share=0.01)], size=512)
    assert len("".join(each["text"] if each["change"] != "masked" else "word" for each in long)) <= 402
    assert put_together(long).endswith("…")
    family = "👩‍👩‍👧‍👦"
    assert put_together(pieces_of(f"{'x ' * 199}{family}", [], size=512)) == f"{'x ' * 199}…"


def test_an_image_and_a_grid_too_large_are_told(home):
    with writing() as session:
        project = a_project(session, "image")
        image = an_image(session, project, b"no matter", "a.png").id
    told = preview(item_ids=[image], steps=[], **ASKED)["rows"]
    assert told == [{"id": image, "problem": "This item is an image, not a text."}]
    for wrong in ({"samples": 0}, {"samples": 13}, {"size": 4}, {"item_ids": []}, {"item_ids": [1] * 25}):
        with pytest.raises(errors.Invalid):
            preview(**({"item_ids": [1], "steps": []} | ASKED | wrong))
    with pytest.raises(errors.Invalid, match="for pictures; the project has texts"):
        preview(item_ids=[image], steps=[{"transform": "RandomInvert"}], **ASKED)


def test_a_tokenizer_of_bytes_without_a_mask_or_offsets_is_shown_too_but_cannot_mask():
    tokenizer = transformers.ByT5Tokenizer()
    facts = texts.facts_of(tokenizer)
    assert facts.mask is None
    reader = Reader(tokenizer, 64, [a_step("DropTokens", share=0.3)], facts, 0)
    read = reader.read("the old mill", HASH, 0)
    pieces = text_pieces.pieces("the old mill", read, reading_of.spans(tokenizer, read.text, 64), "", is_whole=True)
    assert "".join(each["text"] for each in pieces) == "the old mill"
    assert put_together(pieces) == tokenizer.decode(read.fed, skip_special_tokens=True)
    masking = Reader(tokenizer, 64, [a_step("MaskTokens", share=0.5)], facts, 0)
    with pytest.raises(ValueError, match="no mask token"):
        _ = masking.read("the old mill", HASH, 0).fed


@given(some.text(max_size=80), some.integers(0, 20), some.sampled_from([8, 16, 64]))
def test_the_pieces_of_any_text_are_the_text_that_the_model_reads(text, epoch, size):
    steps = [*presets.steps("texts-strong"), a_step("SwapWords", share=0.3), a_step("DropTokens", share=0.1)]
    reader = reader_of(MINILM, steps, size, 0)
    read = reader.read(text, HASH, epoch)
    pieces = pieces_of(text, steps, size, epoch)
    assert len(changes(pieces, "masked")) == read.fed.count(reader.facts.mask)
    only_words = [each | {"probability": 0.0} if "Tokens" in each["transform"] else each for each in steps]
    assert put_together(pieces_of(text, only_words, 512, epoch)) == read.text
