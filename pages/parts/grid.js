// A grid of items. Cards are kept and filled anew, so that a rerun neither flickers nor loads a picture twice.

const grids = new WeakMap();

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  let grid = grids.get(parentElement);
  if (!grid) {
    grid = make("div", "grid");
    parentElement.append(grid, viewer());
    grids.set(parentElement, grid);
  }
  const kept = new Map([...grid.children].map((card) => [card.dataset.card, card]));
  grid.replaceChildren(
    ...data.cards.map((card) => {
      const written = JSON.stringify([card, data.hasSimilar]);
      const there = kept.get(written) ?? draw(card, written, data, setTriggerValue);
      if (data.isSelectable && !there.querySelector(".select")) there.prepend(selector(card, grid, setStateValue));
      return there;
    }),
  );
}

function selector(card, grid, setStateValue) {
  const box = make("input", "select");
  box.type = "checkbox";
  box.ariaLabel = `Select ${card.source || card.text.slice(0, 40)}`;
  box.onchange = () => {
    const ticked = [...grid.querySelectorAll(".select:checked")];
    setStateValue("selected", ticked.map((each) => Number(each.closest(".card").dataset.itemId)));
  };
  return box;
}

function draw(card, written, { hasSimilar, isSelectable }, setTriggerValue) {
  const root = make("article", "card");
  root.dataset.card = written;
  root.dataset.itemId = card.id;
  root.classList.toggle("asked", card.isAsked);
  root.append(content(card, isSelectable && (() => setTriggerValue("opened", card.id))), caption(card));
  if (hasSimilar && !card.isAsked) {
    const button = make("button", "similar", "Similar");
    button.type = "button";
    button.title = "Show the items most like this one";
    button.onclick = () => setTriggerValue("similar", card.id);
    root.append(button);
  }
  return root;
}

// What a click does: where the page has more to tell of an item, it does; elsewhere the card is shown large.
function content(card, tell) {
  const open = make("button", card.image ? "picture" : "text");
  open.type = "button";
  open.title = card.source;
  if (card.image) {
    const image = make("img");
    image.loading = "lazy";
    image.alt = card.source;
    image.src = `${card.image}&size=${card.thumbnail}`;
    open.append(image);
  } else {
    open.append(make("span", "words", card.text));
  }
  open.onclick = tell || (() => look(open.getRootNode(), card));
  return open;
}

function caption(card) {
  const line = make("div", "caption");
  for (const label of card.classes) line.append(chip(label, label.name));
  if (!card.classes.length && card.suggestion) {
    const percent = Math.round(100 * card.suggestion.confidence);
    const guess = chip(card.suggestion, `${card.suggestion.name} ${percent} %`);
    guess.classList.add("guess");
    guess.title = "A suggestion: nobody has decided yet";
    line.append(guess);
  }
  if (!line.children.length) line.append(make("span", "quiet", card.status === "todo" ? "No label" : card.status));
  if (card.isAsked) line.append(make("span", "score", "this one"));
  if (card.score !== null) {
    const score = make("span", "score", card.score.toFixed(2));
    score.title = "Similarity: 1 is the same";
    line.append(score);
  }
  return line;
}

function viewer() {
  const dialog = make("dialog");
  dialog.onclick = () => dialog.close();
  return dialog;
}

function look(root, card) {
  const dialog = root.querySelector("dialog");
  if (card.image) {
    const image = make("img");
    image.alt = card.source;
    image.src = `${card.image}&size=1200`;
    dialog.replaceChildren(image, make("p", "quiet", card.source));
  } else {
    dialog.replaceChildren(make("p", "whole", card.text), make("p", "quiet", card.source));
  }
  dialog.showModal();
}
