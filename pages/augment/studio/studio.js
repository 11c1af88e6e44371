// The studio of one project: what it holds, and what follows from a change.

class Studio {
  constructor(data, go) {
    this.project = data.project;
    this.kind = data.kind;
    this.go = go;
    this.state = keptState(data.project, data.kind);
    this.past = new Past();
    this.recipes = [];
    this.presets = [];
    this.transforms = [];
    this.byName = new Map();
    this.run = null;
    this.shownCount = 0;
    this.asking = new Asking(data.project, this);
    this.dialog = element("dialog");
    this.shelf = new Shelf(this);
    this.list = new Steps(this);
    this.grid = new Grid(this);
    this.controls = new Controls(this);
    drawStudio(this);
    this.update(data);
    this.begin();
  }

  // What there is to choose from. Until somebody answers there is nothing to show.
  async begin() {
    this.grid.wait(ROWS, this.state.samples + 1);
    try {
      const [catalogue, recipes] = await Promise.all([call("GET", "/transforms"), listed("/recipes")]);
      this.transforms = catalogue.items.filter((each) => each.kind === this.kind);
      this.presets = catalogue.presets.filter((each) => each.kind === this.kind);
      this.recipes = recipes.filter((each) => each.kind === null || each.kind === this.kind);
    } catch (error) {
      this.failed(error instanceof Away ? `${AWAY} Trying again …` : inWords(error));
      this.again = setTimeout(() => this.begin(), AGAIN_MS);
      return;
    }
    this.byName = new Map(this.transforms.map((each) => [each.name, each]));
    this.isReady = true;
    this.shelf.arrange();
    if (this.asked?.recipe) this.take(`recipe:${this.asked.recipe}`);
    const known = this.state.steps?.every((step) => this.byName.has(step.transform));
    if (!known) this.take(this.state.loaded);
    if (!this.state.steps) this.take(`preset:${FIRST[this.kind]}`);
    this.changed();
  }

  // The page ran again; its address may ask for something else by now.
  update(data) {
    this.bases = data.bases;
    this.controls.arrange(data.bases);
    const asked = JSON.stringify(data.asked);
    if (asked === this.askedBefore) return;
    this.askedBefore = asked;
    this.asked = data.asked;
    const { run, items, epoch, recipe } = data.asked;
    this.run = run ?? null;
    this.runSteps = run?.steps.map(numbered) ?? [];
    const ids = items ?? run?.items;
    if (ids) Object.assign(this.state, { rows: "chosen", ids });
    if (ids || epoch !== undefined) this.state.epoch = epoch ?? 0;
    if (this.isReady && recipe) this.take(`recipe:${recipe}`);
    if (this.isReady) this.changed();
  }

  get steps() {
    return this.run ? this.runSteps : (this.state.steps ?? []);
  }

  // Everything that the question of the grid depends on beside the items.
  meant() {
    const { seed, base, size } = this.state;
    if (this.run) return { run_id: this.run.id };
    const isHere = this.bases.some((each) => each.id === base);
    return { steps: plain(this.steps), seed, base: isHere ? base : undefined, size: size ?? undefined };
  }

  question() {
    const { rows, ids, draw, samples, epoch } = this.state;
    const items = rows === "chosen" ? { item_ids: ids } : { rows, draw, count: ROWS };
    return { ...this.meant(), ...items, samples, epoch };
  }

  // Anything is another than before: draw what is known, ask for the rest.
  changed() {
    if (!this.isReady) return;
    keep(this.project, this.state);
    this.list.show(this.steps, Boolean(this.run));
    this.shelf.show();
    this.controls.show(this.state, this.bases, this.run, this.answer);
    const { run, past } = this;
    this.runBar.hidden = !run;
    if (run) put(this.ofRun, runWords(run, this.kind));
    for (const each of [this.editing, this.shelf.head, this.shelf.root]) each.hidden = Boolean(run);
    this.undoing.disabled = !past.before.length;
    this.redoing.disabled = !past.after.length;
    this.root.setAttribute("aria-busy", "true");
    if (this.state.rows === "chosen" && !this.state.ids.length) return this.failed("Write the numbers of the items to see, such as 12, 15, 40.");
    this.asking.ask(this.question());
  }

  // How it is looked at: nothing that Undo takes back.
  look(how) {
    Object.assign(this.state, how);
    if (how.ids || how.rows) forgetAsked("items");
    if (how.epoch !== undefined) forgetAsked("epoch");
    this.changed();
  }

