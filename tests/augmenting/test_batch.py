"""MixUp and CutMix: what they do to pictures and labels, and that it depends on nothing but the batch."""

import pytest
import torch
from torch.nn import functional

from backend.augmenting import batch, presets
from tests.augmenting.steps import BATCHES, ENDS, at

HASHES = [bytes([number]) * 32 for number in range(6)]
TARGETS = torch.tensor([0, 1, 2, 0, 1, 2])
MIXUP, CUTMIX = ({"transform": name, "params": {"alpha": 1.0}, "probability": 1.0} for name in ("MixUp", "CutMix"))


def pictures(n: int = 6, height: int = 20, width: int = 30) -> torch.Tensor:
    generator = torch.Generator().manual_seed(4)
    return torch.randint(0, 256, (n, 3, height, width), dtype=torch.uint8, generator=generator)


def mixed(steps, images=None, targets=TARGETS, *, epoch=0, seed=0, hashes=HASHES, classes=3):
    images = pictures() if images is None else images
    return batch.mix(images, targets, steps, seed=seed, content_hashes=hashes, epoch=epoch, classes=classes)


def test_mixup_lays_a_picture_over_the_one_before_and_shares_the_label_alike():
    images, shares = mixed([MIXUP])
    own = shares[0, 0]
    assert 0 < own < 1
    assert shares[0, 2] == pytest.approx(1 - own)
    before = pictures().float()
    assert torch.allclose(images[0], own * before[0] + (1 - own) * before[-1], atol=1e-3)
    assert torch.allclose(images[3], own * before[3] + (1 - own) * before[2], atol=1e-3)


def test_cutmix_shares_the_label_by_area():
    images, shares = mixed([CUTMIX], epoch=1)
    before = pictures().float()
    is_other = (images[1] != before[1]).any(0)
    assert torch.equal(images[1][:, is_other], before[0][:, is_other])
    assert shares[1, 0] == pytest.approx(is_other.float().mean().item(), abs=0.01)
    assert 0 < shares[1, 0] < 1


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("transform", BATCHES, ids=lambda each: each.name)
@pytest.mark.parametrize("shape", [(6, 32, 32), (1, 8, 8), (2, 1, 1), (3, 17, 300)], ids=str)
def test_both_run_at_both_ends_of_their_range_on_every_batch(transform, end, shape):
    n = shape[0]
    before = pictures(*shape)
    images, shares = mixed([at(transform, end)], before, TARGETS[:n], hashes=HASHES[:n])
    assert images.shape == before.shape
    assert images.dtype == shares.dtype == torch.float32
    assert 0 <= images.min() <= images.max() <= 255
    assert shares.shape == (n, 3)
    assert torch.allclose(shares.sum(1), torch.ones(n))
    assert torch.equal(before, pictures(*shape))


def test_the_random_state_is_that_of_the_batch_and_no_other():
    first = mixed([MIXUP, CUTMIX])
    torch.manual_seed(99)
    expected = torch.rand(3)
    torch.manual_seed(99)
    assert all(map(torch.equal, first, mixed([MIXUP, CUTMIX])))
    assert torch.equal(torch.rand(3), expected)
    for other in ({"epoch": 1}, {"seed": 1}, {"hashes": HASHES[::-1]}):
        assert not torch.equal(first[1], mixed([MIXUP, CUTMIX], **other)[1])


def test_the_random_state_is_known_to_the_last_bit():
    """Kept for ever: with another state, saved runs could not be shown again."""
    assert batch.random_state(0, HASHES[:2], 0) == 0xDCDBF521


def test_a_probability_decides_for_whole_batches():
    step = MIXUP | {"probability": 0.3}
    is_mixed = [not torch.equal(mixed([step], epoch=epoch)[0], pictures().float()) for epoch in range(200)]
    assert 0.2 < sum(is_mixed) / 200 < 0.4
    never = mixed([MIXUP | {"probability": 0.0}])
    assert torch.equal(never[1], functional.one_hot(TARGETS, 3).float())


def test_labels_of_several_classes_are_shared_too():
    targets = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    _, shares = mixed([MIXUP], pictures(2), targets, hashes=HASHES[:2])
    own = shares[0, 0].item()
    assert 0 < own < 1
    assert shares[0].tolist() == pytest.approx([own, own, 0])
    assert shares[1].tolist() == pytest.approx([1 - own, 1 - own, 0])


def test_the_last_picture_needs_only_those_that_are_mixed_into_it():
    steps = [MIXUP, CUTMIX]
    whole, _ = mixed(steps)
    part = pictures()[2:5]
    assert batch.reach(steps) == 2
    assert torch.equal(mixed(steps, part, TARGETS[2:5])[0][-1], whole[4])


def test_without_steps_on_batches_nothing_is_mixed():
    images, shares = mixed(presets.steps("strong"))
    assert torch.equal(images, pictures().float())
    assert torch.equal(shares, functional.one_hot(TARGETS, 3).float())
