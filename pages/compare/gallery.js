// Cards of test items. They are kept from run to run of the page, so that nothing flickers or loads twice.

const IMAGE_PX = 320;
const LARGE_PX = 1200;
// With so many classes each has a button on the card; of more, those that somebody or a run named, and a list.
const FEW = 6;
const ROWS = { ArrowLeft: () => -1, ArrowRight: () => 1, ArrowUp: (columns) => -columns, ArrowDown: (columns) => columns };

const galleries = new WeakMap();

export default function mount({ data, parentElement }) {
  if (!galleries.has(parentElement)) galleries.set(parentElement, new Gallery(parentElement));
  galleries.get(parentElement).update(data);
}

function button(words, action, className = "") {
  const made = element("button", className, [words], { type: "button" });
  made.addEventListener("click", action);
  return made;
}

class Gallery {
  constructor(parent) {
    this.cards = [];
    this.mending = new Mending(this);
    this.grid = element("div", "grid", [], { role: "list", "aria-label": "Test items" });
    this.status = element("p", "status", [], { role: "status" });
    this.dialog = element("dialog");
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    const keys = element("p", "quiet", ["Arrows go from card to card; a class's key or button labels; Ctrl+Z takes it back."]);
    this.root = element("div", "gallery", [element("div", "line", [keys, this.status]), this.grid, this.dialog]);
    this.root.addEventListener("keydown", (event) => this.press(event));
    parent.append(this.root);
  }

  update(data) {
    const kept = new Map(this.cards.map((card) => [card.id, card]));
    const isSame = JSON.stringify([data.classes, data.runs]) === this.named;
    this.named = JSON.stringify([data.classes, data.runs]);
    this.data = data;
    this.classes = new Map(data.classes.map((each) => [each.id, each]));
    this.open = data.classes.filter((each) => each.isOpen);
    this.byKey = new Map(this.open.filter((each) => each.key).map((each) => [each.key, each.id]));
    this.cards = data.cards.map((about) => {
      const card = kept.get(about.id);
      return card && isSame && card.isOf(about) ? card : new Card(this, about);
    });
    const roots = this.cards.map((card) => card.root);
    // What is put in anew loses the focus, and with it the keys of a person who is labeling.
    if (roots.length !== this.grid.childElementCount || roots.some((root, at) => root !== this.grid.children[at])) this.grid.replaceChildren(...roots);
    if (!this.cards.some((card) => card.root.tabIndex === 0)) this.reach(this.cards[0]);
    this.mending.done = this.mending.done.filter(({ card }) => this.cards.includes(card));
  }

  nameOf(classId) {
    return this.classes.get(classId)?.name ?? "a class that is gone";
  }

  // One card is reached with the Tab key, the others from there with the arrows.
  reach(card) {
    for (const each of this.cards) each.root.tabIndex = each === card ? 0 : -1;
  }

  // The card of this item, as the server says that it stands.
  cardOf({ id, status, class_ids, over }) {
    const card = this.cards.find((each) => each.id === id);
    card?.stands({ status, class_ids, over });
    return card;
  }

  say(words) {
    this.status.textContent = words;
  }

  press(event) {
    const target = event.composedPath()[0];
    // The page's own keys are not meant by who types.
    if (target.matches("input")) return event.stopPropagation();
    if (this.dialog.open || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const card = this.cards.find((each) => each.root.contains(target));
    const isMeant = event.ctrlKey || event.metaKey ? this.control(key, event) : this.plain(key, event, card, target);
    if (!isMeant) return;
    event.preventDefault();
    event.stopPropagation();
  }

  control(key, event) {
    if (key !== "z" || event.shiftKey) return false;
    if (!event.repeat) this.mending.undo();
    return true;
  }

  plain(key, event, card, target) {
    if (!card) return false;
    if (Object.hasOwn(ROWS, key)) return this.step(card, ROWS[key](this.columns)), true;
    if (key === "Escape") return card.drafts(null), true;
    if (key === "Enter" && target === card.root) return card.enter(), true;
    const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
    const classId = this.byKey.get(event.shiftKey ? key : (digit ?? key));
    if (classId === undefined) return false;
    // A held key is one press.
    if (!event.repeat) card.choose(classId);
    return true;
  }

  step(card, by) {
    this.cards[Math.max(0, Math.min(this.cards.length - 1, this.cards.indexOf(card) + by))].focus();
  }

  get columns() {
    const top = this.cards[0].root.offsetTop;
    return this.cards.filter((card) => card.root.offsetTop === top).length;
  }

  // One large, or all classes of one.
  shows(label, children) {
    this.dialog.setAttribute("aria-label", label);
    this.dialog.replaceChildren(...children);
    if (!this.dialog.open) this.dialog.showModal();
  }
}

class Card {
  constructor(gallery, about) {
    Object.assign(this, { gallery, about, id: about.id, now: about.now, draft: null });
    this.label = element("div", "label");
    this.choices = element("div", "choices", [], { role: "group", "aria-label": "Label it" });
    this.words = element("span");
    this.offer = element("span");
    const answers = about.answers.map((answer) => this.answerRow(answer));
    const foot = element("div", "foot", [this.words, this.offer], { role: "status" });
    const body = element("div", "body", [element("div", "answers", answers), this.label, this.choices, foot]);
    this.root = element("article", "card", [this.face(), body], { role: "listitem", tabindex: "-1", "data-item-id": about.id });
    this.root.setAttribute("aria-label", about.source || about.text.slice(0, 80));
    this.root.addEventListener("focusin", () => gallery.reach(this));
    this.paint();
  }

