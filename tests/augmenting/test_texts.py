"""From steps to another wording and other tokens: on any text there is, and the same everywhere."""

import json
import random
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as some

from backend import errors
from backend.augmenting import catalogue, presets, rewording, texts
from backend.augmenting.text_transforms import TEXT
from backend.augmenting.texts import Facts
from tests.augmenting.steps import ENDS, at

HASH = bytes(range(32))
MASK, FIRST, LAST = 103, 101, 102
FACTS = Facts(frozenset({0, FIRST, LAST, MASK}), MASK)
OF_TEXTS = [each for each in TEXT if each.name in rewording.OF_TEXTS]
OF_TOKENS = [each for each in TEXT if each.name in rewording.OF_TOKENS]
EVERYTHING = [at(each, "default") for each in TEXT]
ENGLISH = "The heron doesn't wait for 3 ships; it flies home over the old mill."
SCRIPTS = [
    "",
    " \t\r\n ",
    "a",
    ENGLISH,
    "Ça ira: e\u0301te\u0301, A\u030angstro\u0308m ŉ ǆ ß ﬁ",
    "नमस्ते दुनिया, क्या हाल है",
    "مرحبا بالعالم كيف الحال",
    "שָׁלוֹם עוֹלָם",
    "ไม่เป็นไร กำลังจะไป",
    "这部电影很好看,我很喜欢。",
    "한국어 문장 \u1112\u1161\u11ab\u1100\u1173\u11af",
    "İstanbul'da IŞIK ΌΔΟΣ ΐ",
    "go 👩‍👩‍👧‍👦 🇩🇪🇫🇷 👍🏽 ❤️ now",
    "nul\x00 \ud800 lone \u200d joiner",
]
# Whole letters of several code points, which nothing may take apart.
WHOLE = [
    "e\u0301",
    "न\u0940",
    "स्ते",
    "👩‍👩‍👧‍👦",
    "🇩🇪",
    "👍🏽",
    "กำ",
    "\u1112\u1161\u11ab",
    "한",
    "好",
    "x",
    "Q",
    " ",
    ", ",
    "7",
    "ش\u0651",
]
letters = some.one_of(some.text(max_size=60), some.lists(some.sampled_from(WHOLE), max_size=40).map("".join))
token_lists = some.lists(some.integers(104, 30_000), max_size=40).map(lambda inner: [FIRST, *inner, LAST])


def reworded(text: str, steps: list[dict[str, Any]], epoch: int = 0, seed: int = 3) -> str:
    return texts.vary(text, steps, seed=seed, content_hash=HASH, epoch=epoch)


def retokened(ids: list[int], steps: list[dict[str, Any]], epoch: int = 0, seed: int = 3) -> list[int]:
    found = texts.marks(ids, steps, FACTS, seed=seed, content_hash=HASH, epoch=epoch)
    return rewording.after(ids, found, FACTS.mask)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("transform", TEXT, ids=lambda each: each.name)
def test_every_transform_comes_back_from_json_and_runs_at_the_ends_of_its_ranges(transform, end):
    steps = catalogue.validate([at(transform, end)])
    assert catalogue.validate(json.loads(json.dumps(steps))) == steps
    assert catalogue.kind_of(steps) == "text"
    for text in SCRIPTS:
        assert [reworded(text, steps, epoch) for epoch in range(3)]
        ids = [FIRST, *range(200, 200 + len(text)), LAST]
        assert [retokened(ids, steps, epoch)[0] for epoch in range(3)] == [FIRST] * 3


@pytest.mark.parametrize("transform", OF_TEXTS, ids=lambda each: each.name)
def test_every_transform_of_texts_changes_a_sentence_some_time(transform):
    assert any(reworded(ENGLISH, [at(transform, "default")], epoch) != ENGLISH for epoch in range(12))


