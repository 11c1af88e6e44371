// Streamlit calls the default export on every run of the page, without cleaning up between the runs.

const mounted = new WeakMap();
// Where a key belongs to the words that are being written.
const WRITING = "textarea, select, input:not([type='checkbox'], [type='range'], [type='file'])";

export default function mount({ parentElement, data, setTriggerValue }) {
  let there = mounted.get(parentElement);
  if (there && there.studio.project !== data.project) {
    there.end();
    there = null;
  }
  const go = (to) => setTriggerValue("go", to);
  if (there) {
    there.studio.go = go;
    there.studio.update(data);
  } else {
    there = open(parentElement, data, go);
    mounted.set(parentElement, there);
  }
  there.fit();
  return () => {
    there.end();
    mounted.delete(parentElement);
  };
}

function open(parentElement, data, go) {
  const studio = new Studio(data, go);
  const { root } = studio;
  const ended = new AbortController();
  const { signal } = ended;
  const fit = () => root.style.setProperty("--above", `${Math.max(0, root.getBoundingClientRect().top + scrollY)}px`);
  parentElement.append(root);
  // Capturing, on the window: a removed button takes the focus out of the studio, and Ctrl+Z is meant all the same.
  addEventListener(
    "keydown",
    (event) => {
      if (!undoes(studio, event)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { capture: true, signal },
  );
  addEventListener("resize", fit, { signal });
  const end = () => {
    ended.abort();
    studio.end();
  };
  return { studio, fit, end };
}

function undoes(studio, event) {
  const key = event.key.toLowerCase();
  if (!(event.ctrlKey || event.metaKey) || event.altKey || (key !== "z" && key !== "y")) return false;
  const target = event.composedPath()[0];
  const isHere = event.composedPath().includes(studio.root) || target === document.body;
  if (!isHere || studio.dialog.open || (target instanceof Element && target.matches(WRITING))) return false;
  if (key === "y" || event.shiftKey) studio.redo();
  else studio.undo();
  return true;
}
