// One project's upload. It lives on the window, so that it goes on while the page is drawn anew or left for another.

const AT_ONCE = 6;
const SAID_AT_ONCE = 2_000;
const LONGEST_WAIT_MS = 8_000;

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
      while (this.todo.length && !signal.aborted) await send(this, next(this.todo), signal);
    } catch (caught) {
      error = caught;
    }
    if (this.stopping.signal !== signal) return;
    this.workers -= 1;
    if (error) this.halt(error);
    this.count();
    this.changed();
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

function uploadOf(project) {
  const all = (window.winnowUploads ??= new Map());
  if (!all.has(project)) {
    all.set(project, new Upload(project));
    all.get(project).find();
  }
  return all.get(project);
}
