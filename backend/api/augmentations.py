"""/api/projects/{p}/augmentations: what a recipe does to a person's own items, and where it destroys their class."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from backend import errors, projects
from backend.augmenting import catalogue, choosing, shelf
from backend.jobs import ask
from backend.training import defaults, runs
from db.models import Kind, Project
from db.session import Session, reading

router = APIRouter(tags=["recipes"])


class Wanted(BaseModel):
    """What to show. `run_id` shows what that run was trained with: its recipe, seed, base and size."""

    steps: list[dict[str, Any]] | None = None
    recipe_id: int | None = None
    run_id: int | None = None
    item_ids: Annotated[list[int], Field(max_length=choosing.MOST_ROWS)] | None = None
    rows: str = "classes"
    count: int = Field(default=6, ge=1, le=choosing.MOST_ROWS)
    draw: int = Field(default=0, ge=0, le=2**31)
    samples: int = Field(default=5, ge=1, le=choosing.MOST_SAMPLES)
    seed: int = Field(default=0, ge=0, le=2**31 - 1)
    epoch: int = Field(default=0, ge=0, le=100_000, description="of the first sample, from 0")
    base: str | None = Field(default=None, description="the model whose sight it is; left out: what training chooses")
    size: int | None = Field(default=None, ge=8, le=1024, description="pixels; of texts: tokens")


@router.post("/projects/{project_id}/augmentations/preview")
def preview(project_id: int, wanted: Wanted) -> dict[str, Any]:
    """`rows` of {id, title, color, original, samples} or {…, problem}; a sample is what training sees in that epoch.

    Pictures are base64 JPEGs at the size of the model. Of a text, original and samples are lists of {text, change};
    `change` is null, "changed", "masked" or "dropped".
    """
    return asked(project_id, wanted, "preview")


@router.post("/projects/{project_id}/augmentations/damage")
def damage(project_id: int, wanted: Wanted) -> dict[str, Any]:
    """Which samples of the same question may have lost their class, and which transform does it.

    `cells`: for each row and sample {drift, is_far, was, becomes}; `transforms`: for each step {place, share, far,
    flips, n} when it alone is applied; `encoder`: whose vectors were compared.
    """
    return asked(project_id, wanted, "damage")


@router.post("/projects/{project_id}/augmentations/python")
def python(project_id: int, wanted: Wanted) -> dict[str, Any]:
    """{"python"}: a module that makes the same samples without Winnow."""
    with reading() as session:
        project = projects.get(session, project_id)
        args = meant(session, project, wanted)
    return {"python": shelf.python_source(project.kind, args["steps"], args["size"], args["base"])}


def asked(project_id: int, wanted: Wanted, task: str) -> dict[str, Any]:
    """The assistant's answer to `task`: "preview" or "damage"."""
    with reading() as session:
        project = projects.get(session, project_id)
        if wanted.item_ids is not None:
            shown = choosing.asked_for(session, project, wanted.item_ids)
        elif wanted.run_id is not None:
            shown = choosing.trained_on(session, project, wanted.count)
        else:
            shown = choosing.choose(session, project, wanted.rows, wanted.draw, wanted.count)
        args = meant(session, project, wanted)
    if not shown:
        return {"rows": [], "cells": [], "transforms": []} | {name: args[name] for name in ("size", "base")}
    about: dict[str, Any] = {
        "item_ids": [each["id"] for each in shown],
        "samples": wanted.samples,
        "epoch": wanted.epoch,
    }
    if task == "damage":
        return ask.now(task, project_id=project_id, **about, **args)
    task = "preview" if project.kind == Kind.IMAGE else "preview_texts"
    answer = ask.now(task, run_id=wanted.run_id, **about, **args)
    rows = [title | row for title, row in zip(shown, answer["rows"], strict=True)]
    return answer | {"rows": rows} | {name: args[name] for name in ("size", "base")}


def meant(session: Session, project: Project, wanted: Wanted) -> dict[str, Any]:
    """{"steps", "seed", "base", "size"} and of texts "long_texts", all complete. Raises Invalid, NotFound."""
    told: dict[str, Any] = {"seed": wanted.seed, "base": wanted.base, "size": wanted.size}
    steps, recipe_id = wanted.steps or [], wanted.recipe_id
    if wanted.run_id is not None:
        run = runs.get(session, wanted.run_id)
        if run.project_id != project.id or run.spec["method"] == "head":
            raise errors.Invalid(
                f"Run {run.id} has nothing to show here.", "Choose a run of this project that trained on varied items."
            )
        recipe_id, steps = run.spec.get("recipe_id"), []
        told = runs.seen_with(run)
    if recipe_id is not None:
        steps = shelf.get(session, recipe_id).steps
    steps = catalogue.validate(steps)
    catalogue.check_kind(steps, project.kind)
    base = told["base"] or defaults.base(project.kind, "full")
    size = told["size"] or defaults.seen_size(session, project, base)
    found = {"steps": steps, "seed": told["seed"], "base": base, "size": size}
    return found | ({"long_texts": told.get("long_texts", "start")} if project.kind == Kind.TEXT else {})
