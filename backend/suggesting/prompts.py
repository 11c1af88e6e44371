"""Class names and descriptions as the words that a zero-shot model reads."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend import errors
from db.models import LabelClass, Project

# Averaged. On AG News with MiniLM: 0.67 accuracy from the bare names, 0.77 with a line of description a class.
EMBEDDING_TEMPLATES = ("This text is about {}.", "The topic is {}.", "{}")
# A few of the CLIP paper's (Radford et al. 2021, section 3.1.4).
CLIP_TEMPLATES = ("This is a photo of {}.", "a photo of a {}.", "a close-up photo of a {}.", "a drawing of a {}.")
# The one that transformers' pipeline takes.
NLI_TEMPLATES = ("This example is {}.",)
DEFAULTS = {"embedding": EMBEDDING_TEMPLATES, "clip": CLIP_TEMPLATES, "nli": NLI_TEMPLATES}
# In the settings of a project that has templates of its own: kind of model -> templates.
TEMPLATES = "templates"


def checked(templates: Sequence[str] | None, how: str) -> list[str]:
    """The templates asked for, or the default ones. Raises Invalid for one without a place for the class."""
    chosen = [template.strip() for template in templates or DEFAULTS[how] if template.strip()]
    for template in chosen:
        if not is_text(template):
            raise errors.Invalid("A template has half a character or a NUL in it.", "Write it again.")
        if template.count("{}") != 1:
            raise errors.Invalid(
                f'The template "{template}" has no {{}} for the class.', f'Write "{DEFAULTS[how][0]}".'
            )
    return chosen or list(DEFAULTS[how])


def is_text(words: str) -> bool:
    """Whether it can be written: JSON can name half of a surrogate pair, which is no character."""
    return "\0" not in words and words.encode("utf-8", "replace").decode() == words


def kinds_for(project: Project) -> list[str]:
    """The kinds of model that can suggest from words in this project."""
    return ["clip"] if project.kind == "image" else ["embedding", "nli"]


def templates_of(project: Project, how: str) -> list[str]:
    """The project's own templates for this kind of model, or the default ones."""
    return checked(project.settings.get(TEMPLATES, {}).get(how), how)


def checked_all(chosen: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Kind of model -> a project's own templates; empty ones are left out, for the defaults. Raises Invalid."""
    for how in chosen:
        if how not in DEFAULTS:
            raise errors.Invalid(f'"{how}" is not a kind of model.', f"Choose one of {', '.join(DEFAULTS)}.")
    return {how: checked(each, how) for how, each in chosen.items() if any(one.strip() for one in each)}


def of(classes: Sequence[LabelClass], templates: Sequence[str], how: str) -> list[list[str]]:
    """The prompts of each class: its own, one a line, or its name and description in each template."""
    return [own_prompts(each) or [one.replace("{}", phrase(each, how)) for one in templates] for each in classes]


def own_prompts(label_class: LabelClass) -> list[str]:
    """The class's own prompts. Its name takes the place of a {}."""
    lines = [" ".join(line.split()) for line in (label_class.prompt or "").splitlines()]
    name = " ".join(label_class.name.replace("_", " ").split())
    return [line.replace("{}", name) for line in lines if line]


def phrase(label_class: LabelClass, how: str) -> str:
    """ "card_arrival" reads as "card arrival"; a description follows the name."""
    name = " ".join(label_class.name.replace("_", " ").split())
    description = " ".join(label_class.description.split()).rstrip(".")
    return f"{name}{': ' if how == 'embedding' else ', '}{description}" if description else name


def as_json(classes: Sequence[LabelClass], templates: Sequence[str], how: str) -> dict[str, Any]:
    """What a suggestion set keeps of them."""
    words = {str(each.id): "\n".join(own_prompts(each)) or phrase(each, how) for each in classes}
    return {"templates": list(templates), "classes": words}
