// The keys of the map. With a selection the keys of the classes come first; Streamlit keeps C and R for itself.

const TEXT_FIELDS =
  "textarea, select, [contenteditable=''], [contenteditable='true'], [role='textbox'], [role='combobox'], " +
  "input:not([type='checkbox'], [type='radio'], [type='button'], [type='submit'], [type='reset'], [type='range'])";
const STEP_PX = 60;

const MAP_KEYS = {
  "+": (map) => map.zoomBy(1.5),
  "=": (map) => map.zoomBy(1.5),
  "-": (map) => map.zoomBy(1 / 1.5),
  Home: (map) => map.reset(),
  ArrowLeft: (map) => map.pan(STEP_PX, 0),
  ArrowRight: (map) => map.pan(-STEP_PX, 0),
  ArrowUp: (map) => map.pan(0, STEP_PX),
  ArrowDown: (map) => map.pan(0, -STEP_PX),
  l: (map) => map.use(map.tool === "lasso" ? "pan" : "lasso"),
  b: (map) => map.use(map.tool === "box" ? "pan" : "box"),
};

// Do what the key means; true when it was meant for the map. It listens where the focus is in it, or nowhere.
function press(map, event) {
  const target = event.composedPath()[0];
  if (event.isComposing || event.altKey || event.getModifierState("AltGraph")) return false;
  if (target instanceof Element && (target.closest(TEXT_FIELDS) || (target !== document.body && !map.root.contains(target)))) return false;
  if (document.querySelector("[role='dialog']")) return false;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) return key === "z" && !event.shiftKey && !event.repeat && (map.panel.undo(), true);
  if (key === "Escape") return map.escape();
  if (map.selected.length && !event.repeat) {
    const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
    const wanted = [digit && !event.shiftKey && digit[1], key];
    const found = [...map.usable.values()].find((each) => each.key && wanted.includes(each.key));
    if (found) return map.panel.choose(found.id), true;
    if (key === "Enter" && map.project.multi_label && map.panel.chosen.size && target.tagName !== "BUTTON") return map.panel.label([...map.panel.chosen]), true;
  }
  // Arrows scroll the panel when the focus is in there.
  if (key.startsWith("Arrow") && target !== map.stage) return false;
  if (!Object.hasOwn(MAP_KEYS, key)) return false;
  MAP_KEYS[key](map);
  return true;
}
