// Streamlit calls the default export on every run of the page, without cleaning up between the runs.

const zones = new WeakMap();

export default function mount({ parentElement, data, setStateValue }) {
  const upload = uploadOf(data.project);
  if (data.spent) upload.spent(data.spent);
  let zone = zones.get(parentElement);
  if (!zone || zone.upload !== upload) {
    zone?.end();
    zone = open(parentElement, upload, data.hint);
    zones.set(parentElement, zone);
  }
  zone.tell = (done) => setStateValue("upload", done);
  zone.changed();
  return () => {
    zone.end();
    zones.delete(parentElement);
  };
}

function open(parentElement, upload, hint) {
  const view = new View(hint);
  const ended = new AbortController();
  const zone = { upload, told: null, end, changed, tell: () => {} };
  let drawn = 0;
  let later = 0;

  function draw() {
    later = 0;
    drawn = performance.now();
    upload.count();
    view.draw(upload);
    const { state, totals } = upload;
    const done = state === "done" ? { id: upload.id, files: totals.files, bytes: totals.bytes } : null;
    // Once: each telling runs the page.
    if (JSON.stringify(done) === JSON.stringify(zone.told)) return;
    zone.told = done;
    zone.tell(done);
  }

  function changed() {
    if (later) return;
    if (upload.state !== view.root.dataset.state) draw();
    else later = setTimeout(draw, Math.max(0, drawn + DRAW_MS - performance.now()));
  }

  function end() {
    ended.abort();
    clearTimeout(later);
    upload.watchers.delete(changed);
    view.root.remove();
  }

  for (const input of [view.files, view.folder]) {
    input.onchange = () => {
      const found = chosen(input.files);
      input.value = "";
      upload.add(async (list) => list.push(...found));
    };
  }
  takeDrops(view.root, upload, ended.signal);
  upload.watchers.add(changed);
  parentElement.append(view.root);
  return zone;
}

// Anywhere on the page: a browser opens what is dropped beside the zone, and the page is gone.
function takeDrops(root, upload, signal) {
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  let inside = 0;
  const over = (by) => (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    inside = Math.max(0, inside + by);
    root.classList.toggle("over", inside > 0);
  };
  addEventListener("dragenter", over(1), { signal });
  addEventListener("dragleave", over(-1), { signal });
  addEventListener("dragover", over(0), { signal });
  addEventListener(
    "drop",
    (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      inside = 0;
      root.classList.remove("over");
      const { entries, handles } = dropped(event.dataTransfer);
      upload.add((found, tell) => filesOf(entries, found, tell), handles);
    },
    { signal },
  );
}
