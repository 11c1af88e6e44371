// What was found to doubt, a card each. Cards are kept and filled anew, so that a rerun neither flickers nor unticks.

const lists = new WeakMap();
const NONE = "none of the classes";

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  let list = lists.get(parentElement);
  if (!list) {
    list = make("div", "doubts");
    const dialog = make("dialog");
    dialog.onclick = () => dialog.close();
    parentElement.append(bar(list), list, dialog);
    lists.set(parentElement, list);
  }
  list.tell = () => {
    const ticked = [...list.querySelectorAll(".select:checked")];
    setStateValue("selected", ticked.map((each) => Number(each.closest(".doubt").dataset.itemId)));
  };
  const kept = new Map([...list.children].map((card) => [card.dataset.card, card]));
  list.replaceChildren(
    ...data.cards.map((card) => {
      const written = JSON.stringify(card);
      return kept.get(written) ?? draw(card, written, list, setTriggerValue);
    }),
  );
}

function bar(list) {
  const line = make("label", "all");
  const box = make("input");
  box.type = "checkbox";
  box.onchange = () => {
    for (const each of list.querySelectorAll(".select")) each.checked = box.checked;
    list.tell();
  };
  line.append(box, make("span", "", "Select all on this page"));
  return line;
}

function draw(card, written, list, setTriggerValue) {
  const root = make("article", "doubt");
  root.dataset.card = written;
  root.dataset.itemId = card.id;
  const contents = make("div", "contents");
  contents.append(content(card.item));
  if (card.twin) contents.append(content(card.twin));
  root.append(selector(card, list), contents, labels(card), make("p", "reason", card.reason));
  const decide = (what) => () => {
    for (const each of root.querySelectorAll(".answer")) each.disabled = true;
    setTriggerValue("decided", { id: card.id, what });
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
  box.onchange = () => {
    list.parentNode.querySelector(".all input").checked = false;
    list.tell();
  };
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
