"""Layers of a base that stay as they are while the rest is trained. For workers only."""

from typing import Any

from backend import errors
from backend.training import anatomy, building
from backend.training.building import Built


def freeze(built: Built, blocks: int) -> None:
    """Keep the base's embeddings and its first blocks as they are; nothing when `blocks` is 0.

    That is every weight up to the end of the last of these blocks in the order in which the model defines them, and
    every table of embeddings wherever it is. Modules that are new are trained. Raises BadSpec for too many.
    """
    if not blocks:
        return
    from torch import nn

    names = [name for name, _ in built.model.named_parameters()]
    there = anatomy.blocks(names)
    if blocks > len(there):
        raise errors.BadSpec(
            f"{type(built.model).__name__} has {len(there)} layers; {blocks} cannot be frozen.",
            "Lower frozen_layers.",
        )
    last = max(position for position, name in enumerate(names) if anatomy.block_of(name) == there[blocks - 1])
    frozen = set(names[: last + 1])
    for name, module in built.model.named_modules():
        if isinstance(module, nn.Embedding):
            frozen |= {f"{name}.{own}" for own, _ in module.named_parameters(recurse=False)}
    frozen = {name for name in frozen if not any(name.startswith(f"{new}.") for new in built.fresh)}
    for name, parameter in built.model.named_parameters():
        if name in frozen:
            parameter.requires_grad_(False)
    hold_statistics(built.model, frozen)


def hold_statistics(model: Any, frozen: set[str] | None = None) -> None:
    """Batch norms whose weights are among the frozen ones (None: all) use their running statistics and keep them."""
    for name, module in building.batch_norms(model):
        own = {f"{name}.{each}" for each, _ in module.named_parameters(recurse=False)}
        if frozen is None or (own and own <= frozen):
            module.register_forward_pre_hook(in_evaluation)


def in_evaluation(module: Any, _inputs: Any) -> None:
    """`model.train()` reaches every module, so this is said again at each pass."""
    module.eval()


def frozen_weights(model: Any) -> int:
    return sum(each.numel() for each in model.parameters() if not each.requires_grad)
