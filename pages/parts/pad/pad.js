// One pad on one page: what a key or a click does.

const SURE_ENOUGH = 0.5;
const LONGEST_LOOK_S = 3600;
const MOST_REVIEWED = 200;
const STATUS_AFTER = { label: "labeled", skip: "skipped", flag: "flagged", clear: "todo" };

function remembered(name, otherwise) {
  try {
    return localStorage.getItem(`winnow/${name}`) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(`winnow/${name}`, value);
  } catch {
    // A browser that keeps nothing still labels; the choice lasts until the tab is closed.
  }
}

class Pad {
  constructor(project, go) {
    this.project = project;
    this.go = go;
    this.outbox = outboxOf(project.id, project.key);
    this.outbox.listener = this;
    this.annotator = remembered("annotator", "me");
    this.knowsAnnotator = remembered("annotator", null) !== null;
    this.order = remembered(`order/${project.key}`, "sequential");
    this.isShowing = remembered(`showing/${project.key}`, "yes") === "yes";
    this.progress = { ...project.progress };
    this.haveCome = false;
    this.decisions = new Decisions(this);
    this.ahead = new Ahead(this);
    this.view = new View(this);
    this.arrange();
    this.view.paintSaved();
    this.outbox.pump();
    this.show();
    this.ahead.fill();
  }

  get hasSuggestions() {
    return this.project.suggestion_set !== null || this.haveCome;
  }

  // They begin by themselves after a few labels, while the page stays as it is.
  suggestionsCame() {
    if (this.hasSuggestions) return;
    this.haveCome = true;
    this.view.arrange();
  }

  arrange() {
    this.byKey = new Map(this.project.classes.filter((each) => each.key).map((each) => [each.key, each.id]));
    this.classes = new Map(this.project.classes.map((each) => [each.id, each]));
    if (!this.orders().some(([value]) => value === this.order)) this.order = "sequential";
    this.view.arrange();
    this.view.paintProgress(this.progress);
  }

  orders() {
    const always = [["sequential", "In order"], ["random", "Shuffled"]];
    if (!this.hasSuggestions) return always;
    const byClass = this.project.classes.map((each) => [`class:${each.name}`, `Suggested ${each.name}`]);
    return [...always, ["uncertain", "Least sure first"], ...byClass];
  }

  // The page ran again: classes or suggestions may be others now.
  update(project) {
    const isNewSet = project.suggestion_set !== this.project.suggestion_set;
    this.project = project;
    if (this.outbox.letters.length === 0) this.progress = { ...project.progress };
    this.arrange();
    if (isNewSet) this.ahead.restart();
    // There may be new data.
    this.ahead.isEnd = false;
    this.show();
    this.ahead.fill();
  }

  chooseOrder(order) {
    this.order = order;
    remember(`order/${this.project.key}`, order);
    this.ahead.restart();
    this.show();
    this.ahead.fill();
  }

  showSuggestions(isShowing) {
    this.isShowing = isShowing;
    remember(`showing/${this.project.key}`, isShowing ? "yes" : "no");
    this.view.arrange();
    this.show();
  }

  nameAnnotator(name) {
    this.annotator = name.trim() || "me";
    this.knowsAnnotator = true;
    remember("annotator", this.annotator);
    this.decisions.forget();
    this.view.arrangeWho();
    this.view.focus();
  }

  guessOf(entry) {
    const said = this.isShowing ? entry.suggestion : null;
    if (!said || !this.classes.has(said.class_id)) return null;
    const ranked = Object.entries(said.scores)
      .filter(([id]) => this.classes.has(Number(id)))
      .sort((a, b) => b[1] - a[1])
      .map(([id, share]) => ({ ...this.classes.get(Number(id)), share }));
    return { first: ranked[0], second: ranked[1], shares: said.scores };
  }

  whyNoGuess() {
    if (!this.hasSuggestions) return "No suggestions yet. They are made below.";
    return this.isShowing ? "No suggestion for this item" : "Suggestions are hidden";
  }

  // What the buttons show as chosen: the decision, what was chosen so far, or what a suggestion proposes.
  chosenOf(entry) {
    if (entry.draft) return entry.draft;
    if (entry.status !== "todo" || !this.project.multi_label) return new Set(entry.class_ids);
    const shares = this.guessOf(entry)?.shares ?? {};
    return new Set(Array.from(this.classes.keys()).filter((id) => shares[id] >= SURE_ENOUGH));
  }

  choose(classId) {
    const entry = this.ahead.current;
    if (!entry) return;
    if (!this.project.multi_label) return this.decide("label", [classId]);
    const chosen = new Set(this.chosenOf(entry));
    if (!chosen.delete(classId)) chosen.add(classId);
    entry.draft = chosen;
    this.view.paintDecision(entry);
  }

