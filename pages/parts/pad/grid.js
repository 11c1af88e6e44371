// The grid: many items that share a suggested class. Enter accepts all, a click or a key makes exceptions.

const CARDS = { image: 24, text: 12 };
const CARD_IMAGE = 320;
const CARD_LETTERS = 600;

function openGrid(pad) {
  const isHidden = !pad.isShowing || pad.ahead.current?.isBlind;
  if (!pad.hasSuggestions || isHidden) {
    pad.view.say(isHidden ? "The grid would show what is hidden." : "The grid needs suggestions. They are made below.");
    return null;
  }
  const guess = pad.ahead.current && pad.guessOf(pad.ahead.current);
  return new Grid(pad, guess?.first.id ?? pad.project.classes[0].id);
}

class Grid {
  constructor(pad, classId) {
    this.pad = pad;
    this.classId = classId;
    this.cards = [];
    // The page after this one, fetched while this one is looked at.
    this.next = null;
    this.at = 0;
    this.state = "loading";
    this.turn = 0;
    // They stay to be done, but do not come again while the grid is open.
    this.leftOut = new Set();
    this.root = element("div", "wn-grid", [], { role: "listbox", "aria-multiselectable": "true", "aria-label": "Items that share a suggestion" });
    this.words = element("span", "wn-grid-words");
    this.which = element("select", "wn-select", [], { "aria-label": "Suggested class" });
    this.which.append(...pad.project.classes.map((each) => element("option", "", [each.name], { value: each.id })));
    this.which.value = classId;
    this.which.addEventListener("change", () => this.showClass(Number(this.which.value)));
    this.accepting = button("Accept all", "Enter", () => this.accept(), "wn-primary");
    const bar = element("div", "wn-grid-bar", ["Suggested ", this.which, this.words, this.accepting]);
    this.panel = element("div", "wn-grid-panel", [bar, this.root]);
    this.load();
  }

  get name() {
    return this.pad.classes.get(this.classId)?.name ?? "";
  }

  showClass(classId) {
    this.classId = classId;
    this.pad.view.focus();
    this.load();
  }

  held() {
    return [...this.cards, ...(this.next ?? [])].map((card) => card.item.id);
  }

  async load() {
    const turn = (this.turn += 1);
    this.state = "loading";
    this.cards = [];
    this.next = null;
    this.show();
    const found = await this.fetch(new Set());
    if (turn === this.turn) this.turnTo(found);
  }

  async fetch(shown) {
    const without = new Set([...shown, ...this.leftOut, ...this.pad.outbox.itemIds()]);
    const found = await this.pad.ahead.fetch(`sure:${this.name}`, CARDS[this.pad.project.kind], without);
    return Array.isArray(found) ? found.map((item) => this.cardOf(item)) : found;
  }

  turnTo(found) {
    this.state = found === null ? "away" : found.error ? "trouble" : found.length ? "ready" : "none";
    this.trouble = found?.error;
    this.cards = this.state === "ready" ? found : [];
    this.at = 0;
    this.show();
    if (this.state !== "ready") return;
    const later = this.fit();
    this.look(later);
  }

  // Nobody shall accept what they did not see: what does not fit comes with the next page.
  fit() {
    const { clientHeight } = this.root;
    const fitting = this.cards.filter(({ root }) => root.offsetTop - this.root.offsetTop + root.offsetHeight <= clientHeight);
    const later = this.cards.splice(Math.max(fitting.length, this.columns));
    if (later.length) this.show();
    return later;
  }

  // Ahead, so that the next page is there with the key.
  async look(later) {
    const turn = this.turn;
    const found = await this.fetch(new Set([...this.cards, ...later].map((card) => card.item.id)));
    if (turn === this.turn && Array.isArray(found)) this.next = [...later, ...found].slice(0, CARDS[this.pad.project.kind]);
  }

  cardOf(item) {
    const chips = element("div", "wn-card-chips");
    const root = element("button", "wn-card", [cardFace(item), chips], { type: "button", role: "option", tabindex: "-1", "data-card-id": item.id });
    const card = { item, root, chips, isOut: false, chosen: this.proposed(item) };
    root.addEventListener("click", () => {
      this.at = this.cards.indexOf(card);
      this.leaveOut();
    });
    return card;
  }

  proposed(item) {
    if (!this.pad.project.multi_label) return new Set([this.classId]);
    const shares = item.suggestion?.scores ?? {};
    return new Set([this.classId, ...Array.from(this.pad.classes.keys()).filter((id) => shares[id] >= SURE_ENOUGH)]);
  }

  get current() {
    return this.cards[this.at];
  }

  // The key of a class: an exception for the card that has the focus.
  choose(classId) {
    const card = this.current;
    if (!card) return;
    card.isOut = false;
    if (!this.pad.project.multi_label) card.chosen = new Set([classId]);
    else if (!card.chosen.delete(classId)) card.chosen.add(classId);
    this.paint();
  }

