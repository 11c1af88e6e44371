// Decisions on their way to the server. Each lies in localStorage from the key press until the server has answered for
// it, so that a reload, a crash or a server that is away loses none. They are sent in order, in batches; the server
// knows each by its event_id, so sending one again changes nothing.

const MOST_IN_A_BATCH = 200;
const ANSWER_WITHIN_MS = 20000;
// An action over many items takes its time.
const LONG_ANSWER_WITHIN_MS = 120000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4000;

const NO_ANSWER = "The server does not answer.";

const outboxes = new Map();

// One a project for as long as the tab lives: it goes on sending after the pad is closed.
function outboxOf(projectId, projectKey) {
  if (!outboxes.has(projectKey)) outboxes.set(projectKey, new Outbox(projectId, projectKey));
  return outboxes.get(projectKey);
}

class Outbox {
  constructor(projectId, projectKey) {
    this.url = `/api/projects/${projectId}`;
    this.prefix = `winnow/outbox/${projectKey}/`;
    this.listener = null;
    this.isSending = false;
    // Why nothing goes out just now; empty while all is well.
    this.trouble = "";
    this.isKept = true;
    this.oneByOne = 0;
    this.waiting = [];
    this.failures = 0;
    // How many the server has answered for in this sitting.
    this.settled = 0;
    this.letters = this.readKept();
    // A clock that was set back must not put a new letter before those.
    this.lastTime = Math.max(0, ...this.letters.map((letter) => parseInt(letter.key.split("/").at(-1), 10)));
    addEventListener("online", () => this.wake?.());
  }

  // A letter: {key, annotator, kind: "event" | "undo" | "redo" | "bulk" | "accept", event, target}; once it is settled also its
  // `answer`. `key` sorts by time.
  readKept() {
    const kept = [];
    let keys = [];
    try {
      keys = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix));
    } catch {
      this.isKept = false;
    }
    for (const key of keys) {
      try {
        kept.push({ ...JSON.parse(localStorage.getItem(key)), key });
      } catch {
        // Somebody else wrote there: it is no letter, and the others shall go out.
        continue;
      }
    }
    const time = (letter) => letter.key.split("/").at(-1);
    kept.sort((a, b) => (time(a) < time(b) ? -1 : 1));
    return kept;
  }

  put(annotator, kind, event, target = null) {
    this.lastTime = Math.max(Date.now() * 1000, this.lastTime + 1);
    const key = `${this.prefix}${encodeURIComponent(annotator)}/${this.lastTime}-${event.event_id.slice(0, 6)}`;
    const letter = { key, annotator, kind, event, target };
    try {
      localStorage.setItem(key, JSON.stringify({ annotator, kind, event, target }));
    } catch {
      this.isKept = false;
    }
    this.letters.push(letter);
    this.changed();
    // After the next item is painted: sending costs the frame something.
    setTimeout(() => this.pump());
    return letter;
  }

  forget(letters) {
    const gone = new Set(letters);
    this.letters = this.letters.filter((letter) => !gone.has(letter));
    for (const letter of letters) {
      try {
        localStorage.removeItem(letter.key);
      } catch {
        this.isKept = false;
      }
    }
  }

  itemIds() {
    return new Set(this.letters.flatMap(itemsOf));
  }

  // Resolves as soon as nothing is left to send.
  async empty() {
    while (this.letters.length) await new Promise((resolve) => this.waiting.push(resolve));
  }

  changed() {
    if (this.letters.length === 0) for (const resolve of this.waiting.splice(0)) resolve();
    this.listener?.changed();
  }

  async pump() {
    if (this.isSending) return;
    this.isSending = true;
    try {
      await this.sendAll();
    } finally {
      this.isSending = false;
      // Something that listened broke: what is left goes out all the same.
      if (this.letters.length) setTimeout(() => this.pump(), FIRST_PAUSE_MS);
      this.changed();
    }
  }

  async sendAll() {
    let pause = FIRST_PAUSE_MS;
    while (this.letters.length) {
      const batch = this.nextBatch();
      const answer = await this.send(batch);
      this.trouble = answer.trouble ?? "";
      if (!this.trouble) {
        pause = FIRST_PAUSE_MS;
        this.failures = 0;
        this.settle(batch, answer);
        continue;
      }
      this.failures += answer.isFailure ? 1 : 0;
      // Perhaps it is one of them that the server stumbles over.
      if (this.failures > 2 && batch.length > 1) this.oneByOne = batch.length;
      this.changed();
      await this.rest(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  nextBatch() {
    const [first] = this.letters;
    if (first.kind !== "event") return [first];
    const most = this.oneByOne > 0 ? 1 : MOST_IN_A_BATCH;
    const end = this.letters.findIndex((letter) => letter.kind !== "event" || letter.annotator !== first.annotator);
    return this.letters.slice(0, Math.min(end < 0 ? this.letters.length : end, most));
  }

  // What the server answered; {trouble} when it should be tried again; {refused} when it never will work.
  async send(batch) {
    const [{ annotator, kind, event }] = batch;
    const body = kind === "event" ? { annotator, events: batch.map((letter) => letter.event) } : { annotator, ...event };
    try {
      const response = await fetch(this.url + pathOf(kind, event), {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(kind === "event" ? ANSWER_WITHIN_MS : LONG_ANSWER_WITHIN_MS),
      });
      const answer = await response.json();
      if (response.ok) return answer;
      const message = answer.error?.message ?? `The server answered ${response.status}.`;
      // Wrong in this server's eyes, which sending again would not change. A project that is gone may come back from the bin.
      const isFinal = kind === "event" ? [413, 422] : [404, 409, 413, 422];
      if (isFinal.includes(response.status)) return { refused: message };
      return { trouble: message, isFailure: response.status >= 500 };
    } catch {
      return { trouble: NO_ANSWER };
    }
  }

  settle(batch, answer) {
    this.oneByOne = Math.max(0, this.oneByOne - batch.length);
    if (answer.refused && batch.length > 1) {
      // One of them is wrong, and the others shall not wait for it.
      this.oneByOne = batch.length;
      return;
    }
    const rejected = answer.refused
      ? [{ event_id: batch[0].event.event_id, message: answer.refused }]
      : (answer.rejected ?? []);
    const refusedIds = new Set(rejected.map((each) => each.event_id));
    if (answer.changed === 0) refusedIds.add(batch[0].event.event_id);
    // An undo of something that was never stored would take back an older decision.
    const pointless = this.letters.filter((letter) => refusedIds.has(letter.target));
    for (const letter of batch) letter.answer = answer;
    this.settled += batch.length;
    this.forget([...batch, ...pointless]);
    this.listener?.answered(batch, answer, rejected);
    this.changed();
  }

  rest(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function pathOf(kind, event) {
  if (kind === "event") return "/labels";
  return kind === "accept" ? `/acceptances/${event.acceptance_id}/accept` : `/labels/${kind}`;
}

function itemsOf({ event }) {
  if (event.items) return event.items.map((item) => item.item_id);
  return event.item_id === undefined ? [] : [event.item_id];
}
