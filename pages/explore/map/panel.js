// The selected items: how many, what they are coloured by, the first of them to look at, and what can be done with them.

const SHOWN = 60;
const NAMED = 4;

class Panel {
  constructor(map) {
    this.map = map;
    this.words = element("p", "wm-note", [], { role: "status", "aria-live": "polite" });
    this.note = element("p", "wm-quiet");
    this.grid = element("div", "wm-grid", [], { "data-testid": "map-grid", "data-shown": "0" });
    this.chosen = new Set();
    this.root = element("div", "wm-panel", [], { role: "region", "aria-label": "Selected items" });
    this.root.hidden = true;
  }

  get ids() {
    return this.map.selected.map((at) => this.map.points.ids[at]);
  }

  // Anew for another selection. `isSame`: the items may have other labels now.
  async show(isSame = false) {
    const { map } = this;
    const ids = this.ids;
    this.asked?.abort();
    this.asked = new AbortController();
    const { signal } = this.asked;
    this.root.hidden = !ids.length;
    map.legend.root.hidden = ids.length > 0;
    if (!isSame) this.say("");
    // An undo without a selection, or what is in the way of another layout, is told all the same.
    if (!ids.length) return map.legend.root.before(this.words);
    if (!isSame) {
      this.chosen.clear();
      this.grid.replaceChildren();
      this.grid.dataset.shown = "0";
    }
    this.note.textContent = "";
    this.draw(ids.length);
    try {
      await Promise.all([this.fill(ids, signal), this.warn(ids, signal)]);
    } catch (error) {
      if (error.name !== "AbortError") this.say(error.message, true);
    }
  }

  draw(count) {
    const { map } = this;
    const close = iconOf("✕", "Select nothing (Esc)", () => map.select([]));
    const several = map.project.multi_label;
    const ask = several ? "Classes for" : "Label";
    const whom = count === 1 ? "this one" : `these ${number(count)}`;
    const focused = this.root.contains(document.activeElement) ? document.activeElement.dataset.classId : null;
    this.apply = buttonOf(`Label ${whom}`, "With the classes that are chosen", () => this.label([...this.chosen]), "wm-button wm-primary");
    this.root.replaceChildren(
      element("div", "wm-head", [element("h4", "", [plural(count, "item")]), close]),
      this.composition(count),
      element("h5", "", [`${ask} ${whom}`]),
      element("div", "wm-classes", [...map.usable.values()].map((each) => this.classButton(each)), { role: "group", "aria-label": `${ask} ${whom}` }),
      ...(several ? [this.apply] : []),
      this.note,
      element("div", "wm-deeds", this.buttons(count)),
      this.words,
      this.grid,
      ...(count > SHOWN ? [element("p", "wm-quiet", [`The first ${SHOWN} of them. Go through them to see all.`])] : []),
    );
    this.showChosen();
    if (focused) this.root.querySelector(`[data-class-id="${focused}"]`)?.focus();
  }

  buttons(count) {
    const { blind, has_suggestions: hasSuggestions } = this.map.project;
    const accept = buttonOf(count === 1 ? "Accept suggestion" : "Accept suggestions", "Of those that nobody has decided on", () => this.accept());
    const through = buttonOf(count === 1 ? "Open on the Label page" : "Go through them", "On the Label page, one after the other", () => this.goThrough());
    this.undoing = buttonOf("Undo", "Take back what was just done (Ctrl+Z)", () => this.undo());
    this.undoing.hidden = !this.map.deeds.done.length;
    return [...(blind || !hasSuggestions ? [] : [accept]), through, this.undoing];
  }

