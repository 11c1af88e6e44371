// What a person dropped or chose, as a list of {name, file}: names are paths below what was dropped.

const LITTER = new Set(["thumbs.db", "desktop.ini", "__macosx"]);
const isLitter = (name) => name.startsWith(".") || LITTER.has(name.toLowerCase());

// Has to begin before the drop's handler returns: the browser then takes its list away.
function dropped(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const handles = items.map((item) => item.getAsFileSystemHandle?.().catch(() => null) ?? null);
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter(Boolean);
  return { entries, handles };
}

async function filesOf(entries, found, tell) {
  for (const entry of entries) {
    if (entry instanceof File) found.push({ name: entry.name, file: entry });
    else if (entry.isFile) await takeAll([entry], found, tell);
    else await filesBelow(entry, found, tell);
  }
}

async function filesBelow(folder, found, tell) {
  const reader = folder.createReader();
  // A call gives 100 entries at most; only an empty answer is the end.
  for (;;) {
    const some = await new Promise((done) => reader.readEntries(done, () => done([])));
    if (!some.length) return;
    const wanted = some.filter((entry) => !isLitter(entry.name));
    await takeAll(wanted.filter((entry) => entry.isFile), found, tell);
    for (const entry of wanted) if (entry.isDirectory) await filesBelow(entry, found, tell);
  }
}

async function takeAll(entries, found, tell) {
  const files = await Promise.all(entries.map((entry) => new Promise((done) => entry.file(done, () => done(null)))));
  files.forEach((file, place) => file && found.push({ name: entries[place].fullPath.slice(1), file }));
  tell(found.length);
}

function chosen(list) {
  return [...list]
    .map((file) => ({ name: file.webkitRelativePath || file.name, file }))
    .filter(({ name }) => !name.includes("/") || !name.split("/").slice(1).some(isLitter));
}

async function filesOfHandles(handles, found, tell, above = "") {
  for (const handle of handles) {
    const name = above + handle.name;
    if (handle.kind === "file") {
      const file = await handle.getFile().catch(() => null);
      if (file) found.push({ name, file });
      if (found.length % 100 === 0) tell(found.length);
    } else {
      const below = [];
      for await (const each of handle.values()) if (!isLitter(each.name)) below.push(each);
      await filesOfHandles(below, found, tell, `${name}/`);
    }
  }
}
