// One project's upload. It lives on the window, so that it goes on while the page is drawn anew or left for another.

const AT_ONCE = 6;
const PIECE = 8_000_000;
const SMALL = 256_000;
const BUNDLE_FILES = 100;
const BUNDLE = 4_000_000;
const SAID_AT_ONCE = 2_000;
const LONGEST_WAIT_MS = 8_000;
const BUSY_MS = 700;

// What was cancelled shall not go on when an answer to it comes at last.
class Cancelled extends Error {}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

class Upload {
  constructor(project) {
    this.project = project;
    this.watchers = new Set();
    this.doing = Promise.resolve();
    this.clear();
  }

  // A file: {n, name, size, modified, sent, file, going, isBroken}. `going`: bytes on their way in a request.
  clear() {
    this.stopping?.abort();
    this.letGo?.();
    this.era = Symbol("until it is cancelled");
    this.letGo = null;
    this.id = "";
    this.files = new Map();
    this.todo = [];
    this.looking = -1;
    this.handles = [];
    this.isPaused = this.isDown = this.hasHandles = false;
    this.trouble = "";
    this.workers = 0;
    this.stopping = new AbortController();
    this.pace = new Pace();
    this.totals = { files: 0, bytes: 0, filesThere: 0, bytesThere: 0 };
  }

  get state() {
    if (this.looking >= 0) return "uploading";
    if (!this.files.size) return "empty";
    if (this.isPaused) return "paused";
    if (this.isDown) return "waiting";
    if (this.workers || this.todo.length) return "uploading";
    return this.totals.filesThere === this.totals.files ? "done" : "waiting";
  }

  // Files that the browser cannot give any more, after a reload or because they changed.
  get lacking() {
    return [...this.files.values()].filter((each) => each.sent < each.size && (!each.file || each.isBroken));
  }

  changed() {
    for (const watcher of this.watchers) watcher();
  }

  count() {
    const totals = { files: this.files.size, bytes: 0, filesThere: 0, bytesThere: 0 };
    for (const each of this.files.values()) {
      totals.bytes += each.size;
      totals.bytesThere += Math.min(each.size, each.sent + each.going);
      totals.filesThere += each.sent >= each.size;
    }
    this.totals = totals;
  }

  // One thing after the other: a second drop while the first is still looked through waits for its turn.
  inTurn(act) {
    this.doing = this.doing.then(act).catch((error) => this.fail(error));
    return this.doing;
  }

  fail(error) {
    if (error instanceof Cancelled) return;
    if (error.status === 404) {
      kept.remove(this.project, this.id);
      this.clear();
    }
    this.trouble = error.message;
    this.looking = -1;
    this.isPaused = this.files.size > 0;
    this.changed();
  }

  add(gather, handles = []) {
    return this.inTurn(async () => {
      const { era } = this;
      this.trouble = "";
      this.looking = 0;
      this.changed();
      const found = [];
      await gather(found, (count) => {
        if (era !== this.era) throw new Cancelled();
        this.looking = count;
        this.changed();
      });
      if (!found.length) this.trouble = "There was no file in it.";
      for (let first = 0; first < found.length; first += SAID_AT_ONCE) {
        await this.say(found.slice(first, first + SAID_AT_ONCE));
      }
      this.looking = -1;
      if (found.length) {
        await this.forgetReplaced(new Set(found.map((each) => each.name)));
        this.isPaused = false;
        const given = (await Promise.all(handles)).filter(Boolean);
        if (given.length) await kept.addHandles(this.id, given);
      }
      this.run();
    });
  }

  async say(found) {
    const files = found.map(({ name, file }) => ({ name, size: file.size, modified: Math.trunc(file.lastModified) || 0 }));
    const path = this.id ? `/uploads/${this.id}/files` : `/projects/${this.project}/uploads`;
    const answer = await this.patiently(() => call("POST", path, { files }));
    if (!this.id) {
      this.id = answer.id;
      kept.add(this.project, this.id);
      this.letGo = await lookAfter(this.id);
    }
    answer.files.forEach((said, place) => {
      const each = this.files.get(said.n) ?? { going: 0 };
      Object.assign(each, said, { sent: said.received, file: found[place].file, isBroken: false });
      this.files.set(said.n, each);
    });
    this.count();
    this.changed();
  }

