// This tab, as the server knows it: it holds the items that it shows next, so that no other tab gets them meanwhile.

// A held item is free again after three minutes without a word; background tabs get a turn once a minute.
const HOLD_AGAIN_MS = 60000;

class Tab {
  constructor() {
    try {
      this.id = sessionStorage.getItem("winnow/tab") ?? this.renew();
    } catch {
      this.id = newId();
    }
    // A duplicated tab comes with the id of the first one, which has the lock. Nothing is asked for before that is known.
    this.known = new Promise((known) => {
      if (!navigator.locks) return known();
      navigator.locks.request(`winnow/tab/${this.id}`, { ifAvailable: true }, (lock) => {
        if (!lock) this.renew();
        known();
        return lock ? new Promise(() => {}) : null;
      });
    });
    this.turns = this.known;
  }

  // What takes items and what says which are held goes one after the other: a list that does not know yet of items on
  // their way here would give them to others.
  inTurn(work) {
    this.turns = this.turns.then(work, work);
    return this.turns;
  }

  renew() {
    this.id = newId();
    try {
      sessionStorage.setItem("winnow/tab", this.id);
    } catch {
      // Then a reload is another tab, and its items are free after a while.
    }
    return this.id;
  }
}

const tab = new Tab();

// Hold exactly these items; an empty list lets all go. Returns those that are no longer to be had, null without an answer.
async function hold(projectId, annotator, itemIds, again = []) {
  try {
    const response = await fetch(`/api/projects/${projectId}/queue/hold`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ annotator, tab: tab.id, item_ids: itemIds, again }),
      // So that it is sent even while the page closes.
      keepalive: true,
    });
    return response.ok ? (await response.json()).lost : null;
  } catch {
    return null;
  }
}
