// Streamlit calls the default export on every run of the page, without cleaning up between the runs.

const mounted = new WeakMap();

export default function mount({ parentElement, data, setTriggerValue, setStateValue }) {
  let there = mounted.get(parentElement);
  if (there && there.pad.project.key !== data.key) {
    there.end();
    there = null;
  }
  if (there) {
    there.pad.go = (page) => setTriggerValue("go", page);
    there.pad.update(data);
  } else {
    there = open(parentElement, data, (page) => setTriggerValue("go", page));
    there.pad.tellName = (name) => setStateValue("annotator", name);
    mounted.set(parentElement, there);
  }
  there.fit();
  return () => {
    there.end();
    mounted.delete(parentElement);
  };
}

function open(parentElement, data, go) {
  const pad = new Pad(data, go);
  const { root } = pad.view;
  const ended = new AbortController();
  const { signal } = ended;
  let clicked = null;
  const fit = () => root.style.setProperty("--wn-above", `${Math.max(0, root.getBoundingClientRect().top)}px`);
  parentElement.append(root);
  // Capturing: before the page scrolls with Space or Streamlit takes a key.
  addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Tab") clicked = null;
      if (!press(pad, event, clicked)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { capture: true, signal },
  );
  addEventListener("pointerdown", (event) => (clicked = event.target.closest?.(PRESSABLE) ?? null), { capture: true, signal });
  addEventListener("resize", fit, { signal });
  addEventListener("pagehide", () => pad.letGo(), { signal });
  // Back from another page of the browser, or from a long sleep.
  addEventListener("pageshow", (event) => event.persisted && pad.holdAgain(), { signal });
  document.addEventListener("visibilitychange", () => document.hidden || pad.holdAgain(), { signal });
  // The link that led here still has the focus, and Enter would follow it again.
  if (!document.activeElement?.matches(TEXT_FIELDS)) pad.view.focus();
  const end = () => {
    ended.abort();
    pad.end();
    root.remove();
  };
  return { pad, fit, end };
}