  // Kept, without another look at the samples.
  set(what) {
    Object.assign(this.state, what);
    keep(this.project, this.state);
  }

  snapshot() {
    return { loaded: this.state.loaded, steps: this.state.steps };
  }

  // `change(steps)` works on them or returns others. `of` names a gesture that counts as one change.
  change(change, of = null) {
    if (this.run) return;
    this.past.add(this.snapshot(), of);
    const steps = structuredClone(this.state.steps);
    const others = change(steps);
    this.state.steps = inOrder(Array.isArray(others) ? others : steps, this.byName);
    this.changed();
  }

  undo() {
    this.restore(this.past.undo(this.snapshot()));
  }

  redo() {
    this.restore(this.past.redo(this.snapshot()));
  }

  restore(found) {
    if (!found || this.run) return;
    Object.assign(this.state, found);
    this.changed();
  }

  // The steps of a preset or recipe, as they are there.
  take(loaded) {
    const steps = this.shelf.stepsOf(loaded);
    if (!steps) return;
    const name = this.shelf.recipeOf(loaded)?.name ?? this.state.name;
    Object.assign(this.state, { loaded, name, steps: steps.map(numbered), open: [] });
  }

  load(loaded) {
    this.past.add(this.snapshot());
    forgetAsked("recipe");
    this.shelf.say("");
    this.take(loaded);
    this.changed();
  }

  add(transform) {
    const step = newStep(transform);
    this.state.open = [...this.state.open, step.number];
    this.change((steps) => [...steps, step]);
    this.list.focus(step.number);
  }

  remove(number) {
    const place = this.steps.findIndex((step) => step.number === number);
    this.change((steps) => steps.filter((step) => step.number !== number));
    const next = this.steps[Math.min(place, this.steps.length - 1)];
    if (next) this.list.focus(next.number);
    else this.adding.focus();
  }

  // True when it stands elsewhere now.
  shift(number, by) {
    const from = this.steps.findIndex((step) => step.number === number);
    const [first, last] = reach(this.steps, from, this.byName);
    const to = Math.max(first, Math.min(last, from + by));
    if (to !== from) this.change((steps) => steps.toSpliced(from, 1).toSpliced(to, 0, steps[from]));
    return to !== from;
  }

  move(number, by) {
    const focused = this.root.getRootNode().activeElement;
    if (!this.shift(number, by)) return;
    // What has the focus keeps it, unless it is at the end of its way.
    if (focused?.isConnected && !focused.disabled && this.list.root.contains(focused)) focused.focus();
    else this.list.focus(number);
  }

  opened(number, isOpen) {
    this.state.open = this.state.open.filter((each) => each !== number);
    if (isOpen) this.state.open.push(number);
    keep(this.project, this.state);
  }

  drag(event, root, number) {
    this.list.drag(event, root, number, this.steps);
  }

  compare(row, column) {
    if (this.grid.answer) openCompare(this, row, column);
  }

  // From the asking.
  shown(answer, question) {
    if (question.steps?.length === 0) this.list.mark(this.steps, []);
    put(this.trouble, "");
    this.answer = answer;
    const { epoch } = this.state;
    const samples = answer.rows.find((row) => row.samples)?.samples.length ?? this.state.samples;
    this.grid.show(answer, ["Original", ...Array.from({ length: samples }, (_, at) => `Epoch ${epoch + at + 1}`)]);
    this.controls.show(this.state, this.bases, this.run, answer);
    put(this.sight, sightWords(this, answer));
    this.sum(answer.rows.length ? (answer.note ?? "") : "There is nothing to show.");
    this.shownCount += 1;
    this.root.dataset.shown = this.shownCount;
    if (!this.asking.wanted) this.root.removeAttribute("aria-busy");
  }

  failed(words) {
    this.root.removeAttribute("aria-busy");
    put(this.trouble, words);
  }

  waits(state) {
    this.root.dataset.damage = state;
    if (state === "waiting") this.sum([this.answer?.note, "Looking for samples that lost their class …"].filter(Boolean).join(" "));
  }

  // Its line stays when there is nothing to say: what stands under it shall not jump.
  sum(words) {
    this.summary.textContent = words;
  }

  judged(answer) {
    this.grid.mark(answer.cells);
    this.list.mark(this.steps, answer.transforms);
    this.sum([this.answer?.note, damageSummary(answer)].filter(Boolean).join(" "));
    this.root.dataset.damage = "done";
  }

  end() {
    clearTimeout(this.again);
    this.asking.end();
    this.dialog.close();
    this.root.remove();
  }
}
