// What a run saw, shown again with its own recipe, seed, base and size: to look at, or to copy and work on.

function copyRun(studio) {
  const { run, state } = studio;
  studio.past.add(studio.snapshot());
  const base = studio.bases.find((each) => each.id === run.base);
  Object.assign(state, {
    loaded: run.recipe ? `recipe:${run.recipe.id}` : "preset:none",
    name: run.recipe?.name ?? "",
    steps: run.steps.map(numbered),
    open: [],
    seed: run.seed,
    base: base?.id ?? null,
    size: base?.sizes.includes(run.size) ? run.size : null,
  });
  leaveRun(studio);
}

function leaveRun(studio) {
  studio.run = null;
  forgetAsked("run", "epoch");
  studio.changed();
  studio.shelf.start.focus();
}
