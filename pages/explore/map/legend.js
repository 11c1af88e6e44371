// What the colours mean, and how many points have each. A click takes the points of an entry off the map, another one
// brings them back; a double click leaves only these.

class Legend {
  constructor(map) {
    this.map = map;
    this.root = element("div", "wm-legend", [], { role: "group", "aria-label": "Legend" });
  }

  show() {
    const { map } = this;
    const { entries, palette, isScale } = map;
    const shown = entries.map((entry, at) => [entry, at]).filter(([entry]) => entry.count);
    const steps = isScale ? shown.filter(([entry]) => !entry.is_none) : [];
    const rows = shown.filter(([entry]) => !isScale || entry.is_none).map(([entry, at]) => this.row(entry, at, cssOf(palette.colors[at])));
    this.root.replaceChildren(
      element("h4", "", [map.bar.byWords()]),
      ...(steps.length ? [this.scale(steps)] : []),
      ...rows,
      element("p", "wm-quiet", [this.summary()]),
    );
    this.mark();
  }

  row(entry, at, color) {
    const dot = element("i", "wm-dot");
    dot.style.background = color;
    const words = [dot, element("span", "wm-name", [entry.name]), element("span", "wm-count", [number(entry.count)])];
    const made = element("button", "wm-entry", words, { type: "button", title: `${entry.name}. Click: off or on. Double click: only these.` });
    made.dataset.at = String(at);
    made.dataset.name = entry.name;
    made.addEventListener("click", (event) => this.toggle(at, event.detail));
    return made;
  }

  // The second click of a double click finds what the first one did.
  toggle(at, clicks) {
    const { entries, isOff } = this.map;
    const isOnly = clicks > 1;
    const wasOnly = isOnly && this.only === at;
    if (isOnly) this.only = wasOnly ? null : at;
    this.map.show(entries.map((_, each) => (isOnly ? !wasOnly && each !== at : each === at ? !isOff[each] : Boolean(isOff[each]))));
  }

  // Which are off; the rows stay, so that the focus and a double click do.
  mark() {
    for (const row of this.root.querySelectorAll(".wm-entry")) row.ariaPressed = String(!this.map.isOff[Number(row.dataset.at)]);
  }

  // A band from little to much, and below it how many points each step has.
  scale(steps) {
    const { palette, entries } = this.map;
    const all = entries.map((entry, at) => [entry, at]).filter(([entry]) => !entry.is_none);
    const most = Math.max(...all.map(([entry]) => entry.count));
    const bars = all.map(([entry, at]) => {
      const bar = element("i", "", [], { title: `${entry.name}: ${plural(entry.count, "point")}` });
      bar.style.background = cssOf(palette.colors[at]);
      bar.style.height = `${Math.max(4, (48 * entry.count) / most)}px`;
      return bar;
    });
    const ends = element("div", "wm-ends", [element("span", "", ["0 %"]), element("span", "", ["100 %"])]);
    const count = steps.reduce((sum, [entry]) => sum + entry.count, 0);
    return element("div", "wm-scale", [element("div", "wm-bars", bars), ends], { role: "img", "aria-label": `${plural(count, "point")} from 0 to 100 %` });
  }

  summary() {
    const { about, points } = this.map;
    const all = plural(points.count, "item");
    return about.is_sample ? `${all} of ${number(about.total)}, drawn at random.` : `${all}. Drag to move, scroll to zoom, Shift and drag to select.`;
  }
}

function cssOf([red, green, blue]) {
  return `rgb(${red} ${green} ${blue})`;
}
