"""What is found to be nearly the same, and what is not; asked again, killed, and after new data."""

import signal

import numpy as np
import pytest
from PIL import Image

from backend import grouping
from backend.grouping import compare, kept, pairs
from backend.jobs import control
from backend.jobs.supervisor import Supervisor
from db.models import Item, JobState
from db.session import reading, writing
from tests.grouping.builders import (
    COPIES,
    a_text,
    add,
    as_bytes,
    drawn,
    find,
    groups,
    pictures,
    project_now,
    started,
    texts,
)
from tests.importing.builders import a_project
from tests.importing.test_killed import job_now, resumed, worker
from tests.waiting import until


@pytest.mark.parametrize("name", COPIES)
def test_a_picture_in_other_bytes_is_found(home, name):
    project, ids = pictures(*(as_bytes(drawn(seed)) for seed in range(20)), COPIES[name](drawn(3)))
    assert find(project)["groups"] == 1
    assert groups(project) == {ids[3]: [ids[3], ids[20]]}


def test_a_mirrored_picture_is_another_one(home):
    turned = [drawn(1).transpose(way) for way in (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM)]
    project, _ = pictures(*map(as_bytes, [drawn(1), *turned]))
    find(project)
    assert groups(project) == {}


def test_pictures_of_one_colour_are_alike_only_when_the_colour_is(home):
    def plain(color, size=(40, 30)):
        return as_bytes(Image.new("RGB", size, color))

    marked = Image.new("RGB", (40, 30), "white")
    marked.paste("black", (4, 4, 14, 14))
    project, ids = pictures(
        plain("white"), plain("white", (80, 90)), plain((128, 128, 128)), plain("black"), as_bytes(marked),
        plain("white", (1, 1)), plain((253, 254, 253)), plain("red"), plain("blue"), plain("black", (1, 1)),
    )  # fmt: skip
    find(project)
    assert groups(project) == {ids[0]: [ids[0], ids[1], ids[5], ids[6]], ids[3]: [ids[3], ids[9]]}


def test_what_cannot_be_read_is_like_nothing(home):
    project, _ = pictures(b"no image", b"none either", as_bytes(drawn(1)))
    assert find(project)["groups"] == 0


TEXT = "Sea gulls circle over the harbour of Aarhus, the ferry to Odden leaves at a quarter past nine."


@pytest.mark.parametrize(
    "copy",
    [
        TEXT.upper(),
        TEXT.replace(",", " -- ").replace(" ", "   "),
        TEXT.replace("harbour", "harbuor"),
        TEXT + " Thanks",
        "Hi: " + TEXT,
    ],
    ids=["upper case", "signs and spaces", "typo", "word behind", "word before"],
)
def test_a_text_with_small_changes_is_found(home, copy):
    project, ids = texts(*(a_text(seed) for seed in range(30)), TEXT, copy)
    find(project)
    assert groups(project) == {ids[30]: [ids[30], ids[31]]}


def test_texts_that_share_only_words_are_no_group(home):
    project, _ = texts(*(a_text(seed) for seed in range(200)))
    assert find(project)["groups"] == 0


def test_short_empty_and_foreign_texts(home):
    same = [
        "ok",
        "OK!",
        "今天天气很好，我们去公园散步吧",
        "今天天气很好,我们去公园散步吧。",
        "!!!",
        "!!! ",
        "سلام عليكم",
        "سلام عليكم؟",
    ]
    others = ["", " ", "\n", "no", "😀", "😢😢", "😀😀", "昨天下雨了，我在家里看书", "?", "a", "b", "\0", "\0\0\0\0\0"]
    project, ids = texts(*same, *others)
    find(project)
    assert list(groups(project).values()) == [[ids[at], ids[at + 1]] for at in (0, 2, 4, 6)]


def test_small_changes_do_not_make_one_giant_group(home):
    words = a_text(1, 60).split()
    chain = [" ".join(words[: 60 - 2 * cut]) for cut in range(26)]
    project, ids = texts(*chain)
    find(project)
    found = groups(project)
    assert len(found) > 2
    text_of = dict(zip(ids, chain, strict=True))
    for first, members in found.items():
        assert min(kept.texts.similarity(text_of[first], text_of[each]) for each in members) >= 0.7


def test_a_crowd_of_copies_is_one_group(home):
    project, ids = texts(*(f"{TEXT}{'!' * number}" for number in range(300)), *(a_text(seed) for seed in range(20)))
    assert find(project)["items"] == 300
    assert groups(project) == {ids[0]: ids[:300]}


