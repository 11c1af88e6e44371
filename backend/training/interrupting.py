"""A look around from inside a step: one step of a large model on a processor takes longer than a person waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def looking(model: Any, look: Callable[[], None], *, forward: bool = True) -> Iterator[None]:
    """Inside, `look` is called after each layer, forward and backward; what it raises ends the step.

    forward: not for a model that is compiled, whose layers are one.
    """

    def after_layer(*_: Any) -> None:
        look()

    handles = []
    if forward:
        layers = [module for module in model.modules() if not any(True for _ in module.children())]
        handles += [layer.register_forward_hook(after_layer) for layer in layers]
    # Not the modules' own backward hooks: those forbid layers that write over their input, such as ReLU6 in place.
    handles += [weight.register_hook(after_layer) for weight in model.parameters() if weight.requires_grad]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
