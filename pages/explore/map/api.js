// Questions to /api. Each answers with JSON, or fails with words for a person.

async function ask(path, body, signal) {
  const sent = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await answered(path, { ...sent, signal });
  return response.json().catch(() => null);
}

async function askBytes(path) {
  const response = await answered(path);
  return response.arrayBuffer();
}

async function answered(path, how) {
  let response;
  try {
    response = await fetch(path, how);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Said(0, { error: { message: "The app does not answer.", hint: "Is it still running? Then try again." } });
  }
  if (!response.ok) throw new Said(response.status, await response.json().catch(() => null));
  return response;
}

// Items by id, asked for once and kept a while.
const KEPT = 600;
const AT_ONCE = 60;

class Items {
  constructor(projectId) {
    this.path = `/api/projects/${projectId}/map/items?ids=`;
    this.known = new Map();
  }

  async get(ids, signal) {
    const missing = ids.filter((id) => !this.known.has(id));
    for (let from = 0; from < missing.length; from += AT_ONCE) {
      const { items } = await ask(this.path + missing.slice(from, from + AT_ONCE).join(","), null, signal);
      for (const each of items) this.known.set(each.id, each);
    }
    const found = ids.map((id) => this.known.get(id)).filter(Boolean);
    for (const id of this.known.keys()) {
      if (this.known.size <= KEPT) break;
      if (!ids.includes(id)) this.known.delete(id);
    }
    return found;
  }

  forget() {
    this.known.clear();
  }
}
