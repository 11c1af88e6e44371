// One pad on one page: what a key or a click does.

const SURE_ENOUGH = 0.5;
const LONGEST_LOOK_S = 3600;
const MOST_REVIEWED = 200;
const STATUS_AFTER = { label: "labeled", skip: "skipped", flag: "flagged", clear: "todo" };

class Pad {
  constructor(project, go) {
    this.project = project;
    this.go = go;
    this.outbox = outboxOf(project.id, project.key);
    this.outbox.listener = this;
    this.annotator = remembered("annotator", "me");
    this.knowsAnnotator = remembered("annotator", null) !== null;
    // The items of this tab stay held by the name that it was opened with, so that another name loses none of them.
    this.holder = this.annotator;
    this.order = project.asked?.order ?? remembered(`order/${project.key}`, "sequential");
    this.isShowing = !project.blind;
    this.progress = { ...project.progress };
    this.pace = null;
    this.haveCome = false;
    // {order, name, total, left} where decided items come again.
    this.again = null;
    this.decisions = new Decisions(this);
    this.ahead = new Ahead(this);
    // The grid while it is open.
    this.grid = null;
    this.view = new View(this);
    this.arrange();
    this.view.savedChanged();
    this.outbox.pump();
    this.show();
    this.ahead.fill();
    this.holding = setInterval(() => this.holdAgain(), HOLD_AGAIN_MS);
  }

  end() {
    clearInterval(this.holding);
    if (this.outbox.listener === this) this.outbox.listener = null;
    this.letGo();
  }

  letGo() {
    hold(this.project.id, this.holder, []);
  }

  holdAgain() {
    return tab.inTurn(async () => {
      // What came just before is in its place by then.
      await new Promise((resolve) => setTimeout(resolve));
      const held = [...this.ahead.held(), ...(this.grid?.held() ?? [])];
      const lost = await hold(this.project.id, this.holder, held, this.ahead.heldAgain());
      if (lost?.length) this.ahead.drop(lost);
    });
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
    if (!ordersOf(this).some(([value]) => value === this.order)) this.order = "sequential";
    this.view.arrange();
    this.view.paintStanding();
  }

  // The page ran again: classes or suggestions may be others now.
  update(project) {
    const isNewSet = project.suggestion_set !== this.project.suggestion_set;
    const isOtherwise = project.blind !== this.project.blind;
    const isAsked = project.asked && project.asked.order !== this.project.asked?.order;
    this.project = project;
    if (isAsked) [this.order, this.again] = [project.asked.order, null];
    if (isOtherwise) this.isShowing = !project.blind;
    if (this.outbox.letters.length === 0) this.progress = { ...project.progress };
    this.arrange();
    if ((isNewSet || isAsked) && !this.ahead.asked) this.ahead.restart();
    // There may be new data.
    this.ahead.isEnd = this.ahead.asked !== null;
    this.show();
    this.ahead.fill();
  }

  chooseOrder(order) {
    [this.order, this.again] = [order, order === this.order ? this.again : null];
    remember(`order/${this.project.key}`, order);
    forgetAskedOrder();
    this.view.arrange();
    if (this.ahead.asked) this.ahead.goOn();
    else this.ahead.restart();
    this.show();
    this.ahead.fill();
  }

  guessOf(entry) {
    const said = this.isShowing && !entry.isBlind ? entry.suggestion : null;
    if (!said || !this.classes.has(said.class_id)) return null;
    const ranked = Object.entries(said.scores)
      .filter(([id]) => this.classes.has(Number(id)))
      .sort((a, b) => b[1] - a[1])
      .map(([id, share]) => ({ ...this.classes.get(Number(id)), share }));
    return { first: ranked[0], second: ranked[1], shares: said.scores };
  }

  whyNoGuess() {
    const { current, cursor, entries } = this.ahead;
    if (current && isToKeep(current)) return "Press another class, or Enter to keep it";
    if (current?.isBlind) return `Answer without a suggestion · ${cursor + 1} of ${entries.length}`;
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
    if (this.grid) return this.grid.choose(classId);
    const entry = this.ahead.current;
    if (!entry) return;
    if (!this.project.multi_label) return this.decide("label", [classId]);
    const chosen = new Set(this.chosenOf(entry));
    if (!chosen.delete(classId)) chosen.add(classId);
    entry.draft = chosen;
    this.view.paintDecision(entry);
  }

  accept() {
    if (this.grid) return this.grid.accept();
    const entry = this.ahead.current;
    if (!entry) return;
    if (isToKeep(entry) && !entry.draft) return keep(this, entry);
    if (this.project.multi_label) return this.decide("label", [...this.chosenOf(entry)]);
    if (entry.status === "labeled") return this.step(1);
    const guess = this.guessOf(entry);
    if (guess) this.decide("label", [guess.first.id]);
    else this.view.say("There is no suggestion to accept. Press the key of a class.");
  }

