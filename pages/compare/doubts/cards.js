// What was found to doubt, a card each. Cards are kept where they are, so that a rerun neither flickers nor unticks, nor
// takes the focus.

const lists = new WeakMap();
const NONE = "none of the classes";

export default function ({ data, parentElement, setStateValue }) {
  let list = lists.get(parentElement);
  if (!list) {
    list = make("div", "doubts");
    [list.told, list.presses, list.all] = ["", [], make("input")];
    const dialog = make("dialog");
    dialog.onclick = () => dialog.close();
    parentElement.append(bar(list), list, dialog);
    lists.set(parentElement, list);
  }
  list.tell = () => {
    const ids = ticked(list);
    list.told = String(ids);
    list.all.checked = ids.length > 0 && ids.length === list.children.length;
    setStateValue("selected", ids);
  };
  // A run of the page may be cut short by the next press: all that it may not know of go along with that one.
  list.press = (press) => {
    list.presses = [...list.presses, { press: newId(), ...press }];
    setStateValue("decided", list.presses);
  };
  list.presses = list.presses.filter((each) => !data.seen.includes(each.press));
  show(list, data.cards);
  // What is no longer shown is no longer ticked.
  if (String(ticked(list)) !== list.told) list.tell();
}

function show(list, cards) {
  const kept = new Map([...list.children].map((card) => [card.dataset.card, card]));
  const shown = cards.map((card) => {
    const written = JSON.stringify(card);
    return kept.get(written) ?? draw(card, written, list);
  });
  for (const card of list.querySelectorAll(".doubt")) if (!shown.includes(card)) card.remove();
  shown.forEach((card, at) => card !== list.children[at] && list.insertBefore(card, list.children[at] ?? null));
  const isWaiting = (card) => list.presses.some((each) => each.id === Number(card.dataset.itemId));
  for (const card of shown) for (const each of card.querySelectorAll(".answer")) each.disabled = isWaiting(card);
}

function ticked(list) {
  return [...list.querySelectorAll(".select:checked")].map((each) => Number(each.closest(".doubt").dataset.itemId));
}

function bar(list) {
  const line = make("label", "all");
  const box = list.all;
  box.type = "checkbox";
  box.onchange = () => {
    for (const each of list.querySelectorAll(".select")) each.checked = box.checked;
    list.tell();
  };
  line.append(box, make("span", "", "Select all on this page"));
  return line;
}

function draw(card, written, list) {
  const root = make("article", "doubt");
  root.dataset.card = written;
  root.dataset.itemId = card.id;
  const contents = make("div", "contents");
  contents.append(content(card.item));
  if (card.twin) contents.append(content(card.twin));
  root.append(selector(card, list), contents, labels(card), make("p", "reason", card.reason));
  const decide = (what) => () => {
    for (const each of root.querySelectorAll(".answer")) each.disabled = true;
    list.press({ id: card.id, kind: card.kind, what });
  };
  const answers = make("div", "answers");
  if (card.kind !== "outlier") answers.append(answer(`Change to ${names(card.proposed)}`, decide("accept")));
  answers.append(answer(`Keep ${names(card.given)}`, decide("keep")));
  root.append(answers);
  return root;
}

function selector(card, list) {
  const box = make("input", "select");
  box.type = "checkbox";
  box.ariaLabel = `Select ${card.item.source || card.item.text.slice(0, 40)}`;
  box.onchange = () => list.tell();
  return box;
}

// A click shows it large.
function content(item) {
  const open = make("button", item.image ? "picture" : "text");
  open.type = "button";
  open.title = item.source;
  if (item.image) {
    const image = make("img");
    image.loading = "lazy";
    image.alt = item.source;
    image.src = `${item.image}&size=320`;
    open.append(image);
  } else {
    open.append(make("span", "words", item.text));
  }
  open.onclick = () => look(open.getRootNode(), item);
  return open;
}

function look(root, item) {
  const dialog = root.querySelector("dialog");
  const large = make(item.image ? "img" : "p", item.image ? "" : "whole", item.image ? "" : item.text);
  if (item.image) {
    large.alt = item.source;
    large.src = `${item.image}&size=1200`;
  }
  dialog.replaceChildren(large, make("p", "quiet", item.source));
  dialog.showModal();
}

function labels(card) {
  const line = make("div", "caption");
  line.append(...chips(card.given));
  if (card.kind === "outlier") return line;
  line.append(make("span", "quiet", "→"), ...chips(card.proposed));
  if (card.confidence !== null) line.append(make("span", "confidence", `${Math.round(100 * card.confidence)} %`));
  return line;
}

function chips(labels) {
  return labels.length ? labels.map((label) => chip(label, label.name)) : [make("span", "quiet", NONE)];
}

function names(labels) {
  return labels.map((label) => label.name).join(", ") || NONE;
}

function answer(words, decide) {
  const button = make("button", "answer", words);
  button.type = "button";
  button.title = words;
  button.onclick = decide;
  return button;
}
