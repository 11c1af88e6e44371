// The files of an upload in requests: a large one in pieces, small ones in bundles.

const PIECE = 8_000_000;
const SMALL = 256_000;
const BUNDLE_FILES = 100;
const BUNDLE = 4_000_000;
const BUSY_MS = 700;

// A large file, or a bundle of small ones.
function next(todo) {
  const some = [todo.pop()];
  let bytes = some[0].size;
  const isSmall = (each) => each && each.sent === 0 && each.size <= SMALL;
  while (isSmall(some[0]) && isSmall(todo.at(-1)) && some.length < BUNDLE_FILES && bytes < BUNDLE) {
    some.push(todo.pop());
    bytes += some.at(-1).size;
  }
  return some;
}

async function send(upload, some, signal) {
  try {
    if (some.length > 1) await sendBundle(upload, some, signal);
    else while (some[0].sent < some[0].size && !signal.aborted) await sendPiece(upload, some[0], signal);
  } catch (error) {
    if (!(error instanceof Down) || signal.aborted) throw error;
    // The browser says the same of a file that is gone as of a server that is.
    const broken = await unreadable(some);
    if (!broken.length) throw error;
    for (const each of broken) each.isBroken = true;
    upload.todo.push(...some.filter((each) => !each.isBroken));
  } finally {
    for (const each of some) each.going = 0;
  }
}

async function sendPiece(upload, each, signal) {
  const piece = each.file.slice(each.sent, Math.min(each.size, each.sent + PIECE));
  try {
    const path = `/uploads/${upload.id}/files/${each.n}?offset=${each.sent}`;
    const answer = await put(path, piece, signal, (bytes) => upload.went(each, bytes));
    each.sent = answer.received;
  } catch (error) {
    if (error.received === undefined) throw error;
    // Another tab is at it, or an answer got lost.
    each.sent = error.received;
    if (error.code === "busy") await sleep(BUSY_MS);
  }
  each.going = 0;
}

async function sendBundle(upload, some, signal) {
  const asked = some.map((each) => `n=${each.n}`).join("&");
  try {
    await put(`/uploads/${upload.id}/files?${asked}`, new Blob(some.map((each) => each.file)), signal, () => {});
    for (const each of some) each.sent = each.size;
    upload.went(some[0], 0);
  } catch (error) {
    if (error.code !== "busy") throw error;
    await sleep(BUSY_MS);
    upload.todo.push(...some);
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
