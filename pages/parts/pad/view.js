// What the pad looks like. Built once; afterwards only what changed is touched. User text goes in as text, never as HTML.

const percent = (share) => `${Math.round(share * 100)} %`;
const number = (count) => count.toLocaleString("en");

function button(label, key, action, className = "") {
  const made = element("button", `wn-button ${className}`, [element("span", "", [label])], { type: "button" });
  if (key) made.append(element("kbd", "wn-key", [key]));
  made.addEventListener("click", action);
  return made;
}

// How long words of what was saved may wait for a quiet moment.
const PAINT_SOON_MS = 300;

// Writing the same words again would still cost a frame.
function put(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

// "24 a minute · about 3 h left"
function paceWords(pace, todo) {
  if (!pace?.per_minute) return "";
  const perMinute = pace.per_minute < 10 ? pace.per_minute.toFixed(1) : number(Math.round(pace.per_minute));
  const minutes = todo / pace.per_minute;
  const left = minutes < 1 ? "under a minute" : minutes < 90 ? `about ${Math.round(minutes)} min` : `about ${number(Math.round(minutes / 60))} h`;
  return todo ? `${perMinute} a minute · ${left} left` : `${perMinute} a minute`;
}

class View {
  constructor(pad) {
    this.pad = pad;
    this.stage = element("div", "wn-stage");
    this.badge = element("span", "wn-badge");
    this.source = element("span", "wn-source");
    this.why = element("p", "wn-why");
    this.classes = element("div", "wn-classes", [], { role: "group", "aria-label": "Classes" });
    this.live = element("div", "wn-hidden", [], { "aria-live": "polite", role: "status" });
    this.alerts = element("div", "wn-alerts", [], { role: "alert" });
    this.note = element("span", "wn-note");
    this.saved = element("span", "wn-saved");
    this.dialog = element("dialog", "wn-dialog");
    this.suggestion = this.suggestionRow();
    const history = button("History", "Shift+H", () => showHistory(this.pad), "wn-plain wn-small");
    this.root = element(
      "section",
      "wn-pad",
      [
        this.topRow(),
        this.alerts,
        element("div", "wn-about", [this.badge, this.source, history]),
        this.why,
        this.stage,
        this.suggestion,
        this.classes,
        this.actionRow(),
        this.live,
        this.dialog,
      ],
      { "data-testid": "label-pad", "data-item-id": "", "data-saved": "true", "aria-label": "Labeling", tabindex: "-1" },
    );
    // A clicked button shall not take the focus: the next Space or Enter is meant for the item.
    this.root.addEventListener("mousedown", (event) => {
      if (!event.target.closest("button") || event.target.closest("dialog")) return;
      event.preventDefault();
      this.focus();
    });
  }

  focus() {
    this.root.focus({ preventScroll: true });
  }

  topRow() {
    this.bar = element("div", "wn-progress", ["labeled", "skipped", "flagged"].map((each) => element("i", `wn-${each}`)), {
      role: "progressbar",
      "aria-valuemin": "0",
      "aria-label": "Labeled items",
    });
    this.counts = element("span", "wn-counts");
    this.pace = element("span", "wn-counts wn-quiet", [], { title: "Your own pace over your last items. Pauses over 30 s do not count." });
    this.order = element("select", "wn-select", [], { "aria-label": "Order" });
    this.order.addEventListener("change", () => pickOrder(this.pad, this.order.value));
    this.showing = button("", "", () => showSuggestions(this.pad, !this.pad.isShowing), "wn-plain");
    this.who = element("span", "wn-who");
    this.gridding = button("Grid", "G", () => this.pad.toggleGrid(), "wn-plain");
    const help = button("Keys", "?", () => this.pad.toggleHelp(), "wn-plain");
    return element("div", "wn-top", [
      element("div", "wn-far", [this.bar, this.counts, this.pace]),
      this.order,
      this.gridding,
      this.showing,
      this.who,
      this.saved,
      help,
    ]);
  }

  suggestionRow() {
    this.guess = element("span", "wn-guess");
    this.accept = button("Accept", "Enter", () => this.pad.accept());
    const many = button("Accept many …", "", () => askAccept(this.pad), "wn-plain wn-always");
    const check = button("Re-check …", "", () => askRecheck(this.pad), "wn-plain wn-always");
    many.title = "Take over all suggestions above a confidence, once you have seen how good they are";
    check.title = "See how far you agree with your own labels";
    this.many = many;
    return element("div", "wn-suggestion", [this.guess, this.accept, element("span", "wn-space"), many, check]);
  }

  actionRow() {
    this.back = button("Back", "←", () => this.pad.step(-1), "wn-walk");
    this.forward = button("Forward", "→", () => this.pad.step(1), "wn-walk");
    this.undoing = button("Undo", "Ctrl+Z", () => this.pad.undo());
    this.clearing = button("Clear", "Del", () => this.pad.clear());
    this.skipping = button("Skip", "Space", () => this.pad.skip());
    this.flagging = button("Flag", "F", () => this.pad.flag());
    this.submitting = button("Save and go on", "Enter", () => this.pad.accept(), "wn-primary");
    const right = element("div", "wn-decide", [this.clearing, this.skipping, this.flagging, this.submitting]);
    return element("div", "wn-actions", [this.back, this.forward, this.undoing, this.note, right]);
  }

  // Classes, orders, switches: when the page says what there is, or somebody chose.
  arrange() {
    const { pad } = this;
    this.byClass = new Map(pad.project.classes.map((each) => [each.id, this.classButton(each)]));
    this.classes.replaceChildren(...Array.from(this.byClass.values(), (each) => each.button));
    this.order.replaceChildren(
      ...ordersOf(pad).map(([value, label]) => element("option", "", [label], { value })),
    );
    this.order.value = pad.order;
    this.submitting.hidden = !pad.project.multi_label;
    this.showing.hidden = this.gridding.hidden = !pad.hasSuggestions;
    this.gridding.setAttribute("aria-pressed", String(pad.grid !== null));
    this.many.hidden = !pad.hasSuggestions || !pad.isShowing;
    this.root.classList.toggle("wn-is-grid", pad.grid !== null);
    this.root.classList.toggle("wn-is-list", pad.order.startsWith(LIST) && pad.grid === null);
    this.showing.firstChild.textContent = pad.isShowing ? "Hide suggestions" : "Show suggestions";
    this.showing.setAttribute("aria-pressed", String(pad.isShowing));
    if (!this.who.contains(document.activeElement)) showWho(this.pad);
  }

  classButton(each) {
    const dot = element("i", "wn-dot");
    dot.style.background = each.color;
    const score = element("span", "wn-score");
    const made = element("button", "wn-class", [element("kbd", "wn-key", [each.key.toUpperCase()])], {
      type: "button",
      "data-class-name": each.name,
      "aria-pressed": "false",
      title: each.description || each.name,
    });
    if (each.key) made.setAttribute("aria-keyshortcuts", each.key);
    made.append(dot, element("span", "wn-name", [each.name]), score);
    made.style.setProperty("--wn-color", each.color);
    made.addEventListener("click", () => this.pad.choose(each.id));
    return { button: made, score, isPressed: false, share: null };
  }

  // The frame that counts: everything here must be cheap, and nothing may ask for a layout.
  paint(entry) {
    const { root, pad } = this;
    root.dataset.itemId = entry.id;
    root.classList.remove("wn-is-over");
    placeItem(this.stage, entry, wordsSought(pad));
    this.source.textContent = entry.source ?? "";
    put(this.why, noteOf(pad, entry));
    this.paintDecision(entry);
    const guess = pad.guessOf(entry);
    this.suggestion.classList.toggle("wn-none", !guess);
    if (guess) this.paintGuess(guess);
    else this.guess.textContent = pad.whyNoGuess();
    put(this.accept.firstChild, isToKeep(entry) ? "Keep" : "Accept");
  }

  paintGuess({ first, second }) {
    const dot = element("i", "wn-dot");
    dot.style.background = first.color;
    const runnerUp = second ? `then ${second.name} ${percent(second.share)}` : "";
    this.guess.replaceChildren(
      "Suggested\u00a0 ",
      dot,
      element("b", "", [first.name]),
      ` ${percent(first.share)} `,
      element("span", "wn-quiet", [runnerUp]),
    );
  }

  paintDecision(entry) {
    const { pad } = this;
    const chosen = pad.chosenOf(entry);
    const guess = pad.guessOf(entry);
    for (const [classId, there] of this.byClass) {
      const isPressed = chosen.has(classId);
      const share = guess && (guess.first.id === classId || guess.second?.id === classId) ? guess.shares[classId] : null;
      const isFirst = guess?.first.id === classId;
      if (there.isPressed !== isPressed) there.button.setAttribute("aria-pressed", String((there.isPressed = isPressed)));
      if (there.isFirst !== isFirst) there.button.classList.toggle("wn-suggested", (there.isFirst = isFirst));
      if (there.share !== share) there.score.textContent = (there.share = share) === null ? "" : percent(share);
    }
    const isDecided = entry.status !== "todo";
    this.badge.textContent = isDecided ? entry.status : "";
    this.badge.className = `wn-badge wn-${entry.status}`;
    this.clearing.disabled = !isDecided;
    this.back.disabled = pad.ahead.cursor === 0;
    this.forward.disabled = pad.ahead.cursor >= pad.ahead.seen;
  }

  // No item to show: because all is done, because more is on its way, or because nobody answers.
  paintOver(title, words, buttons = []) {
    this.root.dataset.itemId = "";
    this.root.classList.add("wn-is-over");
    this.badge.textContent = this.source.textContent = this.why.textContent = "";
    this.back.disabled = this.pad.ahead.cursor === 0;
    this.forward.disabled = this.clearing.disabled = true;
    const rows = [element("h3", "", [title]), element("p", "", [words]), element("div", "wn-next", buttons)];
    this.stage.replaceChildren(element("div", "wn-over", rows));
  }

  // The mark for scripts at once, the words when the eye is not on the next item: a frame drawn between two presses
  // makes the second one wait for its turn.
  savedChanged() {
    this.root.dataset.saved = String(this.pad.outbox.letters.length === 0);
    this.paintSoon();
  }

  paintSoon() {
    this.soon ??= setTimeout(() => this.paintStanding(), PAINT_SOON_MS);
  }

  paintStanding() {
    clearTimeout(this.soon);
    this.soon = null;
    this.paintSaved();
    this.paintProgress();
  }

  paintSaved() {
    const { letters, trouble, isKept } = this.pad.outbox;
    const left = letters.length;
    const isAway = trouble === NO_ANSWER;
    const where = isKept ? "kept in this browser" : "not kept if you close this tab";
    const words = left === 0 ? "Saved" : trouble ? `${isAway ? "Offline" : "Not saved yet"}: ${number(left)} ${where}` : `Saving ${number(left)}`;
    put(this.saved, words);
    this.saved.className = `wn-saved ${left === 0 ? "wn-fine" : trouble ? "wn-trouble" : ""}`;
    this.saved.title = trouble ? `${trouble} Trying again.` : "Every decision is on the disk before it counts as saved.";
  }

  paintProgress() {
    const { items, labeled, skipped, flagged, todo } = this.pad.progress;
    const share = (count) => String(items ? count / items : 0);
    [labeled, skipped, flagged].forEach((count, at) => {
      const { style } = this.bar.children[at];
      if (style.flexGrow !== share(count)) style.flexGrow = share(count);
    });
    this.bar.setAttribute("aria-valuemax", items);
    this.bar.setAttribute("aria-valuenow", labeled);
    const rest = [skipped && `${number(skipped)} skipped`, flagged && `${number(flagged)} flagged`].filter(Boolean);
    const { again } = this.pad;
    if (again) return put(this.counts, `${number(again.total - again.left)} of ${number(again.total)} looked at`);
    put(this.counts, [`${number(labeled)} of ${number(items)} labeled`, ...rest, `${number(todo)} left`].join(" · "));
    put(this.pace, paceWords(this.pad.pace, todo));
  }

  say(words) {
    this.note.textContent = words;
    this.live.textContent = words;
  }

  warn(words) {
    const line = element("div", "wn-alert", [element("span", "", [words])]);
    line.append(button("Close", "", () => line.remove(), "wn-plain"));
    this.alerts.append(line);
  }

  // In the grid the class buttons show what the card with the focus gets.
  paintGridKeys(card) {
    const { root } = this;
    root.classList.remove("wn-is-over");
    this.badge.textContent = "";
    put(this.source, card?.item.source ?? "");
    for (const [classId, there] of this.byClass) {
      const isPressed = card !== undefined && !card.isOut && card.chosen.has(classId);
      if (there.isPressed !== isPressed) there.button.setAttribute("aria-pressed", String((there.isPressed = isPressed)));
      there.share = null;
      put(there.score, "");
      if (there.isFirst) there.button.classList.toggle("wn-suggested", (there.isFirst = false));
    }
  }
}

function spoken(entry, note, guess) {
  const item = entry.text?.slice(0, 200) ?? entry.source ?? `Item ${entry.id}`;
  const said = guess ? `Suggested ${guess.first.name}, ${percent(guess.first.share)}` : "";
  return [item, note, said].filter(Boolean).join(". ");
}
