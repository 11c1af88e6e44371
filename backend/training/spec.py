"""The settings of a run: what may be said, what is chosen when it is left unsaid, and what cannot work.

Everything that can be known before a run starts is refused here, with a sentence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from backend import errors
from backend.augmenting import catalogue as transforms
from backend.augmenting import texts
from backend.models import catalogue
from backend.training import anatomy, defaults, readiness, tokens
from db import recipes
from db.models import Kind, Project
from db.session import Session

METHODS = ("head", "lora", "full")
PRESETS = ("quick", "balanced", "best")
LOOPS = ("lora", "full")


@dataclass(frozen=True)
class Setting:
    """One setting: its type, its range, what it is for, and which methods and kinds know it."""

    name: str
    type: type
    meaning: str
    low: float = 0
    high: float = 0
    choices: tuple[str, ...] = ()
    methods: tuple[str, ...] = METHODS
    kinds: tuple[str, ...] = ("text", "image")


SETTINGS = (
    Setting("method", str, "What is trained.", choices=METHODS),
    Setting("base", str, "The pretrained model that the run starts from."),
    Setting("preset", str, "How much time to spend: it chooses what is left out.", choices=PRESETS),
    Setting("seed", int, "The same seed on the same machine gives the same run.", 0, 2**31 - 1),
    Setting("class_weights", str, '"balanced" gives rare classes more weight.', choices=("none", "balanced")),
    Setting("allow_missing_classes", bool, "Leave out the classes with too few labels instead of refusing."),
    Setting("epochs", int, "How often each training item is seen.", 1, 1000, methods=LOOPS),
    Setting("learning_rate", float, "How far one step goes.", 1e-9, 1, methods=LOOPS),
    Setting("batch_size", int, "How many items one step sees.", 1, 4096, methods=LOOPS),
    Setting("weight_decay", float, "Keeps weights small (AdamW).", 0, 1, methods=LOOPS),
    Setting("warmup", float, "The share of the steps in which the rate rises to its full value.", 0, 1, methods=LOOPS),
    Setting("label_smoothing", float, "How unsure the targets are made.", 0, 0.5, methods=LOOPS),
    Setting("patience", int, "End after so many epochs without a better result; 0 never does.", 0, 1000, methods=LOOPS),
    Setting("lora_rank", int, "The size of the adapters.", 1, 256, methods=("lora",)),
    Setting("max_length", int, "Longer texts are cut after so many tokens.", 8, 8192, methods=LOOPS, kinds=("text",)),
    Setting("image_size", int, "The side of the pictures in pixels.", 16, 1024, methods=LOOPS, kinds=("image",)),
    Setting("recipe_id", int, "The recipe that varies what is trained on.", 1, 2**31, methods=LOOPS),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}


def complete(session: Session, project: Project, told: Mapping[str, Any]) -> dict[str, Any]:
    """The whole spec of a run: what was told, checked, and everything else chosen.

    Settings of the training loop mean nothing to a head and are left out of its spec.
    Raises BadSpec, TooFewLabels or ModelNotHere.
    """
    told = {name: checked(name, value) for name, value in told.items() if value is not None}
    method = told.get("method", "head")
    base = told.get("base") or defaults.base(project.kind, method)
    check_kind(project, told)
    check_base(project, method, base, told)
    if told.get("recipe_id"):
        check_recipe(session, project, method, base, told["recipe_id"])
    allow_missing = told.get("allow_missing_classes", False)
    counts = readiness.label_counts(session, project)
    readiness.learnable(counts, multi_label=project.multi_label, allow_missing=allow_missing)
    chosen = defaults.choose(session, project, method, base, told.get("preset", "balanced"))
    given = {name: value for name, value in told.items() if method in BY_NAME[name].methods}
    return {"method": method, "base": base, "allow_missing_classes": allow_missing} | chosen | given


def checked(name: str, told: Any) -> Any:
    """The value in its setting's type. Raises BadSpec."""
    setting = BY_NAME.get(name)
    if setting is None:
        near = get_close_matches(name, BY_NAME, n=1)
        hint = f'Did you mean "{near[0]}"?' if near else f"A run has {', '.join(BY_NAME)}."
        raise errors.BadSpec(f'A run has no setting "{name}".', hint)
    value: Any = in_type(told, setting.type)
    if not is_a(value, setting.type):
        words = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}[setting.type]
        raise errors.BadSpec(f'"{name}" is {told!r}, and must be {words}.', setting.meaning)
    if setting.choices and value not in setting.choices:
        raise errors.BadSpec(f'"{value}" is not a {name.replace("_", " ")}.', f"Choose {' or '.join(setting.choices)}.")
    # Written so that a NaN is refused too.
    if setting.high and not setting.low <= value <= setting.high:
        raise errors.BadSpec(
            f'"{name}" is {value:g}, and must be between {setting.low:g} and {setting.high:g}.', setting.meaning
        )
    return value


def is_a(value: Any, wanted: type) -> bool:
    """Not isinstance: True is a whole number to Python."""
    return type(value) is wanted


def in_type(value: Any, wanted: type) -> Any:
    """1 as 1.0 and 1.0 as 1 where that is what is wanted; anything else as it is."""
    if wanted is float and type(value) is int and abs(value) < 1e300:
        return float(value)
    if wanted is int and type(value) is float and value.is_integer():
        return int(value)
    return value


def check_kind(project: Project, told: Mapping[str, Any]) -> None:
    for name in told:
        if project.kind not in BY_NAME[name].kinds:
            other = "images" if project.kind == Kind.TEXT else "texts"
            raise errors.BadSpec(f'"{name}" is for {other}; this project has {project.kind}s.', "Leave it out.")
    if project.multi_label and told.get("label_smoothing"):
        raise errors.BadSpec("Label smoothing is for one class an item; here an item may have several.", "Leave it 0.")


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
    if base not in (catalogue.COMPACT_RESNET, catalogue.DESCRIPTOR):
        check_files(base, method, told)


def check_files(base: str, method: str, told: Mapping[str, Any]) -> None:
    folder = catalogue.folder_of(base)
    if method == "lora" and not anatomy.has_attention(folder):
        title = catalogue.find(base).title
        raise errors.BadSpec(f"{title} has no attention layers for LoRA to adapt.", "Choose the method full or head.")
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