  skip() {
    if (this.grid) return this.grid.leaveOut();
    this.decide("skip");
  }

  flag() {
    if (!this.grid) this.decide("flag");
  }

  clear() {
    if (!this.grid && this.ahead.current?.status !== "todo" && !this.ahead.current?.isCheck) this.decide("clear", [], 0);
  }

  decide(action, classIds = [], goOn = 1) {
    const entry = this.ahead.current;
    if (!entry) return;
    // A label stands, whatever a second look says; leaving the second look out says nothing.
    if (entry.isCheck && action === "skip") return this.forward();
    const event = {
      event_id: newId(),
      item_id: entry.id,
      action: entry.isCheck && action === "label" ? "check" : action,
      class_ids: classIds,
      seconds: Math.min((performance.now() - this.shownAt) / 1000, LONGEST_LOOK_S),
      ...this.shownOf(entry),
    };
    // What was there before a second look is not known here.
    if (!entry.isCheck) event.over = entry.over;
    const before = { status: entry.status, class_ids: entry.class_ids, over: entry.over };
    const after = { status: STATUS_AFTER[action], class_ids: action === "flag" ? entry.class_ids : classIds, over: event.event_id };
    if (entry.isAgain) [before.isAgain, after.isAgain] = [true, false];
    this.decisions.add(event.event_id, [{ entry, before, after }]);
    // Before anything is painted: an error there must not lose it.
    this.outbox.put(this.annotator, "event", event);
    this.ahead.move(this.ahead.cursor + goOn);
    this.ahead.sinceFresh += 1;
    this.view.note.textContent = "";
    this.show();
  }

  // What the person saw, for the history of the item: it may be another suggestion by the time that this arrives.
  shownOf(entry) {
    const guess = this.guessOf(entry);
    if (!guess) return {};
    const { id, share } = guess.first;
    return { suggestion_id: entry.suggestion.id, suggested: { class_id: id, confidence: share, is_hidden: false } };
  }

  forward() {
    this.ahead.move(this.ahead.cursor + 1);
    this.show();
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

  toggleGrid() {
    if (this.grid) this.endGrid();
    else this.grid = openGrid(this);
    this.view.arrange();
    this.show();
    this.ahead.fill();
  }

  endGrid() {
    this.grid.end();
    this.grid = null;
    if (this.ahead.asked) return;
    this.ahead.passDecided();
    // What was taken back in the grid is to come again.
    this.ahead.isEnd = false;
  }

  // From the outbox.
  changed() {
    this.view.savedChanged();
  }

  answered(batch, answer, rejected) {
    if (answer.progress && this.outbox.letters.length === 0) this.progress = { ...answer.progress };
    if (answer.pace) this.pace = answer.pace;
    this.view.paintSoon();
    if (rejected.length) this.decisions.refused(rejected);
    answer.conflicts?.forEach((each) => this.decisions.met(each));
    const { kind } = batch[0];
    if ((kind === "undo" || kind === "redo") && !answer.refused) this.decisions.answered(batch[0], answer);
    this.grid?.answered(kind);
    // What was taken back is to do again.
    if (kind !== "event" && !this.ahead.asked) this.ahead.isEnd = false;
    this.ahead.fill();
  }

  // From the items ahead.
  filled() {
    if (this.view.root.dataset.itemId === "") this.show();
    else this.ahead.draw();
  }

  show() {
    if (this.grid) return this.grid.show();
    const entry = this.ahead.current;
    if (entry !== this.shown) this.shownAt = performance.now();
    this.shown = entry;
    if (entry) this.view.paint(entry);
    else over(this);
    setTimeout(() => this.afterPaint(entry));
  }

  afterPaint(entry) {
    this.view.paintStanding();
    if (entry !== this.ahead.current || this.grid) return;
    if (entry) this.view.live.textContent = spoken(entry, noteOf(this, entry), this.guessOf(entry));
    this.ahead.draw();
    this.ahead.fill();
  }

  // Decided items of this status, to be gone through once more.
  async review(status) {
    try {
      const response = await fetch(`/api/projects/${this.project.id}/items?status=${status}&limit=${MOST_REVIEWED}`);
      this.ahead.only((await response.json()).items);
      this.show();
    } catch {
      this.view.say("The server does not answer. Try again.");
    }
  }

  toggleHelp() {
    toggleDialog(this.view.dialog, "Keys", () => helpOf(this));
  }
}
