// An item as a card: its picture or text, and its label, or what is suggested where there is none.

const THUMBNAIL_PX = 240;
const LARGE_PX = 800;
const SHORT_LETTERS = 280;

const percent = (share) => `${Math.round(share * 100)} %`;
const number = (count) => count.toLocaleString("en");
const plural = (count, word) => `${number(count)} ${word}${count === 1 ? "" : "s"}`;

function cardOf(item, classes, { isLarge = false, act = null } = {}) {
  const content = item.image ? picture(item, isLarge) : element("span", "wm-words", [isLarge ? item.text : (item.text ?? "").slice(0, SHORT_LETTERS)]);
  const card = element(act ? "button" : "article", `wm-item${isLarge ? " wm-large" : ""}`, [content, captionOf(item, classes)]);
  card.title = isLarge ? "" : item.source;
  if (isLarge && item.source) card.append(element("span", "wm-quiet", [item.source]));
  if (act) {
    card.type = "button";
    card.addEventListener("click", act);
  }
  card.dataset.itemId = item.id;
  return card;
}

function picture(item, isLarge) {
  const image = element("img", "", [], { alt: item.source, loading: "lazy", decoding: "async" });
  image.src = `${item.image}&size=${isLarge ? LARGE_PX : THUMBNAIL_PX}`;
  return image;
}

function captionOf(item, classes) {
  const line = element("span", "wm-caption");
  for (const id of item.class_ids) if (classes.has(id)) line.append(chipOf(classes.get(id)));
  const guess = item.suggestion && classes.get(item.suggestion.class_id);
  if (!line.childElementCount && guess) {
    const chip = chipOf(guess, `${guess.name} ${percent(item.suggestion.confidence)}`);
    chip.classList.add("wm-guess");
    chip.title = "A suggestion: nobody has decided yet";
    line.append(chip);
  }
  const status = { todo: "No label", labeled: "No class", skipped: "Skipped", flagged: "Flagged" }[item.status];
  if (!line.childElementCount) line.append(element("span", "wm-quiet", [status ?? "In the bin"]));
  return line;
}

function chipOf(each, words = each.name) {
  const dot = element("i", "wm-dot");
  dot.style.background = each.color;
  return element("span", "wm-chip", [dot, element("span", "wm-name", [words])]);
}
