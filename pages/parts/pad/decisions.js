// What was decided in this sitting, so that undo and redo are painted at once. The server has the last word.

class Decisions {
  constructor(pad) {
    this.pad = pad;
    this.forget();
  }

  forget() {
    this.done = [];
    this.undone = [];
  }

  add(entry, before, after, eventId) {
    this.done.push({ entry, before, after, eventId });
    this.undone = [];
    this.put(entry, after);
  }

  put(entry, state) {
    this.pad.progress[entry.status] -= 1;
    this.pad.progress[state.status] += 1;
    Object.assign(entry, state, { draft: null });
  }

  undo() {
    this.takeBack("undo", this.done, this.undone, "before", "Undone");
  }

  redo() {
    this.takeBack("redo", this.undone, this.done, "after", "Done again");
  }

  takeBack(kind, from, to, state, words) {
    const { pad } = this;
    const decision = from.pop();
    if (decision) {
      to.push(decision);
      this.put(decision.entry, decision[state]);
      const at = pad.ahead.entries.indexOf(decision.entry);
      if (at >= 0) pad.ahead.move(at);
      pad.show();
      pad.view.say(words);
    }
    pad.outbox.put(pad.annotator, kind, { event_id: newId(), item_id: decision?.entry.id }, decision?.eventId);
  }

  // It will never be stored: back to how it was.
  refused({ event_id: eventId, message }) {
    const decision = this.done.find((each) => each.eventId === eventId);
    this.done = this.done.filter((each) => each !== decision);
    if (decision) Object.assign(decision.entry, decision.before);
    const name = (decision?.entry.text ?? decision?.entry.source ?? "").slice(0, 40);
    this.pad.view.warn(name ? `Not saved: “${name}”. ${message}` : `A decision was not saved. ${message}`);
    this.pad.show();
  }

  // The server's word on an undo or redo. Mostly it is what was painted; else another tab or visit came between.
  answered({ kind, event, target }, answer) {
    const { pad } = this;
    if (event.item_id !== undefined && answer.item_ids.includes(event.item_id)) return;
    this.disown(kind, target);
    for (const item of answer.items.slice(0, 1)) pad.ahead.bring(item);
    pad.show();
    const did = kind === "undo" ? "Undone" : "Done again";
    if (answer.changed > 1) pad.view.say(`${did}: ${number(answer.changed)} items`);
    else if (answer.changed) pad.view.say(did);
    else if (answer.left) pad.view.say("Somebody changed it since; it stays as it is.");
    else pad.view.say(`Nothing to ${kind}`);
  }

  // Painted as taken back, while the server took back something else.
  disown(kind, eventId) {
    const [list, state] = kind === "undo" ? [this.undone, "after"] : [this.done, "before"];
    const at = list.findIndex((each) => each.eventId === eventId);
    if (at < 0) return;
    const [decision] = list.splice(at, 1);
    Object.assign(decision.entry, decision[state], { draft: null });
    if (kind === "undo") this.done.push(decision);
    else this.undone.push(decision);
  }
}
