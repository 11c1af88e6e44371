// What outlives a reload: which upload is unfinished, and, where the browser gives them, handles of what was dropped.

const KEPT = (project) => `winnow/uploads/${project}/`;

const kept = {
  add(project, id) {
    try {
      localStorage.setItem(KEPT(project) + id, String(Date.now()));
    } catch {
      // Without a storage an upload ends with its tab.
    }
  },
  remove(project, id) {
    try {
      localStorage.removeItem(KEPT(project) + id);
    } catch {
      // It was never there.
    }
    inStore("readwrite", (store) => store.delete(id));
  },
  ids(project) {
    try {
      return Object.keys(localStorage)
        .filter((key) => key.startsWith(KEPT(project)))
        .sort((one, other) => localStorage.getItem(other) - localStorage.getItem(one))
        .map((key) => key.slice(KEPT(project).length));
    } catch {
      return [];
    }
  },
  async handles(id) {
    return (await inStore("readonly", (store) => store.get(id))) ?? [];
  },
  async addHandles(id, handles) {
    const there = await kept.handles(id);
    await inStore("readwrite", (store) => store.put([...there, ...handles], id));
  },
};

function inStore(mode, act) {
  return new Promise((done) => {
    const opening = globalThis.indexedDB?.open("winnow-uploads", 1);
    if (!opening) return done(null);
    opening.onupgradeneeded = () => opening.result.createObjectStore("handles");
    opening.onerror = () => done(null);
    opening.onsuccess = () => {
      try {
        const asked = act(opening.result.transaction("handles", mode).objectStore("handles"));
        asked.onsuccess = () => done(asked.result);
        asked.onerror = () => done(null);
      } catch {
        done(null);
      }
      opening.result.close();
    };
  });
}

// One tab looks after an upload. Resolves to a function that lets it go, or null when another tab has it.
function lookAfter(id) {
  if (!navigator.locks) return Promise.resolve(() => {});
  return new Promise((done) => {
    navigator.locks.request(`winnow/upload/${id}`, { ifAvailable: true }, (lock) => {
      if (!lock) return done(null);
      return new Promise((release) => done(release));
    });
  });
}
