// The card beside the pointer: what the point under it is. Asked for only where the pointer rests a moment.

const REST_MS = 50;

class Hover {
  constructor(map) {
    this.map = map;
    this.root = element("div", "wm-card", [], { "data-testid": "map-card", role: "tooltip" });
    this.root.hidden = true;
    this.place = -1;
  }

  // place: of the point among the points, -1 for none. at: of the pointer on the stage.
  look(place, at) {
    this.at = at;
    if (place === this.place) return this.root.hidden || this.put();
    this.hide();
    this.place = place;
    this.map.stage.style.cursor = place >= 0 ? "pointer" : "";
    if (place < 0) return;
    this.map.drawSoon();
    this.resting = setTimeout(() => this.show(place), REST_MS);
  }

  async show(place) {
    const { map } = this;
    this.asked = new AbortController();
    try {
      const [item] = await map.items.get([map.points.ids[place]], this.asked.signal);
      if (place !== this.place) return;
      const entry = map.entries[map.points.codes[place]];
      const says = entry && map.by !== "label" ? [element("span", "wm-quiet", [`${map.bar.byWords()}: ${entry.name}`])] : [];
      this.root.replaceChildren(item ? cardOf(item, map.classes) : element("span", "wm-quiet", ["This item is gone."]), ...says);
      this.root.hidden = false;
      this.put();
    } catch (error) {
      if (error.name !== "AbortError") this.hide();
    }
  }

  put() {
    const { width, height } = this.map.camera;
    const [left, top] = this.at;
    const side = left > width / 2 ? left - this.root.offsetWidth - 14 : left + 14;
    this.root.style.left = `${Math.max(4, side)}px`;
    this.root.style.top = `${Math.max(4, Math.min(top + 10, height - this.root.offsetHeight - 4))}px`;
  }

  hide() {
    clearTimeout(this.resting);
    this.asked?.abort();
    if (this.place >= 0) this.map.drawSoon();
    this.place = -1;
    this.root.hidden = true;
  }
}
