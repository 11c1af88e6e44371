// Labeling blind: suggestions hidden on every page and from everybody, for a glance at another page would give them away.

async function showSuggestions(pad, isShowing) {
  pad.isShowing = isShowing;
  pad.project.blind = !isShowing;
  if (!isShowing && isOfSuggestions(pad.order)) pad.chooseOrder("sequential");
  if (!isShowing && pad.grid) pad.toggleGrid();
  pad.view.arrange();
  pad.show();
  const url = `/api/projects/${pad.project.id}`;
  const body = JSON.stringify({ blind: !isShowing });
  const changed = await fetch(url, { method: "PATCH", headers: { "Content-Type": "application/json" }, body }).catch(() => null);
  if (!changed?.ok) return pad.view.warn("The server does not answer: suggestions are hidden or shown in this tab only.");
  if (isShowing) getSuggestions(pad);
}

// What was fetched while they were hidden came without.
async function getSuggestions(pad) {
  const { ahead } = pad;
  ahead.renew();
  const near = ahead.near().filter((entry) => !entry.suggestion && !entry.isBlind);
  await Promise.all(
    near.map(async (entry) => {
      const item = await ask(`/api/items/${entry.id}`);
      if (!item.trouble) entry.suggestion = item.suggestion;
    }),
  );
  pad.show();
}