def test_asked_again_nothing_changes_and_new_items_join(home):
    project, ids = texts(TEXT, a_text(1), TEXT.upper(), a_text(2))
    assert find(project)["compared"] == 4
    before = groups(project)
    assert find(project)["compared"] == 0
    assert groups(project) == before == {ids[0]: [ids[0], ids[2]]}
    new = add(project, [TEXT + " Bye", a_text(2) + " Bye", a_text(3)])
    assert find(project)["compared"] == 3
    assert groups(project) == {ids[0]: [ids[0], ids[2], new[0]], ids[3]: [ids[3], new[1]]}
    assert find(project, "loose")["compared"] == 7


@pytest.mark.parametrize("kind", ["text", "image"])
def test_found_bit_by_bit_or_at_once_the_groups_are_the_same(home, kind):
    if kind == "text":
        contents = [a_text(seed) + " end" * (number % 3) for number in range(3) for seed in range(15)]
    else:
        contents = [COPIES[name](drawn(seed)) for name in list(COPIES)[:3] for seed in range(15)]
    at_once, slowly = a_project(kind), a_project(kind)
    ids = add(at_once, contents)
    find(at_once)
    later = []
    for start in range(0, len(contents), 9):
        later += add(slowly, contents[start : start + 9])
        find(slowly)
    place = {item_id: at for at, item_id in enumerate(later)}
    assert {ids[place[first]]: [ids[place[each]] for each in all_] for first, all_ in groups(slowly).items()} == groups(
        at_once
    )


def test_who_was_taken_out_stays_out_and_the_last_one_alone_is_no_group(home):
    project, ids = texts(TEXT, TEXT.upper(), TEXT + " Bye", a_text(1))
    find(project)
    with writing() as session:
        told = grouping.take_out(session, session.merge(project_now(project)), ids[0], ids[0])
    assert told == {"group_id": ids[1], "left": 2}
    assert groups(project) == {ids[1]: [ids[1], ids[2]]}
    new = add(project, [TEXT + " Hi"])
    find(project)
    find(project, "strict")
    find(project, "usual")
    assert all(not {ids[0], each} <= set(group) for group in groups(project).values() for each in ids[1:3])
    with writing() as session:
        found = groups(project)
        first = next(group for group, each in found.items() if ids[1] in each)
        for each in found[first][1:]:
            grouping.take_out(session, session.merge(project_now(project)), first, each)
    assert ids[1] not in [each for group in groups(project).values() for each in group]
    assert new


def test_a_group_whose_others_were_removed_for_good_is_none(home):
    project, ids = texts(TEXT, TEXT.upper(), a_text(1), a_text(2), a_text(2) + " x", a_text(2) + " y")
    find(project)
    with writing() as session:
        for gone in (ids[1], ids[3]):
            session.delete(session.get(Item, gone))
    find(project)
    assert groups(project) == {ids[4]: [ids[4], ids[5]]}


def test_a_killed_search_goes_on_and_ends_the_same(home):
    contents = [a_text(seed, 30) + " end" * number for number in range(2) for seed in range(9_000)]
    project = a_project()
    ids = add(project, contents)
    job_id = started(project).id
    process = worker(job_id)
    until(lambda: kept.path("text").exists() and kept.path("text").stat().st_size > 1_000_000, every_s=0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    Supervisor().tick()
    assert job_now(job_id).state == JobState.INTERRUPTED
    assert groups(project) == {}
    job = resumed(job_id)
    assert job.state == JobState.DONE, job.error
    assert groups(project) == {ids[seed]: [ids[seed], ids[seed + 9_000]] for seed in range(9_000)}


def test_a_search_that_is_stopped_writes_no_half_of_a_comparison(home):
    project, _ = texts(*(a_text(seed) for seed in range(50)), TEXT, TEXT.upper())
    job_id = started(project).id
    with writing() as session:
        control.stop(session, job_id)
    with reading() as session:
        assert control.get(session, job_id).state == JobState.STOPPED
    assert groups(project) == {}


def test_looking_at_each_pair_of_hashes_misses_none(home):
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**63, 3_000, dtype=np.uint64)
    hashes[1500:1600] = hashes[:100] ^ np.uint64(0b111)
    left, right = (np.concatenate(each) for each in zip(*pairs.by_bits(hashes, 1_000, 10), strict=True))
    assert {(at, 1500 + at) for at in range(100)} <= set(zip(left.tolist(), right.tolist(), strict=True))
    assert (left < right).all()
    assert compare.PICTURE_PAIRS > 0
