// Texts with the changed pieces marked.

const CHANGES = { changed: "ins", masked: "mark", dropped: "del" };
const CHANGE_WORDS = { changed: "Changed", masked: "Masked: the model does not see it", dropped: "Left out" };

function piecesOf(pieces) {
  return pieces.map(({ text, change }) => (change ? element(CHANGES[change] ?? "ins", "", [text], { title: CHANGE_WORDS[change] ?? change }) : text));
}

function textCell(open) {
  const head = element("span", "head");
  const words = element("span", "words");
  const mark = element("span", "mark", [icon("warning")]);
  const root = button("", open, "text");
  root.replaceChildren(head, words, mark);
  mark.hidden = true;
  return {
    root,
    fill: (pieces, _, title) => {
      head.textContent = title;
      words.replaceChildren(...piecesOf(pieces));
    },
    mark: (told) => {
      mark.hidden = !told;
      root.title = told;
      root.classList.toggle("is-lost", Boolean(told));
      if (told) root.setAttribute("aria-description", told);
      else root.removeAttribute("aria-description");
    },
  };
}

function legend() {
  const words = [["changed", "changed"], ["masked", "masked"], ["dropped", "left out"]];
  return words.map(([change, said]) => element(CHANGES[change], "", [said]));
}
