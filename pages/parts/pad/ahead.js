// The items of this sitting: those seen, the one shown, and those ahead, fetched and drawn before they are needed.

const AHEAD = 40;
const FETCH = 60;
const DRAWN_AHEAD = 20;
const DRAWN_BEHIND = 8;
const MOST_LEFT_OUT = 600;
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
    // {message, hint}: why there is nothing in this order.
    this.trouble = null;
    // Not what the queue brings but a list of its own: {done}.
    this.asked = null;
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
    this.isFetching = this.isEnd = false;
    this.trouble = this.asked = null;
    this.cut(this.seen);
  }

  cut(from) {
    for (const entry of this.entries.splice(from)) this.known.delete(entry.id);
  }

  move(to) {
    this.cursor = Math.max(0, Math.min(to, this.entries.length));
    this.seen = Math.max(this.seen, this.cursor);
  }

  // What waits for a decision: an item to do, or one that is to be looked at again.
  isOpen(entry) {
    return entry.status === "todo" || Boolean(entry.isAgain);
  }

  // From what was decided elsewhere on to what is still to do.
  passDecided() {
    const at = this.entries.findIndex((entry, place) => place >= this.cursor && this.isOpen(entry));
    this.move(at < 0 ? this.entries.length : at);
  }

  // Show an item that came from elsewhere (an undo of an earlier sitting), or show it as it is now.
  bring(item) {
    const there = this.known.get(item.id);
    if (there) {
      const { status, class_ids, over } = item;
      Object.assign(there, { status, class_ids, over, draft: null });
      return this.move(this.entries.indexOf(there));
    }
    this.entries.splice(this.cursor, 0, this.entryOf(item));
    this.seen = Math.max(this.seen, this.cursor + 1);
  }

  // These items and no others: decided ones, shown once more, or some to be answered blind. `done` is called at their end.
  only(items, done = null, more = {}) {
    this.turn += 1;
    this.isFetching = false;
    this.isEnd = true;
    this.trouble = null;
    this.asked = { done: done ?? (() => endOfList(this.pad)) };
    this.cursor = this.seen = 0;
    this.known.clear();
    this.entries = items.map((item) => Object.assign(this.entryOf(item), more));
  }

  // Back from those to the queue.
  goOn() {
    this.entries = [];
    this.known.clear();
    this.cursor = this.seen = 0;
    this.restart();
  }

  entryOf(item) {
    const entry = this.known.get(item.id) ?? { ...item, node: null, draft: null };
    entry.suggestion = item.suggestion;
    if (item.note !== undefined) entry.note = item.note;
    this.known.set(item.id, entry);
    return entry;
  }

  // What no other tab shall get: the item shown and those ahead, as far as they are to do.
  held() {
    const from = Math.min(this.cursor, this.seen);
    return this.entries.slice(from).filter((entry) => entry.status === "todo" && !entry.isCheck).map((entry) => entry.id);
  }

  // The same of decided ones that are looked at once more.
  heldAgain() {
    return this.entries.slice(Math.min(this.cursor, this.seen)).filter(isToKeep).map((entry) => entry.id);
  }

  // Somebody else has these, or has decided on them.
  drop(itemIds) {
    const lost = new Set(itemIds);
    const from = this.cursor + 1;
    const gone = this.entries.slice(from).filter((entry) => lost.has(entry.id) && this.isOpen(entry));
    if (!gone.length) return;
    this.entries = this.entries.filter((entry) => !gone.includes(entry));
    gone.forEach((entry) => this.known.delete(entry.id));
  }

  // All that waits further ahead is asked for again.
  renew() {
    this.turn += 1;
    this.isFetching = false;
    this.isEnd = this.asked !== null;
    this.sinceFresh = Infinity;
    this.fill();
  }

  // What may be painted within a moment, and is not exchanged.
  near() {
    return this.entries.slice(Math.max(0, this.cursor - DRAWN_BEHIND), this.seen + KEPT_AHEAD + 1);
  }

  async fill() {
    const left = this.entries.length - this.seen - 1;
    const isStale = this.sinceFresh >= FRESH_AFTER;
    if (this.isFetching || this.isEnd || (left >= AHEAD && !isStale)) return;
    const kept = isStale ? Math.min(this.entries.length, this.seen + KEPT_AHEAD) : this.entries.length;
    const held = this.entries.slice(0, kept).filter((entry) => this.isOpen(entry));
    const without = new Set([...held.map((entry) => entry.id), ...this.pad.outbox.itemIds()]);
    // Too many to name: the server knows of them itself when the outbox is empty.
    if (without.size > MOST_LEFT_OUT) return;
    const turn = this.turn;
    this.isFetching = true;
    const found = await this.fetch(this.pad.order, FETCH, without);
    if (turn !== this.turn) return;
    this.isFetching = false;
    this.isAway = found === null;
    this.trouble = found?.error ?? null;
    if (found === null) setTimeout(() => this.fill(), LOOK_AGAIN_MS);
    else if (this.trouble) this.isEnd = true;
    else this.take(found, Math.max(kept, this.seen + 1), isStale);
    if (found?.some?.((item) => item.suggestion)) this.pad.suggestionsCame();
    this.pad.filled();
  }

  // The next items in this order; null when nobody answers, {error} when there are none in such an order.
  fetch(order, limit, without) {
    return tab.inTurn(() => this.ask(order, limit, without));
  }

  async ask(order, limit, without) {
    const asked = new URLSearchParams({ order, limit, annotator: this.pad.holder, tab: tab.id });
    if (without.size) asked.set("exclude", [...without].join(","));
    const { settled } = this.pad.outbox;
    try {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      const response = await fetch(`/api/projects/${this.pad.project.id}/queue?${asked}`, { signal });
      const answer = await response.json();
      if (response.ok) return againCame(this.pad, order, answer, settled), answer.items;
      return response.status < 500 || response.status === 503 ? answer : null;
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
    const onTheWay = this.pad.outbox.itemIds();
    const fresh = found.filter((item) => !there.has(item.id) && !onTheWay.has(item.id));
    const isAgain = isOfAgain(this.pad.order);
    this.entries.push(...fresh.map((item) => Object.assign(this.entryOf(item), { isAgain })));
    this.isEnd = found.length === 0 || (fresh.length === 0 && !isStale);
  }

  // Draw what comes next, and let go of what lies far behind.
  draw() {
    const from = Math.max(0, this.cursor - DRAWN_BEHIND);
    const sought = wordsSought(this.pad);
    this.entries.slice(0, from).forEach((entry) => (entry.node = null));
    this.entries.slice(from, this.cursor + DRAWN_AHEAD + 1).forEach((entry) => nodeOf(entry, sought));
  }
}
