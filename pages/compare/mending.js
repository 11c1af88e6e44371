// What is decided on a card goes to the server at once, one after the other, and comes back from there with an undo.

const NOT_SAVED = "Not saved: the server does not answer.";

class Mending {
  constructor(gallery) {
    this.gallery = gallery;
    // What was labeled here, {card, eventId}, the newest last: the server undoes them in that order.
    this.done = [];
    this.turn = Promise.resolve();
  }

  // What is asked goes out in the order of the presses.
  inTurn(work) {
    this.turn = this.turn.then(work, work);
    return this.turn;
  }

  async post(path, body) {
    const { url, annotator } = this.gallery.data;
    const response = await fetch(url + path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ annotator, ...body }),
      // So that it is sent even when the page is left in the same moment.
      keepalive: true,
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${answer.error.message} ${answer.error.hint}`, { cause: response.status });
    return answer;
  }

  label(card, classIds) {
    const event = { event_id: newId(), item_id: card.id, action: "label", class_ids: classIds, over: card.now.over };
    const before = card.now;
    card.stands({ status: "labeled", class_ids: classIds, over: event.event_id });
    return this.send(card, event, before);
  }

  // Sending the same event again changes nothing: it may have arrived.
  send(card, event, before) {
    card.says("Saving …");
    return this.inTurn(async () => {
      try {
        const { rejected, conflicts } = await this.post("/labels", { events: [event] });
        if (rejected.length) return card.stands(before), card.says(`Not saved. ${rejected[0].message}`);
        this.done.push({ card, eventId: event.event_id });
        card.says(this.words(event, conflicts), this.takingBack());
      } catch (error) {
        // A refusal is for good; what did not arrive may be sent again.
        if (error.cause && error.cause < 500) return card.stands(before), card.says(`Not saved. ${error.message}`);
        card.says(NOT_SAVED, ["Try again", () => this.send(card, event, before)]);
      }
    });
  }

  words(event, conflicts) {
    const names = event.class_ids.map((id) => this.gallery.nameOf(id)).join(", ") || "no class";
    if (!conflicts.length) return `Saved: ${names}.`;
    const [{ annotator, class_ids: classIds, status }] = conflicts;
    const theirs = status === "labeled" ? classIds.map((id) => this.gallery.nameOf(id)).join(", ") || "no class" : status;
    return `Saved: ${names}. ${annotator ?? "Somebody"} had said ${theirs} meanwhile; the item's history has both.`;
  }

  // Only the newest can be taken back, so only it offers that.
  takingBack() {
    const newest = this.done.at(-1);
    for (const { card } of this.done) if (card !== newest?.card) card.offers(null);
    return ["Undo", () => this.undo()];
  }

  undo() {
    return this.inTurn(async () => {
      const newest = this.done.at(-1);
      if (!newest) return this.gallery.say("Nothing was labeled here that could be undone.");
      try {
        const only = newest.eventId;
        // The same id at each try: an answer may be lost on its way.
        const { items, changed, left } = await this.post("/labels/undo", { only, event_id: `undo-${only}` });
        this.done.pop().card.says("");
        const here = items.map((item) => this.gallery.cardOf(item)).filter(Boolean);
        for (const card of here) card.says("Undone.");
        here[0]?.focus();
        this.done.at(-1)?.card.offers(this.takingBack());
        const elsewhere = left ? "Somebody changed it since; it stays as it is." : "Nothing to undo.";
        this.gallery.say(!changed ? elsewhere : here.length ? "Undone." : "Undone: an item that is not shown here.");
      } catch (error) {
        this.gallery.say(error.cause ? error.message : "Not undone: the server does not answer.");
      }
    });
  }
}