  // The commonest entries among them.
  composition(count) {
    const { map } = this;
    const counts = new Map();
    for (const at of map.selected) counts.set(map.points.codes[at], (counts.get(map.points.codes[at]) ?? 0) + 1);
    const most = [...counts].filter(([code]) => map.entries[code]).sort((one, other) => other[1] - one[1]);
    const rows = most.slice(0, NAMED).map(([code, many]) => {
      const chip = chipOf({ color: cssOf(map.palette.colors[code]), name: map.entries[code].name });
      return element("span", "wm-share", [chip, count === 1 ? "" : percent(many / count)]);
    });
    const more = most.length - NAMED;
    return element("div", "wm-shares", [...rows, ...(more > 0 ? [element("span", "wm-quiet", [`and ${more} more`])] : [])]);
  }

  classButton(each) {
    const dot = element("i", "wm-dot");
    dot.style.background = each.color;
    const key = each.key ? [element("kbd", "wm-key", [each.key.toUpperCase()])] : [];
    const made = element("button", "wm-class", [dot, element("span", "wm-name", [each.name]), ...key], { type: "button", title: each.name });
    made.dataset.className = each.name;
    made.dataset.classId = each.id;
    made.addEventListener("click", () => this.choose(each.id));
    return made;
  }

  // A key or a click of a class: labels all, or is one of several.
  choose(classId) {
    if (!this.map.project.multi_label) return this.label([classId]);
    if (!this.chosen.delete(classId)) this.chosen.add(classId);
    return this.showChosen();
  }

  showChosen() {
    if (!this.map.project.multi_label) return;
    for (const made of this.root.querySelectorAll(".wm-class")) made.ariaPressed = String(this.chosen.has(Number(made.dataset.classId)));
    this.apply.disabled = !this.chosen.size;
  }

  async fill(ids, signal) {
    const items = await this.map.items.get(ids.slice(0, SHOWN), signal);
    if (signal.aborted) return;
    const one = ids.length === 1;
    const open = (item) => (one ? {} : { act: () => this.map.selectItem(item.id) });
    this.grid.replaceChildren(...items.map((item) => cardOf(item, this.map.classes, { isLarge: one, ...open(item) })));
    this.grid.dataset.shown = String(items.length);
  }

  async warn(ids, signal) {
    const count = await this.map.deeds.labeled(ids, signal);
    if (signal.aborted || !count) return;
    this.note.textContent = ids.length === 1 ? "It has a label; another one replaces it." : `${number(count)} of them have a label; another one replaces it.`;
  }

  async label(classIds) {
    if (!classIds.length) return;
    const names = classIds.map((id) => this.map.classes.get(id)?.name).join(", ");
    await this.do(async () => {
      const { changed } = await this.map.deeds.label(this.ids, classIds);
      return `Labeled ${plural(changed, "item")} as ${names}.`;
    });
  }

  async accept() {
    await this.do(async () => {
      const { changed, left } = await this.map.deeds.accept(this.ids);
      const others = left ? ` ${plural(left, "item")} had a decision or no suggestion.` : "";
      return `Labeled ${plural(changed, "item")} as suggested.${others}`;
    });
  }

  async undo() {
    await this.do(async () => {
      const changed = await this.map.deeds.undo();
      return changed ? `Undone: ${plural(changed, "item")} as before.` : "Nothing was undone.";
    });
  }

  async goThrough() {
    await this.do(async () => {
      const name = this.ids.length === 1 ? "An item of the map" : `${number(this.ids.length)} items of the map`;
      this.map.go(await this.map.deeds.worklist(this.ids, name));
      return "";
    }, false);
  }

  // One thing after the other, and afterwards everything as it is now.
  async do(deed, isChange = true) {
    if (this.isBusy) return;
    this.isBusy = true;
    this.root.classList.add("wm-busy");
    try {
      this.say(await deed());
    } catch (error) {
      this.say(error.message, true);
    } finally {
      this.isBusy = false;
      this.root.classList.remove("wm-busy");
    }
    if (isChange) await this.map.renew();
  }

  say(words, isTrouble = false) {
    this.words.textContent = words;
    this.words.classList.toggle("wm-trouble", isTrouble);
    this.map.root.dataset.said = words;
  }
}