  accept() {
    const entry = this.ahead.current;
    if (!entry) return;
    if (this.project.multi_label) return this.decide("label", [...this.chosenOf(entry)]);
    if (entry.status === "labeled") return this.step(1);
    const guess = this.guessOf(entry);
    if (guess) this.decide("label", [guess.first.id]);
    else this.view.say("There is no suggestion to accept. Press the key of a class.");
  }

  clear() {
    if (this.ahead.current?.status !== "todo") this.decide("clear", [], 0);
  }

  decide(action, classIds = [], goOn = 1) {
    const entry = this.ahead.current;
    if (!entry) return;
    const event = {
      event_id: newId(),
      item_id: entry.id,
      action,
      class_ids: classIds,
      seconds: Math.min((performance.now() - this.shownAt) / 1000, LONGEST_LOOK_S),
      suggestion_id: (this.isShowing && entry.suggestion?.id) || null,
    };
    const before = { status: entry.status, class_ids: entry.class_ids };
    const after = { status: STATUS_AFTER[action], class_ids: action === "flag" ? entry.class_ids : classIds };
    this.decisions.add(entry, before, after, event.event_id);
    this.ahead.move(this.ahead.cursor + goOn);
    this.ahead.sinceFresh += 1;
    this.show();
    this.view.note.textContent = "";
    this.outbox.put(this.annotator, "event", event);
  }

  step(by) {
    if (this.ahead.cursor + by > this.ahead.seen) return;
    this.ahead.move(this.ahead.cursor + by);
    this.show();
  }

  undo() {
    this.decisions.undo();
  }

  redo() {
    this.decisions.redo();
  }

  // From the outbox.
  changed() {
    this.view.paintSaved();
  }

  answered(batch, answer, rejected) {
    if (answer.progress && this.outbox.letters.length === 0) this.progress = { ...answer.progress };
    this.view.paintProgress(this.progress);
    rejected.forEach((each) => this.decisions.refused(each));
    if (batch[0].kind !== "event" && !answer.refused) this.decisions.answered(batch[0], answer);
    this.ahead.fill();
  }

  // From the items ahead.
  filled() {
    if (this.view.root.dataset.itemId === "") this.show();
    else this.ahead.draw();
  }

  show() {
    const entry = this.ahead.current;
    if (entry !== this.shown) this.shownAt = performance.now();
    this.shown = entry;
    if (entry) this.view.paint(entry);
    else this.over();
    setTimeout(() => this.afterPaint(entry));
  }

  afterPaint(entry) {
    this.view.paintProgress(this.progress);
    if (entry !== this.ahead.current) return;
    if (entry) this.view.live.textContent = spoken(entry, this.guessOf(entry));
    this.ahead.draw();
    this.ahead.fill();
  }

  over() {
    const { skipped, flagged, todo } = this.progress;
    const again = button("Look again", "", () => this.chooseOrder(this.order));
    if (this.ahead.isAway) return this.view.paintOver("The server does not answer", "Your decisions are kept in this browser and sent as soon as it is back.");
    if (!this.ahead.isEnd) return this.view.paintOver("", "Getting the next items …");
    if (todo > 0 && this.order.startsWith("class:")) {
      const inOrder = button("Go on in order", "", () => this.chooseOrder("sequential"), "wn-primary");
      return this.view.paintOver("Nothing left here", `No item still to do is suggested to be ${this.order.slice(6)}.`, [inOrder]);
    }
    const rest = [skipped && `${number(skipped)} skipped`, flagged && `${number(flagged)} flagged`].filter(Boolean);
    const words = rest.length ? `Every item has a decision; ${rest.join(" and ")}.` : "Every item has a label.";
    const reviews = ["skipped", "flagged"].filter((status) => this.progress[status] > 0);
    const look = reviews.map((status) => button(`Go through the ${status} ones`, "", () => this.review(status)));
    const train = button("Train a model", "", () => this.go("train"), "wn-primary");
    this.view.paintOver("All done", words, [train, ...look, button("Add data", "", () => this.go("data")), again]);
  }

  async review(status) {
    try {
      const response = await fetch(`/api/projects/${this.project.id}/items?status=${status}&limit=${MOST_REVIEWED}`);
      this.ahead.review((await response.json()).items);
      this.show();
    } catch {
      this.view.say("The server does not answer. Try again.");
    }
  }

  toggleHelp() {
    const { help } = this.view;
    if (help.open) return help.close();
    help.replaceChildren(...helpOf(this));
    help.showModal();
  }
}

function spoken(entry, guess) {
  const item = entry.text?.slice(0, 200) ?? entry.source ?? `Item ${entry.id}`;
  return guess ? `${item}. Suggested ${guess.first.name}, ${percent(guess.first.share)}` : item;
}
