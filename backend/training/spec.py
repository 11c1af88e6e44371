"""The settings of a run: what may be said, what is chosen when it is left unsaid, and what cannot work.

Everything that can be known before a run starts is refused here, with a sentence.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from backend import errors
from backend.augmenting import catalogue as transforms
from backend.augmenting import texts
from backend.jobs import devices
from backend.models import catalogue
from backend.training import anatomy, costs, defaults, readiness, tokens
from backend.training.defaults import Data
from backend.training.setting import BY_NAME, checked
from db import recipes
from db.models import Kind, Project
from db.session import Session

# Setting -> what it is where it does nothing.
WITHOUT_EFFECT_ON_A_HEAD = {"sampling": "shuffled", "focal_gamma": 0.0, "label_smoothing": 0.0, "long_texts": "start"}
# What torch.compile looks for, beside what CXX names.
COMPILERS = (os.environ.get("CXX", "c++"), "g++", "clang++", "cl")


def complete(session: Session, project: Project, told: Mapping[str, Any], data: Data | None = None) -> dict[str, Any]:
    """The whole spec of a run: what was told, checked, and everything else chosen.

    Settings of the training loop mean nothing to a head and are left out of its spec. data: of the project, for who
    asks for many specs of it. Raises BadSpec, BadFile, TooFewLabels or ModelNotHere.
    """
    told = {name: checked(name, value) for name, value in told.items() if value is not None}
    method = told.get("method", "head")
    base = told.get("base") or defaults.base(project.kind, method)
    check_kind(project, told)
    check_method(method, told)
    check_machine(told)
    check_base(project, method, base, told)
    if told.get("recipe_id"):
        check_recipe(session, project, method, base, told["recipe_id"])
    data = data or defaults.data_of(session, project)
    allow_missing = told.get("allow_missing_classes", False)
    learned = readiness.learnable(data.counts, multi_label=project.multi_label, allow_missing=allow_missing)
    if not project.multi_label:
        readiness.check_training(session, project, learned)
    chosen = defaults.picks(data, project.kind, method, base, told.get("preset", "balanced"))
    given = {name: value for name, value in told.items() if method in BY_NAME[name].methods}
    values = {name: pick.value for name, pick in chosen.items()}
    if "batch_size" in given and "accumulation" not in given and "accumulation" in values:
        # It was chosen for another batch.
        values["accumulation"] = 1
    return values | given | {"method": method, "base": base, "allow_missing_classes": allow_missing}


def check_kind(project: Project, told: Mapping[str, Any]) -> None:
    for name in told:
        if project.kind not in BY_NAME[name].kinds:
            other = "images" if project.kind == Kind.TEXT else "texts"
            raise errors.BadSpec(f'"{name}" is for {other}; this project has {project.kind}s.', "Leave it out.")
    if project.multi_label and told.get("label_smoothing"):
        raise errors.BadSpec("Label smoothing is for one class an item; here an item may have several.", "Leave it 0.")


def check_method(method: str, told: Mapping[str, Any]) -> None:
    """Raises BadSpec for settings that go against each other. What a method merely has no use for is left out."""
    for name, plain in WITHOUT_EFFECT_ON_A_HEAD.items():
        if method == "head" and told.get(name, plain) != plain:
            words = name.replace("_", " ")
            raise errors.BadSpec(
                f"A head is fitted at once on vectors of whole items; {words} would change nothing.",
                f'Choose the method full, or leave "{name}" out.',
            )
    if method != "lora" and told.get("quantization", "none") != "none":
        raise errors.BadSpec(
            f"A base in {told['quantization']} cannot be trained itself, only adapters beside it.",
            "Choose the method lora, or leave quantization out.",
        )
    if told.get("folds") == 1:
        raise errors.BadSpec("Cross-validation needs 2 parts at least.", "Give 2 folds or more, or 0 for none.")


def check_machine(told: Mapping[str, Any]) -> None:
    """Raises BadSpec for what this machine does not have."""
    there = devices.found()
    if told.get("devices", 1) > len(there):
        what = "1 device" if len(there) == 1 else f"{len(there)} devices"
        raise errors.BadSpec(f"This machine has {what} to train on.", "Lower devices.")
    has_gpu = there[0].id != devices.CPU
    if told.get("precision") == "fp16" and not has_gpu:
        raise errors.BadSpec("Training in fp16 needs a GPU, and there is none.", "Choose fp32 or bf16.")
    if told.get("compile") and not has_gpu and not any(map(shutil.which, COMPILERS)):
        raise errors.BadSpec("To compile the model takes a C++ compiler, and there is none.", "Leave compile out.")
    if told.get("quantization", "none") != "none":
        if not has_gpu:
            raise errors.BadSpec(f"A base in {told['quantization']} needs an NVIDIA GPU.", "Leave quantization out.")
        if find_spec("bitsandbytes") is None:
            raise errors.BadSpec(
                f"A base in {told['quantization']} needs bitsandbytes.", "pip install bitsandbytes, and start again."
            )
        if told.get("devices", 1) > 1:
            raise errors.BadSpec("A quantized base trains on one device only.", "Leave devices or quantization out.")


def check_base(project: Project, method: str, base: str, told: Mapping[str, Any]) -> None:
    """Raises BadSpec when the base is unknown, of the other kind or not made for the method; ModelNotHere, BadFile."""
    try:
        model = catalogue.find(base)
    except errors.NotFound as error:
        raise errors.BadSpec(error.message.replace("model", "base"), error.hint) from None
    if model.kind != project.kind:
        raise errors.BadSpec(
            f"{model.title} is for {model.kind}s; this project has {project.kind}s.",
            f"Choose another base, such as {defaults.base(project.kind, method)}.",
        )
    if method != "head" and "fine_tune" not in model.tasks:
        raise errors.BadSpec(f"{model.title} cannot be fine-tuned.", "Choose the method head, or another base.")
    if base == catalogue.COMPACT_RESNET and method != "full":
        raise errors.BadSpec(
            f"{model.title} has learned nothing yet that a {method} could build on.",
            "Choose the method full, or a pretrained base.",
        )
    if method != "head" and told.get("gradient_checkpointing") and not costs.can_compute_twice(base):
        raise errors.BadSpec(f"{model.title} cannot compute twice to save memory.", "Lower batch_size instead.")
    if base not in (catalogue.COMPACT_RESNET, catalogue.DESCRIPTOR):
        check_files(base, method, told)
    elif method != "head" and told.get("frozen_layers"):
        raise errors.BadSpec(
            f"{model.title} has learned nothing yet; layers that stay as they are would never learn.",
            "Leave frozen_layers 0.",
        )


def check_files(base: str, method: str, told: Mapping[str, Any]) -> None:
    folder = catalogue.folder_of(base)
    layers = anatomy.layers(folder)
    if method == "lora" and not anatomy.adapted_layers(folder):
        title = catalogue.find(base).title
        raise errors.BadSpec(
            f"{title} has no attention layers, nor other linear ones in each block, for LoRA to adapt.",
            "Choose the method full or head.",
        )
    if method == "lora" and told.get("frozen_layers", 0) == layers:
        raise errors.BadSpec(
            f"{catalogue.find(base).title} has {layers} layers; with all of them as they are, LoRA adapts none.",
            "Lower frozen_layers.",
        )
    if method != "head" and told.get("frozen_layers", 0) > layers:
        raise errors.BadSpec(
            f"{catalogue.find(base).title} has {layers} layers; {told['frozen_layers']} cannot stay as they are.",
            "Lower frozen_layers.",
        )
    longest = anatomy.longest_text(folder)
    if longest and told.get("max_length", 0) > longest:
        raise errors.BadSpec(f"{catalogue.find(base).title} reads at most {longest} tokens.", "Lower max_length.")
    size = told.get("image_size")
    if size and not anatomy.takes_any_size(folder) and size != anatomy.image_size(folder):
        raise errors.BadSpec(
            f"{catalogue.find(base).title} takes pictures of {anatomy.image_size(folder)} pixels.",
            "Leave image_size out.",
        )


def check_recipe(session: Session, project: Project, method: str, base: str, recipe_id: int) -> None:
    """Raises BadSpec when there is no such recipe, or when it is nothing for this method, project or base."""
    if method == "head":
        raise errors.BadSpec(
            f"A head learns from vectors of the {project.kind}s as they are; a recipe would change nothing.",
            "Choose the method full, or leave the recipe out.",
        )
    recipe = recipes.get(session, recipe_id)
    if recipe is None:
        raise errors.BadSpec(f"There is no recipe {recipe_id}.", "The Augment page lists them.")
    try:
        transforms.check_kind(recipe.steps, project.kind)
    except errors.Invalid as error:
        raise errors.BadSpec(error.message, error.hint) from None
    if project.kind == Kind.TEXT:
        check_steps(recipe.steps, base)


def check_steps(steps: Sequence[Mapping[str, Any]], base: str) -> None:
    """Raises BadSpec for tokens that the base cannot mask, and when nothing of the steps would reach it."""
    title, folder = catalogue.find(base).title, catalogue.folder_of(base)
    texts.check_mask(steps, title, has_mask=tokens.has_mask(folder))
    others = [step for step in steps if step["transform"] not in texts.OF_CASE]
    if steps and not others and tokens.is_uncased(folder):
        raise errors.BadSpec(
            f"{title} reads everything in lower case; this recipe would change nothing.",
            "Add other steps to it, or choose another base.",
        )
