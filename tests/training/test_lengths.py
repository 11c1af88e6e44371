"""Which samples share a batch where they differ in length, and in which order they are judged."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from backend.training.lengths import grouped, longest_first
from backend.training.prepared import Order, by_row

BATCH = 16


def lengths(n: int) -> list[int]:
    """As those of news: most of 30 to 80 tokens, some far longer."""
    found = np.random.default_rng(3).lognormal(3.9, 0.35, n).astype(int).clip(5, 200)
    return [int(each) for each in found]


def batches(order: Sequence[int]) -> list[list[int]]:
    return [list(order[start : start + BATCH]) for start in range(0, len(order), BATCH)]


def padded(order: Sequence[int], of: Sequence[int]) -> int:
    return sum(len(batch) * max(of[each] for each in batch) for batch in batches(order))


def drawn(of: Sequence[int], seed: int = 0) -> list[int]:
    return grouped(of, BATCH, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 280])
def test_every_sample_comes_once(n: int) -> None:
    assert sorted(drawn(lengths(n))) == list(range(n))


def test_little_of_a_batch_is_padding() -> None:
    of = lengths(700)
    at_random = torch.randperm(700, generator=torch.Generator().manual_seed(1)).tolist()
    assert padded(at_random, of) > 1.4 * sum(of)
    assert padded(drawn(of), of) < 1.1 * sum(of)


def test_the_first_batch_needs_the_most_memory_and_the_others_come_in_any_order() -> None:
    of = lengths(640)
    longest = [max(of[each] for each in batch) for batch in batches(drawn(of))]
    assert longest[0] == max(of)
    rises = np.diff(longest[1:]) > 0
    assert 0.25 < rises.mean() < 0.75


def test_other_samples_meet_in_the_next_epoch_and_the_same_ones_in_the_same_epoch() -> None:
    order = Order(280, 4, BATCH, lengths(280))
    first = [frozenset(each) for each in batches(list(order))]
    assert [frozenset(each) for each in batches(list(order))] == first
    order.epoch = 1
    second = [frozenset(each) for each in batches(list(order))]
    # The longest ones are far from all others, and meet again.
    assert len(set(first) & set(second)) < len(first) / 4


class Samples:
    epoch = 0

    def __init__(self, ids: Sequence[Any]) -> None:
        self.ids = ids

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, position: int) -> Any:
        return self.ids[position]


def logits_of(samples: Any) -> np.ndarray:
    """The length of each sample."""
    return np.array([[float(len(samples[position]))] for position in range(len(samples))])


def test_what_is_judged_longest_first_is_told_in_the_order_of_the_rows() -> None:
    samples = Samples([[1] * n for n in (4, 9, 2, 9, 7)])
    judged = longest_first(samples)
    assert logits_of(judged)[:, 0].tolist() == [9, 9, 7, 4, 2]
    assert by_row(judged, logits_of(judged))[:, 0].tolist() == [4, 9, 2, 9, 7]


def test_the_windows_of_a_text_find_together_again() -> None:
    samples = Samples([[1] * n for n in (3, 9, 6, 2)])
    samples.owners = [0, 0, 1, 2]  # type: ignore[attr-defined]
    judged = longest_first(samples)
    assert by_row(judged, logits_of(judged))[:, 0].tolist() == [6, 6, 2]


def test_samples_without_a_length_stay_in_their_order() -> None:
    pictures: Any = SimpleNamespace(epoch=0)
    assert longest_first(pictures) is pictures
    varied = Samples([[1, 2], None])
    assert longest_first(varied) is varied
