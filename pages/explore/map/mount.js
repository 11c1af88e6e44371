// Streamlit calls the default export on every run of the page, without cleaning up between the runs.

const mounted = new WeakMap();

export default function mount({ parentElement, data, setTriggerValue }) {
  let there = mounted.get(parentElement);
  if (there && there.key !== data.key) {
    there.end();
    there = null;
  }
  if (!there) {
    there = open(parentElement, data);
    mounted.set(parentElement, there);
  }
  there.map.go = (order) => setTriggerValue("go", order);
  there.fit();
  there.map.update(data);
  return () => {
    there.end();
    mounted.delete(parentElement);
  };
}

function open(parentElement, data) {
  const map = new ItemMap(data, () => {});
  const ended = new AbortController();
  const { signal } = ended;
  const fit = () => map.root.style.setProperty("--wm-above", `${Math.max(0, map.root.getBoundingClientRect().top + scrollY)}px`);
  parentElement.append(map.root);
  // Capturing: before the page scrolls or Streamlit takes a key.
  const onKey = (event) => {
    if (!press(map, event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  addEventListener("keydown", onKey, { capture: true, signal });
  addEventListener("resize", fit, { signal });
  const end = () => {
    ended.abort();
    map.end();
    map.root.remove();
  };
  return { map, fit, end, key: data.key };
}
