// What the pad looks like. Built once; afterwards only what changed is touched. User text goes in as text, never as HTML.

const percent = (share) => `${Math.round(share * 100)} %`;
const number = (count) => count.toLocaleString("en");

function element(tag, className = "", children = [], attributes = {}) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function button(label, key, action, className = "") {
  const made = element("button", `wn-button ${className}`, [element("span", "", [label])], { type: "button" });
  if (key) made.append(element("kbd", "wn-key", [key]));
  made.addEventListener("click", action);
  return made;
}

class View {
  constructor(pad) {
    this.pad = pad;
    this.stage = element("div", "wn-stage");
    this.badge = element("span", "wn-badge");
    this.source = element("span", "wn-source");
    this.classes = element("div", "wn-classes", [], { role: "group", "aria-label": "Classes" });
    this.live = element("div", "wn-hidden", [], { "aria-live": "polite", role: "status" });
    this.alerts = element("div", "wn-alerts", [], { role: "alert" });
    this.note = element("span", "wn-note");
    this.saved = element("span", "wn-saved");
    this.help = element("dialog", "wn-help", [], { "aria-label": "Keys" });
    this.suggestion = this.suggestionRow();
    this.root = element(
      "section",
      "wn-pad",
      [
        this.topRow(),
        this.alerts,
        element("div", "wn-about", [this.badge, this.source]),
        this.stage,
        this.suggestion,
        this.classes,
        this.actionRow(),
        this.live,
        this.help,
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
    this.order = element("select", "wn-select", [], { "aria-label": "Order" });
    this.order.addEventListener("change", () => {
      this.pad.chooseOrder(this.order.value);
      this.focus();
    });
    this.showing = button("", "", () => this.pad.showSuggestions(!this.pad.isShowing), "wn-plain");
    this.who = element("span", "wn-who");
    const help = button("Keys", "?", () => this.pad.toggleHelp(), "wn-plain");
    return element("div", "wn-top", [
      element("div", "wn-far", [this.bar, this.counts]),
      this.order,
      this.showing,
      this.who,
      this.saved,
      help,
    ]);
  }

  suggestionRow() {
    this.guess = element("span", "wn-guess");
    this.accept = button("Accept", "Enter", () => this.pad.accept());
    return element("div", "wn-suggestion", [this.guess, this.accept]);
  }

  actionRow() {
    this.back = button("Back", "←", () => this.pad.step(-1));
    this.forward = button("Forward", "→", () => this.pad.step(1));
    this.undoing = button("Undo", "Ctrl+Z", () => this.pad.undo());
    this.clearing = button("Clear", "Del", () => this.pad.clear());
    this.skipping = button("Skip", "Space", () => this.pad.decide("skip"));
    this.flagging = button("Flag", "F", () => this.pad.decide("flag"));
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
      ...pad.orders().map(([value, label]) => element("option", "", [label], { value })),
    );
    this.order.value = pad.order;
    this.submitting.hidden = !pad.project.multi_label;
    this.showing.hidden = !pad.hasSuggestions;
    this.showing.firstChild.textContent = pad.isShowing ? "Hide suggestions" : "Show suggestions";
    this.showing.setAttribute("aria-pressed", String(pad.isShowing));
    if (!this.who.contains(document.activeElement)) this.arrangeWho();
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

  arrangeWho(isAsking = !this.pad.knowsAnnotator) {
    if (!isAsking) {
      const change = button(`Labeling as ${this.pad.annotator}`, "", () => this.arrangeWho(true), "wn-plain");
      change.title = "Change the name";
      return this.who.replaceChildren(change);
    }
    const name = element("input", "wn-input", [], { "aria-label": "Your name", maxlength: "100", value: this.pad.annotator });
    const keep = () => this.pad.nameAnnotator(name.value);
    name.addEventListener("keydown", (event) => {
      if (event.key === "Enter") keep();
    });
    this.who.replaceChildren("Your name ", name, button("OK", "", keep, "wn-plain"));
    if (this.pad.knowsAnnotator) name.select();
  }

  // The frame that counts: everything here must be cheap, and nothing may ask for a layout.
  paint(entry) {
    const { root, pad } = this;
    root.dataset.itemId = entry.id;
    root.classList.remove("wn-is-over");
    this.stage.replaceChildren(nodeOf(entry));
    this.source.textContent = entry.source ?? "";
    this.paintDecision(entry);
    const guess = pad.guessOf(entry);
    this.suggestion.classList.toggle("wn-none", !guess);
    if (guess) this.paintGuess(guess);
    else this.guess.textContent = pad.whyNoGuess();
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
    this.badge.textContent = this.source.textContent = "";
    this.back.disabled = this.pad.ahead.cursor === 0;
    this.forward.disabled = this.clearing.disabled = true;
    const rows = [element("h3", "", [title]), element("p", "", [words]), element("div", "wn-next", buttons)];
    this.stage.replaceChildren(element("div", "wn-over", rows));
  }

  paintSaved() {
    const { letters, trouble, isKept } = this.pad.outbox;
    const left = letters.length;
    this.root.dataset.saved = String(left === 0);
    const where = isKept ? "kept in this browser" : "not kept if you close this tab";
    const words = left === 0 ? "Saved" : trouble ? `Offline: ${number(left)} ${where}` : `Saving ${number(left)}`;
    this.saved.textContent = words;
    this.saved.className = `wn-saved ${left === 0 ? "wn-fine" : trouble ? "wn-trouble" : ""}`;
    this.saved.title = trouble ? `${trouble} Trying again.` : "Every decision is on the disk before it counts as saved.";
  }

  paintProgress({ items, labeled, skipped, flagged }) {
    const share = (count) => (items ? count / items : 0);
    [labeled, skipped, flagged].forEach((count, at) => (this.bar.children[at].style.flexGrow = share(count)));
    this.bar.setAttribute("aria-valuemax", items);
    this.bar.setAttribute("aria-valuenow", labeled);
    const rest = [skipped && `${number(skipped)} skipped`, flagged && `${number(flagged)} flagged`].filter(Boolean);
    this.counts.textContent = [`${number(labeled)} of ${number(items)} labeled`, ...rest].join(" · ");
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
}