  leaveOut() {
    const card = this.current;
    if (!card) return;
    card.isOut = !card.isOut;
    this.paint();
  }

  step(by) {
    if (!this.cards.length) return;
    this.at = Math.max(0, Math.min(this.cards.length - 1, this.at + by));
    this.paint();
    this.current.root.scrollIntoView({ block: "nearest" });
  }

  // As many cards as stand in a row: a step up or down.
  get columns() {
    const top = this.cards[0]?.root.offsetTop;
    return this.cards.filter((card) => card.root.offsetTop === top).length;
  }

  accept() {
    const { pad } = this;
    const taken = this.cards.filter((card) => !card.isOut);
    if (this.state !== "ready") return;
    if (taken.length) this.send(taken);
    else pad.view.say("Every item is left out. They stay to be done.");
    this.cards.filter((card) => card.isOut).forEach((card) => this.leftOut.add(card.item.id));
    const { next } = this;
    this.next = null;
    this.turn += 1;
    if (next?.length) this.turnTo(next);
    else this.load();
  }

  send(taken) {
    const { pad } = this;
    const eventId = newId();
    const changes = taken.map(({ item, chosen }) => ({
      entry: pad.ahead.known.get(item.id) ?? item,
      before: { status: item.status, class_ids: item.class_ids, over: item.over },
      after: { status: "labeled", class_ids: [...chosen], over: `${eventId}/${item.id}` },
    }));
    pad.ahead.drop(taken.map(({ item }) => item.id));
    pad.decisions.add(eventId, changes);
    const items = taken.map(({ item, chosen }) => ({
      item_id: item.id,
      class_ids: [...chosen],
      over: item.over,
      suggested: { class_id: item.suggestion.class_id, confidence: item.suggestion.confidence, is_hidden: false },
    }));
    pad.outbox.put(pad.annotator, "bulk", { event_id: eventId, items });
    pad.view.say(`Labeled ${number(taken.length)} ${taken.length === 1 ? "item" : "items"}. Ctrl+Z takes it back.`);
    pad.view.paintStanding();
  }

  // What was taken back is to do again, and stands here again.
  answered(kind) {
    if (kind === "undo" || kind === "redo") this.load();
  }

  show() {
    const { view } = this.pad;
    view.stage.replaceChildren(this.panel);
    const words = {
      loading: "Getting the items …",
      away: "The server does not answer. What you decided is kept in this browser.",
      none: `No ${this.leftOut.size ? "other " : ""}item still to do is suggested to be ${this.name}. Choose another class, or press G to go back.`,
      trouble: this.trouble ? `${this.trouble.message} ${this.trouble.hint}` : "",
    }[this.state];
    this.root.replaceChildren(...(words ? [element("p", "wn-quiet", [words])] : this.cards.map((card) => card.root)));
    this.paint();
  }

  paint() {
    const { pad } = this;
    pad.view.root.dataset.itemId = this.current?.item.id ?? "";
    this.cards.forEach((card, at) => this.paintCard(card, at === this.at));
    const taken = this.cards.filter((card) => !card.isOut).length;
    this.words.textContent = taken === this.cards.length ? "" : `${this.cards.length - taken} left out`;
    this.accepting.firstChild.textContent = taken === 1 ? "Accept 1 item" : `Accept ${taken} items`;
    this.accepting.disabled = !this.cards.length;
    this.which.value = this.classId;
    pad.view.paintGridKeys(this.current);
  }

  paintCard({ root, chips, item, isOut, chosen }, isAt) {
    root.classList.toggle("wn-card-at", isAt);
    root.classList.toggle("wn-card-out", isOut);
    root.classList.toggle("wn-card-other", !isOut && !(chosen.size === 1 && chosen.has(this.classId)));
    root.setAttribute("aria-selected", String(!isOut));
    const share = item.suggestion?.scores[this.classId];
    const names = isOut ? ["left out"] : [...chosen].map((id) => chipOf(this.pad.classes, id));
    chips.replaceChildren(...(names.length ? names : ["no class"]), element("span", "wn-score", [share === undefined ? "" : percent(share)]));
    if (isAt) this.pad.view.live.textContent = `${nameOf(item)}. ${isOut ? "Left out" : [...chosen].map((id) => this.pad.classes.get(id)?.name).join(", ")}`;
  }

  end() {
    this.turn += 1;
    this.panel.remove();
  }
}

function cardFace(item) {
  if (item.kind !== "image") {
    return element("span", "wn-card-text", [(item.text ?? "").slice(0, CARD_LETTERS)], { dir: "auto" });
  }
  const picture = element("img", "wn-card-picture", [], { alt: item.source || `Image ${item.id}`, draggable: "false" });
  picture.src = `${item.image}&size=${CARD_IMAGE}`;
  return picture;
}
