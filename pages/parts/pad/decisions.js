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

  // A decision: {eventId, changes: [{entry, before, after}]}. One undo takes all of it back.
  add(eventId, changes) {
    this.done.push({ eventId, changes });
    this.undone = [];
    for (const { entry, after } of changes) this.put(entry, after);
  }

  put(entry, state) {
    const there = this.standing(entry);
    if (!there.isCheck) {
      this.pad.progress[there.status] -= 1;
      this.pad.progress[state.status] += 1;
    }
    const isOther = there.isAgain !== undefined && state.isAgain !== undefined && there.isAgain !== state.isAgain;
    if (isOther && this.pad.again) this.pad.again.left += state.isAgain ? 1 : -1;
    Object.assign(there, state, { draft: null });
  }

  // What was let go of may have come again: the one that is shown counts.
  standing(entry) {
    const there = this.pad.ahead.known.get(entry.id);
    return there && !there.isBlind === !entry.isBlind ? there : entry;
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
      for (const { entry, [state]: there } of decision.changes) this.put(entry, there);
      const at = pad.ahead.entries.indexOf(this.standing(decision.changes[0].entry));
      if (at >= 0 && !pad.grid) pad.ahead.move(at);
      pad.show();
      pad.view.say(decision.changes.length > 1 ? `${words}: ${number(decision.changes.length)} items` : words);
    }
    const itemId = decision?.changes[0].entry.id;
    pad.outbox.put(pad.annotator, kind, { event_id: newId(), item_id: itemId }, decision?.eventId);
  }

  // These will never be stored: back to how it was.
  refused(rejected) {
    const { view } = this.pad;
    const names = rejected.map((each) => this.putBack(each)).filter(Boolean);
    this.done = this.done.filter((each) => each.changes.length);
    const [{ message }] = rejected;
    if (rejected.length > 1) view.warn(`${number(rejected.length)} decisions were not saved. ${message}`);
    else view.warn(names.length ? `Not saved: “${names[0]}”. ${message}` : `A decision was not saved. ${message}`);
    this.pad.show();
  }

  // Of an action over several items each has its share, "ID/ITEM"; without an item it is all of them.
  putBack({ event_id: eventId, item_id: itemId }) {
    const decision = this.done.find((each) => each.eventId === eventId.split("/")[0]);
    const gone = decision?.changes.filter(({ entry }) => itemId === undefined || entry.id === itemId) ?? [];
    for (const { entry, before } of gone) Object.assign(entry, before);
    if (decision) decision.changes = decision.changes.filter((each) => !gone.includes(each));
    return nameOf(gone[0]?.entry);
  }

  // Somebody else, or another tab, had decided on the item, and this person could not know.
  met({ event_id: eventId, item_id: itemId, annotator, status, class_ids: classIds }) {
    const { pad } = this;
    // Of an action over several items, each has its share: "ID/ITEM".
    const decision = this.done.find((each) => each.eventId === eventId.split("/")[0]);
    const change = decision?.changes.find(({ entry }) => entry.id === itemId);
    const names = classIds.map((id) => pad.classes.get(id)?.name ?? "a class that is gone").join(", ");
    const what = status === "labeled" ? `labeled ${names || "with no class"}` : status;
    const who = annotator === pad.annotator ? "You, in another tab, had" : `${annotator ?? "Somebody"} had`;
    const isSame = change?.after.status === status && String(change.after.class_ids) === String(classIds);
    const item = change ? `“${nameOf(change.entry)}”` : "an item";
    const then = isSame ? "You decided the same." : "Your decision took its place; the history of the item has both.";
    pad.view.warn(`${who} already ${what} ${item}. ${then}`);
  }

  // The server's word on an undo or redo. Mostly it is what was painted; else another tab or visit came between.
  answered({ kind, event, target }, answer) {
    const { pad } = this;
    const isAsPainted = event.item_id !== undefined && answer.item_ids.includes(event.item_id);
    if (isAsPainted && (pad.grid || pad.ahead.known.has(event.item_id))) return this.correct(answer.items);
    if (!isAsPainted) this.disown(kind, target);
    for (const item of answer.items.slice(0, 1)) pad.ahead.bring(item);
    pad.show();
    const did = kind === "undo" ? "Undone" : "Done again";
    if (answer.changed > 1) pad.view.say(`${did}: ${number(answer.changed)} items`);
    else if (answer.changed) pad.view.say(did);
    else if (answer.left) pad.view.say("Somebody changed it since; it stays as it is.");
    else pad.view.say(`Nothing to ${kind}`);
  }

  // What came back may be the decision of somebody else, which this person had not seen.
  correct(items) {
    const { ahead, outbox } = this.pad;
    const onTheWay = outbox.itemIds();
    for (const { id, status, class_ids, over } of items) {
      const entry = ahead.known.get(id);
      const isRight = entry?.status === status && String(entry.class_ids) === String(class_ids);
      if (!entry || entry.isBlind || isRight || onTheWay.has(id)) continue;
      Object.assign(entry, { status, class_ids, over, draft: null });
      if (entry === ahead.current) this.pad.show();
    }
  }

  // Painted as taken back, while the server took back something else.
  disown(kind, eventId) {
    const [list, state] = kind === "undo" ? [this.undone, "after"] : [this.done, "before"];
    const at = list.findIndex((each) => each.eventId === eventId);
    if (at < 0) return;
    const [decision] = list.splice(at, 1);
    for (const { entry, [state]: there } of decision.changes) Object.assign(entry, there, { draft: null });
    if (kind === "undo") this.done.push(decision);
    else this.undone.push(decision);
  }
}

function nameOf(entry) {
  return (entry?.text ?? entry?.source ?? "").slice(0, 40);
}
