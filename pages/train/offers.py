"""What the form of a new run offers for this project: methods, bases, recipes."""

from backend.augmenting.catalogue import kind_of
from backend.models import catalogue
from backend.training.setting import METHOD_TITLES
from db import recipes
from db.models import Kind, Project
from db.session import reading

FOLDER = "A folder of my own"


def methods(project: Project) -> list[str]:
    return [each for each in METHOD_TITLES if each != "lora" or project.kind == Kind.TEXT or adaptable_bases()]


def adaptable_bases() -> list[str]:
    """Image bases beside the untrained one: LoRA needs something that was learned before."""
    return [each.id for each in catalogue.bases(Kind.IMAGE) if each.id != catalogue.COMPACT_RESNET] or [FOLDER]


def bases(project: Project, method: str) -> dict[str, str]:
    """Id -> title, the one to begin with first."""
    offered = {each.id: each.title for each in catalogue.bases(project.kind)}
    if method == "head" and project.kind == Kind.IMAGE:
        offered = {catalogue.DESCRIPTOR: catalogue.find(catalogue.DESCRIPTOR).title} | offered
    if method != "full":
        offered.pop(catalogue.COMPACT_RESNET, None)
    return offered | {FOLDER: FOLDER}


def recipes_for(project: Project) -> dict[int, str]:
    """Id -> name of the recipes for what the project has, the newest first."""
    with reading() as session:
        kept = [each for each in recipes.page(session, None, 200) if kind_of(each.steps) in (project.kind, None)]
    return {each.id: f"{each.name}, version {each.version}" for each in kept}