@pytest.mark.parametrize(
    "preset", [each for each in presets.PRESETS if each.kind == "text"], ids=lambda each: each.name
)
def test_every_preset_of_texts_is_a_recipe_of_texts(preset):
    assert catalogue.kind_of(presets.steps(preset.name)) in ("text", None)


@given(letters, some.integers(0, 2**31 - 1), some.integers(0, 1000))
def test_the_same_seed_and_epoch_give_the_same_text_whatever_ran_before(text, seed, epoch):
    first = reworded(text, EVERYTHING, epoch, seed)
    random.seed(5)
    reworded("another text", EVERYTHING, epoch + 1, seed)
    assert reworded(text, EVERYTHING, epoch, seed) == first
    if not text:
        assert first == ""


def test_every_epoch_has_another_wording_and_another_seed_too():
    assert len({reworded(ENGLISH, presets.steps("texts-strong"), epoch) for epoch in range(8)}) > 5
    step = [at(OF_TEXTS[2], "high")]
    assert reworded(ENGLISH, step, seed=1) != reworded(ENGLISH, step, seed=2)


def test_changing_one_step_leaves_what_the_others_do_as_it_was():
    off, words = at(OF_TEXTS[2], "low") | {"probability": 0.0}, at(catalogue.find("SwapWords"), "high")
    first = reworded(ENGLISH, [off, words])
    assert first != ENGLISH
    assert reworded(ENGLISH, [at(OF_TEXTS[2], "high") | {"probability": 0.0}, words]) == first
    assert reworded(ENGLISH, [off | {"transform": "MixCase"}, words]) == first


@given(letters)
def test_letters_are_never_taken_apart(text):
    """Nothing is cut where a reader sees one letter, by the rules of Unicode as the library regex knows them."""
    found = rewording.clusters(text)
    assert "".join(found) == text
    places = [0]
    for each in found:
        places.append(places[-1] + len(each))
    assert set(places) <= {0, *(match.end() for match in regex.finditer(r"\X", text))}


@given(some.lists(some.sampled_from(WHOLE), max_size=30))
def test_typing_errors_move_whole_letters_only(text):
    step, whole = at(catalogue.find("Typos"), "high"), "".join(text)
    strangers = set(regex.findall(r"\X", reworded(whole, [step]))) - set(regex.findall(r"\X", whole))
    assert all(each.isascii() and each.isalpha() for each in strangers)


@given(letters)
def test_what_works_on_words_keeps_whole_words_and_at_least_one(text):
    known = rewording.parts(text)[1::2]
    for name in ("DropWords", "SwapWords"):
        step = at(catalogue.find(name), "high")
        left = rewording.parts(reworded(text, [step]))[1::2]
        assert not Counter(left) - Counter(known)
        assert bool(left) == bool(known)
        if name == "SwapWords":
            assert Counter(left) == Counter(known)


def test_capitals_follow_words_not_apostrophes():
    step = at(catalogue.find("ChangeCase"), "default") | {"params": {"to": "title"}}
    assert reworded("they're (here) at l'été", [step]) == "They're (Here) At L'été"


@pytest.mark.parametrize(
    ("typo", "may"),
    [
        ("swapped", {"ba c", "ab c"}),
        ("dropped", {"a c", "b c", "ab c"}),
        ("doubled", {"aab c", "abb c", "aabb c", "ab cc", "aab cc", "abb cc", "aabb cc", "ab c"}),
    ],
)
def test_each_typing_error_does_what_it_says(typo, may):
    step = {"transform": "Typos", "params": {"share": 0.3, "typo": typo}, "probability": 1.0}
    found = {reworded("ab c", [step], epoch) for epoch in range(60)}
    assert found <= may
    assert len(found) > 1


def test_a_neighbouring_key_lies_beside_and_keeps_its_case():
    assert set(rewording.NEIGHBOURS["s"]) == set("adwezx")
    step = {"transform": "Typos", "params": {"share": 0.3, "typo": "neighbour key"}, "probability": 1.0}
    found = {reworded("S", [step], epoch) for epoch in range(100)}
    assert found == {"S", *"ADWEZX"}
    assert {reworded("щ7", [step], epoch) for epoch in range(50)} == {"щ7"}


