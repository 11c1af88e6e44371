// The items of this sitting: those seen, the one shown, and those ahead, fetched and drawn before they are needed.

const AHEAD = 24;
const FETCH = 40;
const DRAWN_AHEAD = 20;
const DRAWN_BEHIND = 8;
const MOST_LEFT_OUT = 600;
const IMAGE_SIZE = 1200;
const LOOK_AGAIN_MS = 1500;
// The suggestions learn from the labels: what waits further ahead is asked for again after so many decisions.
const FRESH_AFTER = 10;
// These are not exchanged: they may be painted within a moment.
const KEPT_AHEAD = 4;

class Ahead {
  constructor(pad) {
    this.pad = pad;
    this.entries = [];
    this.known = new Map();
    this.cursor = 0;
    this.seen = 0;
    this.isEnd = false;
    this.isAway = false;
    this.turn = 0;
    this.isFetching = false;
    this.sinceFresh = 0;
  }

  get current() {
    return this.entries[this.cursor] ?? null;
  }

  // Forget what was not seen yet: another order, other suggestions.
  restart() {
    this.turn += 1;
    this.isFetching = false;
    this.isEnd = false;
    this.cut(this.seen);
  }

  cut(from) {
    for (const entry of this.entries.splice(from)) this.known.delete(entry.id);
  }

  move(to) {
    this.cursor = Math.max(0, Math.min(to, this.entries.length));
    this.seen = Math.max(this.seen, this.cursor);
  }

  // Show an item that came from elsewhere (an undo of an earlier sitting), or show it as it is now.
  bring(item) {
    const there = this.known.get(item.id);
    if (there) {
      Object.assign(there, { status: item.status, class_ids: item.class_ids, draft: null });
      return this.move(this.entries.indexOf(there));
    }
    this.entries.splice(this.cursor, 0, this.entryOf(item));
    this.seen = Math.max(this.seen, this.cursor + 1);
  }

  // Decided items, shown once more.
  review(items) {
    this.turn += 1;
    this.isFetching = false;
    this.isEnd = true;
    this.cursor = this.seen = 0;
    this.known.clear();
    this.entries = items.map((item) => this.entryOf(item));
  }

  entryOf(item) {
    const entry = this.known.get(item.id) ?? { ...item, node: null, draft: null };
    entry.suggestion = item.suggestion;
    this.known.set(item.id, entry);
    return entry;
  }

  async fill() {
    const left = this.entries.length - this.seen - 1;
    const isStale = this.sinceFresh >= FRESH_AFTER;
    if (this.isFetching || this.isEnd || (left >= AHEAD && !isStale)) return;
    const kept = isStale ? Math.min(this.entries.length, this.seen + KEPT_AHEAD) : this.entries.length;
    const held = this.entries.slice(0, kept).filter((entry) => entry.status === "todo");
    const without = new Set([...held.map((entry) => entry.id), ...this.pad.outbox.itemIds()]);
    // Too many to name: the server knows of them itself when the outbox is empty.
    if (without.size > MOST_LEFT_OUT) return;
    const turn = this.turn;
    this.isFetching = true;
    const found = await this.fetch(without);
    if (turn !== this.turn) return;
    this.isFetching = false;
    this.isAway = found === null;
    if (found === null) setTimeout(() => this.fill(), LOOK_AGAIN_MS);
    else this.take(found, Math.max(kept, this.seen + 1), isStale);
    if (found?.some((item) => item.suggestion)) this.pad.suggestionsCame();
    this.pad.filled();
  }

  async fetch(without) {
    const asked = new URLSearchParams({ order: this.pad.order, limit: FETCH, annotator: this.pad.annotator });
    if (without.size) asked.set("exclude", [...without].join(","));
    try {
      const response = await fetch(`/api/projects/${this.pad.project.id}/queue?${asked}`);
      return response.ok ? (await response.json()).items : null;
    } catch {
      return null;
    }
  }

  take(found, from, isStale) {
    if (isStale) {
      this.sinceFresh = 0;
      const old = new Map(this.entries.slice(from).map((entry) => [entry.id, entry]));
      this.cut(from);
      // What was drawn stays drawn.
      for (const item of found) if (old.has(item.id)) this.known.set(item.id, old.get(item.id));
    }
    const there = new Set(this.entries.map((entry) => entry.id));
    const fresh = found.filter((item) => !there.has(item.id) && !this.pad.outbox.holds(item.id));
    this.entries.push(...fresh.map((item) => this.entryOf(item)));
    this.isEnd = found.length === 0 || (fresh.length === 0 && !isStale);
  }

  // Draw what comes next, and let go of what lies far behind.
  draw() {
    const from = Math.max(0, this.cursor - DRAWN_BEHIND);
    this.entries.slice(0, from).forEach((entry) => (entry.node = null));
    this.entries.slice(from, this.cursor + DRAWN_AHEAD + 1).forEach((entry) => nodeOf(entry));
  }
}

function nodeOf(entry) {
  entry.node ??= entry.kind === "image" ? pictureOf(entry) : wordsOf(entry);
  return entry.node;
}

function wordsOf(entry) {
  const text = entry.text ?? "";
  const size = text.length < 160 ? "wn-short" : text.length < 700 ? "wn-middling" : "wn-long";
  const words = element("div", `wn-words ${size}`);
  words.textContent = text;
  words.dir = "auto";
  const sheet = element("div", "wn-sheet", [words]);
  // So that a long text can be scrolled with the keys.
  if (size === "wn-long") sheet.tabIndex = 0;
  return sheet;
}

function pictureOf(entry) {
  const picture = new Image();
  const frame = element("div", "wn-frame", [picture]);
  picture.className = "wn-picture";
  picture.alt = entry.source || `Image ${entry.id}`;
  // In step with everything else: the picture and its suggestion change in the same frame.
  picture.decoding = "sync";
  picture.src = `${entry.image}&size=${IMAGE_SIZE}`;
  picture.onload = () => frame.classList.toggle("wn-tiny", Math.max(picture.naturalWidth, picture.naturalHeight) <= 128);
  picture.decode().catch(() => {
    if (picture.complete && picture.naturalWidth) return;
    frame.replaceChildren(element("p", "wn-quiet", ["This image cannot be shown. Skip or flag it."]));
  });
  return frame;
}