  // Whether it shows this already; what was decided here is newer than what the page knew.
  isOf(about) {
    const isSame = JSON.stringify({ ...about, now: null }) === JSON.stringify({ ...this.about, now: null });
    const isDecidedHere = JSON.stringify(about.now) === JSON.stringify(this.about.now);
    return isSame && (isDecidedHere || about.now.over === this.now.over);
  }

  focus() {
    this.root.focus();
    this.root.scrollIntoView({ block: "nearest" });
  }

  face() {
    const { image, text, source } = this.about;
    if (!image) return button(element("span", "words", [text], { dir: "auto" }), () => this.enlarge(), "text");
    const picture = element("img", "", [], { alt: source, loading: "lazy" });
    picture.src = `${image}&size=${IMAGE_PX}`;
    const made = button(picture, () => this.enlarge(), "picture");
    made.title = source;
    return made;
  }

  enlarge() {
    const { image, text, source } = this.about;
    const what = image ? element("img", "large", [], { alt: source, src: `${image}&size=${LARGE_PX}` }) : element("p", "whole", [text], { dir: "auto" });
    const close = button("Close", () => this.gallery.dialog.close(), "plain");
    this.gallery.shows(source || "The item", [what, element("p", "quiet", [source]), close]);
  }

  answerRow({ run_id: runId, class_ids: classIds, confidence, is_right: isRight }) {
    const sign = element("span", isRight ? "right" : "wrong", [isRight ? "✓" : "✗"], { title: isRight ? "Right" : "Wrong" });
    const name = element("span", "run", [this.gallery.data.runs[runId]], { title: this.gallery.data.runs[runId] });
    const score = element("span", "score", [`${Math.round(100 * confidence)} %`], { title: "Confidence" });
    return element("div", "answer", [sign, name, ...this.chips(classIds), score]);
  }

  chips(classIds) {
    if (!classIds.length) return [element("span", "quiet", ["no class"])];
    return classIds.map((id) => element("span", "chip", [this.dot(id), element("span", "name", [this.gallery.nameOf(id)])]));
  }

  dot(classId) {
    const dot = element("i", "dot");
    dot.style.background = this.gallery.classes.get(classId)?.color ?? "transparent";
    return dot;
  }

  stands(now) {
    this.now = now;
    this.draft = null;
    this.paint();
  }

  drafts(draft) {
    this.draft = draft;
    this.paint();
  }

  paint() {
    const { target_ids: targets } = this.about;
    const isLabeled = this.now.status === "labeled";
    const isOther = !isLabeled || String([...this.now.class_ids].sort()) !== String([...targets].sort());
    const stands = isLabeled ? this.chips(this.now.class_ids) : [element("b", "", [{ todo: "no label", deleted: "in the bin" }[this.now.status] ?? this.now.status])];
    const was = [element("span", "changed", ["Label changed since"]), element("span", "quiet", ["was"]), ...this.chips(targets)];
    this.label.replaceChildren(element("span", "quiet", [isLabeled ? "Labeled" : "Now"]), ...stands, ...(isOther ? was : []));
    this.choices.replaceChildren(...this.buttons());
  }

  buttons() {
    if (this.now.status === "deleted") return [];
    const { open, data } = this.gallery;
    const named = new Set([...this.about.target_ids, ...this.about.answers.flatMap((each) => each.class_ids), ...this.now.class_ids, ...(this.draft ?? [])]);
    const near = open.length <= FEW ? open : open.filter((each) => named.has(each.id));
    const made = near.map((each) => this.classButton(each));
    if (near.length < open.length) made.push(button("Other …", () => this.showAll(), "plain"));
    if (data.several && this.draft) made.push(button("Save", () => this.save(), "save"));
    return made;
  }

  classButton({ id, name, key }) {
    const chosen = this.draft ?? new Set(this.now.status === "labeled" ? this.now.class_ids : []);
    const made = button("", () => this.choose(id), "class");
    made.append(...(key ? [element("kbd", "", [key.toUpperCase()])] : []), this.dot(id), element("span", "name", [name]));
    made.setAttribute("aria-pressed", String(chosen.has(id)));
    made.dataset.className = name;
    made.title = name;
    return made;
  }

  choose(classId) {
    if (this.now.status === "deleted") return this.says("It is in the bin. Restore it there first.");
    if (!this.gallery.data.several) {
      this.gallery.dialog.close();
      this.gallery.mending.label(this, [classId]);
    } else {
      const draft = new Set(this.draft ?? (this.now.status === "labeled" ? this.now.class_ids : []));
      if (!draft.delete(classId)) draft.add(classId);
      this.drafts(draft);
      if (this.gallery.dialog.open) this.showAll();
    }
    // Its buttons were made anew.
    if (!this.gallery.dialog.open) this.focus();
  }

  save() {
    this.gallery.dialog.close();
    this.gallery.mending.label(this, [...this.draft]);
    this.focus();
  }

  enter() {
    if (this.draft) this.save();
    else this.enlarge();
  }

  showAll() {
    const { open, data, dialog } = this.gallery;
    const made = open.map((each) => this.classButton(each));
    const sought = element("input", "", [], { type: "search", placeholder: "Find a class", "aria-label": "Find a class", value: this.sought ?? "" });
    const sift = () => {
      this.sought = sought.value;
      for (const each of made) each.hidden = !each.dataset.className.toLowerCase().includes(sought.value.trim().toLowerCase());
    };
    sought.addEventListener("input", sift);
    sift();
    const end = [...(data.several ? [button("Save", () => this.save(), "save")] : []), button("Close", () => dialog.close(), "plain")];
    this.gallery.shows("Label it", [sought, element("div", "all", made), element("div", "choices", end)]);
  }

  says(words, offer = null) {
    this.words.textContent = words;
    this.offers(offer);
  }

  offers(offer) {
    this.offer.replaceChildren(...(offer ? [button(offer[0], offer[1], "plain")] : []));
  }
}