@given(token_lists, some.integers(0, 50))
def test_special_tokens_stay_and_one_of_the_others_is_always_left(ids, epoch):
    steps = [at(each, "high") for each in OF_TOKENS]
    found = retokened(ids, steps, epoch)
    assert found == retokened(ids, steps, epoch)
    assert (found[0], found[-1]) == (FIRST, LAST)
    inner, left = ids[1:-1], [each for each in found[1:-1] if each != MASK]
    assert not Counter(left) - Counter(inner)
    assert bool(left) == bool(inner)


def test_masking_keeps_the_length_and_covers_about_its_share():
    ids = [FIRST, *range(1000, 3000), LAST]
    found = retokened(ids, [at(catalogue.find("MaskTokens"), "default")])
    assert len(found) == len(ids)
    assert 0.12 < found.count(MASK) / len(ids) < 0.18
    fewer = retokened(ids, [at(catalogue.find("DropTokens"), "default")])
    assert 0.87 < len(fewer) / len(ids) < 0.93


def test_steps_of_texts_leave_ids_alone_and_the_other_way_round():
    ids = [FIRST, 2000, 2001, LAST]
    assert retokened(ids, [at(each, "high") for each in OF_TEXTS]) == ids
    assert reworded(ENGLISH, [at(each, "high") for each in OF_TOKENS]) == ENGLISH


def test_a_model_without_a_mask_is_named_in_words():
    steps = [at(catalogue.find("MaskTokens"), "default")]
    with pytest.raises(errors.BadSpec, match="ByT5 has no mask token"):
        texts.check_mask(steps, "ByT5", has_mask=False)
    texts.check_mask([at(catalogue.find("DropTokens"), "default")], "ByT5", has_mask=False)


def test_transforms_of_texts_and_of_pictures_do_not_go_into_one_recipe():
    with pytest.raises(errors.Invalid, match="pictures and of texts"):
        catalogue.validate([{"transform": "Typos"}, {"transform": "RandomHorizontalFlip"}])


def test_the_python_shown_gives_the_same_texts_and_tokens_in_a_fresh_interpreter(tmp_path):
    """Of every transform at the ends of its ranges and of every preset; without site packages, so without Winnow."""
    shown = [[at(each, end)] for each in TEXT for end in ENDS]
    shown += [presets.steps(each.name) for each in presets.PRESETS if each.kind == "text"] + [EVERYTHING]
    ids = [FIRST, *range(300, 360), LAST]
    asked = [text for text in SCRIPTS if text.isprintable() or text.isspace()]
    (tmp_path / "asked.json").write_text(json.dumps({"sources": [texts.python_source(each) for each in shown],
                                                     "texts": asked, "ids": ids}))  # fmt: skip
    code = (
        "import json\n"
        "asked, made = json.load(open('asked.json')), []\n"
        "for source in asked['sources']:\n"
        "    names = {}\n"
        "    exec(source, names)\n"
        "    wordings = [names['sample'](each, 3, bytes(range(32)), 2) for each in asked['texts']]\n"
        f"    made.append([wordings, names['sample_ids'](asked['ids'], {sorted(FACTS.special)}, {MASK}, 3, "
        "bytes(range(32)), 2)])\n"
        "print(json.dumps(made))\n"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    made = json.loads(subprocess.check_output(command, cwd=tmp_path, text=True))
    assert made == [[[reworded(each, steps, 2) for each in asked], retokened(ids, steps, 2)] for steps in shown]


def test_the_python_shown_says_the_steps_and_refuses_what_is_none():
    source = texts.python_source([{"transform": "DropWords"}])
    assert "{'transform': 'DropWords', 'params': {'share': 0.1}, 'probability': 0.5}" in source
    with pytest.raises(errors.Invalid):
        texts.python_source([{"transform": "Synonyms"}])
