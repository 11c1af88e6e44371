// One sample, large: before and after with a line to move between them; the arrow keys walk through the samples.

function openCompare(studio, row, column) {
  const { dialog, grid } = studio;
  let at = [row, column];
  const caption = element("p", "caption");
  const warning = element("p", "lost");
  const stage = studio.kind === "text" ? sideBySide() : wipe();
  const step = (key) => {
    const to = steppedTo(grid, at, key, studio.kind);
    if (to) show(to);
  };
  const keys = studio.kind === "text" ? ["ArrowUp", "ArrowDown"] : ["ArrowLeft", "ArrowRight"];
  const previous = button("Previous", () => step(keys[0]), "", { "aria-keyshortcuts": keys[0] });
  const next = button("Next", () => step(keys[1]), "", { "aria-keyshortcuts": keys[1] });
  const close = button("Close", () => dialog.close());

  function show(to) {
    at = to;
    const told = grid.answer.rows[at[0]];
    const title = told.title || `Item ${told.id}`;
    const shown = at[1] === 0 ? told.original : told.samples[at[1] - 1];
    stage.show(told.original, shown, grid.columns[at[1]], title);
    caption.textContent = `${title} · ${grid.columns[at[1]]}`;
    put(warning, at[1] === 0 ? "" : damageWords(grid.marks[at[0]]?.[at[1] - 1]));
    previous.disabled = !steppedTo(grid, at, keys[0], studio.kind);
    next.disabled = !steppedTo(grid, at, keys[1], studio.kind);
  }

  const listening = new AbortController();
  const { signal } = listening;
  dialog.addEventListener(
    "keydown",
    (event) => {
      // On the line's own slider the arrows move the line.
      if (event.target.matches?.("input") || !event.key.startsWith("Arrow")) return;
      event.preventDefault();
      event.stopPropagation();
      step(event.key);
    },
    { signal },
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close(), { signal });
  dialog.addEventListener(
    "close",
    () => {
      listening.abort();
      grid.focus(at);
    },
    { signal },
  );
  show(at);
  const body = [caption, stage.root, warning, element("div", "actions", [previous, next, close])];
  openDialog(dialog, "Original and sample", body, "compare");
  dialog.tabIndex = -1;
  dialog.focus();
}

// The original under the sample: the line says how much of each is seen.
function wipe() {
  const before = element("img", "before", [], { draggable: "false" });
  const after = element("img", "after", [], { draggable: "false" });
  const line = element("i", "dividing");
  const left = element("span", "tag", ["Original"]);
  const right = element("span", "tag is-right");
  const picture = element("div", "wipe", [before, after, line, left, right]);
  const input = element("input", "wide", [], { type: "range", min: 0, max: 100, value: 50, "aria-label": "How much of the original is seen" });
  const to = (share) => {
    input.value = share;
    picture.style.setProperty("--at", `${share}%`);
  };
  const follow = (event) => {
    const box = picture.getBoundingClientRect();
    to(Math.max(0, Math.min(100, (100 * (event.clientX - box.left)) / box.width)));
  };
  picture.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    picture.setPointerCapture(event.pointerId);
    follow(event);
  });
  picture.addEventListener("pointermove", (event) => (event.pointerType === "mouse" || event.buttons) && follow(event));
  input.addEventListener("input", () => to(Number(input.value)));
  // A mouse that let go of the line goes on with the arrow keys through the samples.
  input.addEventListener("pointerup", () => input.blur());
  to(50);
  return {
    root: element("div", "", [picture, input]),
    show: (original, shown, head, title) => {
      before.src = `data:image/jpeg;base64,${original}`;
      after.src = `data:image/jpeg;base64,${shown}`;
      before.alt = `${title}, original`;
      after.alt = `${title}, ${head}`;
      put(right, head === "Original" ? "" : head);
      line.hidden = input.hidden = shown === original;
    },
  };
}

function sideBySide() {
  const before = element("p");
  const after = element("p");
  const head = element("h4");
  const root = element("div", "beside", [element("section", "", [element("h4", "", ["Original"]), before]), element("section", "", [head, after])]);
  return {
    root,
    show: (original, shown, title) => {
      before.replaceChildren(...piecesOf(original));
      head.textContent = title;
      after.replaceChildren(...piecesOf(shown));
      after.parentElement.hidden = title === "Original";
    },
  };
}