  // Of a file that has changed since, what had come of its old state is of no use.
  async forgetReplaced(names) {
    const replaced = this.lacking.filter((each) => names.has(each.name));
    if (replaced.length) await this.leaveOut(replaced);
  }

  async leaveOut(files) {
    await this.patiently(() => call("POST", `/uploads/${this.id}/leave-out`, { files: files.map((each) => each.n) }));
    for (const each of files) this.files.delete(each.n);
    this.trouble = "";
    if (!this.files.size) await this.cancel();
    this.count();
    this.changed();
  }

  // Asks until somebody answers.
  async patiently(ask) {
    const { era } = this;
    for (let wait = 500; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        const answer = await ask();
        if (era !== this.era) throw new Cancelled();
        this.isDown = false;
        return answer;
      } catch (error) {
        if (era !== this.era) throw new Cancelled();
        if (!(error instanceof Down)) throw error;
        this.isDown = true;
        this.changed();
        await Promise.race([sleep(wait), new Promise((done) => addEventListener("online", done, { once: true }))]);
      }
    }
  }

  // What is there decides where each file goes on.
  async refresh() {
    const answer = await this.patiently(() => call("GET", `/uploads/${this.id}`));
    for (const said of answer.files) {
      const each = this.files.get(said.n);
      if (each) Object.assign(each, { sent: said.received, going: 0 });
      else this.files.set(said.n, { ...said, sent: said.received, going: 0, file: null, isBroken: false });
    }
    this.count();
  }

  // After a reload: the newest unfinished upload that no other tab looks after.
  find() {
    return this.inTurn(async () => {
      for (const id of kept.ids(this.project)) {
        if (this.id) return;
        const letGo = await lookAfter(id);
        if (!letGo) continue;
        Object.assign(this, { id, letGo });
        try {
          await this.refresh();
        } catch {
          kept.remove(this.project, id);
          this.clear();
          continue;
        }
        if (this.lacking.length) await this.useHandles(false);
        this.changed();
      }
    });
  }

  async useHandles(mayAsk) {
    const handles = await kept.handles(this.id);
    for (const handle of handles) {
      let allowed = await handle.queryPermission({ mode: "read" });
      if (allowed === "prompt" && mayAsk) allowed = await handle.requestPermission({ mode: "read" });
      if (allowed !== "granted") {
        this.hasHandles = allowed === "prompt";
        return;
      }
    }
    this.hasHandles = false;
    if (handles.length) this.add((found, tell) => filesOfHandles(handles, found, tell));
  }

  run() {
    this.count();
    this.todo = [...this.files.values()].filter((each) => each.file && !each.isBroken && each.sent < each.size).reverse();
    this.pace = new Pace();
    while (this.workers < Math.min(AT_ONCE, this.todo.length) && !this.isPaused) this.work(this.stopping.signal);
    this.changed();
  }

  async work(signal) {
    this.workers += 1;
    let error = null;
    try {
      while (this.todo.length && !signal.aborted) await this.send(this.next(), signal);
    } catch (caught) {
      error = caught;
    }
    if (this.stopping.signal !== signal) return;
    this.workers -= 1;
    if (error) this.halt(error);
    this.count();
    this.changed();
  }

  // A large file, or a bundle of small ones.
  next() {
    const some = [this.todo.pop()];
    let bytes = some[0].size;
    const isSmall = (each) => each && each.sent === 0 && each.size <= SMALL;
    while (isSmall(some[0]) && isSmall(this.todo.at(-1)) && some.length < BUNDLE_FILES && bytes < BUNDLE) {
      some.push(this.todo.pop());
      bytes += some.at(-1).size;
    }
    return some;
  }

  async send(some, signal) {
    try {
      if (some.length > 1) await this.sendBundle(some, signal);
      else while (some[0].sent < some[0].size && !signal.aborted) await this.sendPiece(some[0], signal);
    } catch (error) {
      if (!(error instanceof Down) || signal.aborted) throw error;
      // The browser says the same of a file that is gone as of a server that is.
      const broken = await unreadable(some);
      if (!broken.length) throw error;
      for (const each of broken) each.isBroken = true;
      this.todo.push(...some.filter((each) => !each.isBroken));
    } finally {
      for (const each of some) each.going = 0;
    }
  }

  async sendPiece(each, signal) {
    const piece = each.file.slice(each.sent, Math.min(each.size, each.sent + PIECE));
    try {
      const path = `/uploads/${this.id}/files/${each.n}?offset=${each.sent}`;
      const answer = await put(path, piece, signal, (bytes) => this.went(each, bytes));
      each.sent = answer.received;
    } catch (error) {
      if (error.received === undefined) throw error;
      // Another tab is at it, or an answer got lost.
      each.sent = error.received;
      if (error.code === "busy") await sleep(BUSY_MS);
    }
    each.going = 0;
  }

  async sendBundle(some, signal) {
    const asked = some.map((each) => `n=${each.n}`).join("&");
    try {
      await put(`/uploads/${this.id}/files?${asked}`, new Blob(some.map((each) => each.file)), signal, () => {});
      for (const each of some) each.sent = each.size;
      this.went(some[0], 0);
    } catch (error) {
      if (error.code !== "busy") throw error;
      await sleep(BUSY_MS);
      this.todo.push(...some);
    }
  }

  went(each, bytes) {
    each.going = bytes;
    this.changed();
  }

  // All workers stop; who is down is asked again, and what else was said waits for the person.
  halt(error) {
    this.stop();
    if (error instanceof Down) this.inTurn(() => this.goOn());
    else {
      this.trouble = error.message;
      this.isPaused = true;
    }
  }

  stop() {
    this.stopping.abort();
    this.stopping = new AbortController();
    this.workers = 0;
    this.todo = [];
    for (const each of this.files.values()) each.going = 0;
  }

  pause() {
    this.isPaused = true;
    this.stop();
    this.count();
    this.changed();
  }

  async goOn() {
    this.isDown = true;
    this.changed();
    await this.refresh();
    if (!this.isPaused) this.run();
  }

  resume() {
    this.isPaused = false;
    this.trouble = "";
    this.changed();
    return this.inTurn(() => this.goOn());
  }

  async cancel() {
    const { id, project } = this;
    this.clear();
    this.changed();
    if (!id) return;
    kept.remove(project, id);
    // A removal that is not heard is made up for by the days after which the app removes it.
    await call("DELETE", `/uploads/${id}`).catch(() => {});
  }

  // The import has the files now.
  spent(id) {
    kept.remove(this.project, id);
    if (this.id !== id) return;
    this.clear();
    this.changed();
  }
}

async function unreadable(files) {
  const read = (each) => each.file.slice(0, 1).arrayBuffer().then(() => null, () => each);
  return (await Promise.all(files.map(read))).filter(Boolean);
}

// Bytes a second over the last seconds.
class Pace {
  constructor() {
    this.seen = [];
  }

  at(bytes, now = performance.now()) {
    this.seen.push({ now, bytes });
    while (this.seen.length > 2 && now - this.seen[0].now > 6_000) this.seen.shift();
    const [first] = this.seen;
    return now - first.now > 400 ? (1000 * (bytes - first.bytes)) / (now - first.now) : null;
  }
}

function uploadOf(project) {
  const all = (window.winnowUploads ??= new Map());
  if (!all.has(project)) {
    all.set(project, new Upload(project));
    all.get(project).find();
  }
  return all.get(project);
}
