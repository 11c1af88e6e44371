// What the studio says of a grid and of its cells.

// Of one cell {drift, is_far, was, becomes}; nothing where the class is safe.
function damageWords(cell) {
  if (!cell) return "";
  const words = [];
  if (cell.was && cell.becomes) words.push(`looks like ${cell.becomes} now, no longer like ${cell.was}`);
  if (cell.is_far) words.push(`further from its original than the nearest item of another class (${cell.drift.toFixed(1)} times as far)`);
  return words.length ? `May have lost its class: ${words.join("; ")}.` : "";
}

function damageSummary({ cells, encoder, note }) {
  const all = cells.flat().filter(Boolean);
  const lost = all.filter((cell) => damageWords(cell)).length;
  const words = [];
  if (all.length) words.push(`${lost} of ${counted(all.length, "sample")} may have lost ${lost === 1 ? "its" : "their"} class${encoder ? `, judged by ${encoder}` : ""}.`);
  if (note) words.push(note);
  return words.join(" ");
}

// What is seen, under whose eyes.
function sightWords(studio, answer) {
  const { state, run, kind } = studio;
  const seen = kind === "text" ? `as the model reads it, up to ${answer.size} tokens` : `as the model sees it, at ${answer.size} × ${answer.size} pixels`;
  const seed = run ? run.seed : state.seed;
  return `What training with seed ${seed} feeds the model in each epoch, ${seen}.`;
}

function runWords(run, kind) {
  const recipe = run.recipe ? `${run.recipe.name}, version ${run.recipe.version}` : "no recipe";
  return `What “${run.name}” saw: ${recipe} · ${run.base_title} · ${run.size} ${kind === "text" ? "tokens" : "px"} · seed ${run.seed}.`;
}
