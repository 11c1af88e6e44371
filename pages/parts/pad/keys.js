// Which keys are meant for the pad. Streamlit keeps C and R for itself.

const TEXT_FIELDS =
  "textarea, select, [contenteditable=''], [contenteditable='true'], [role='textbox'], [role='combobox'], " +
  "input:not([type='checkbox'], [type='radio'], [type='button'], [type='submit'], [type='reset'], [type='range'])";
const PRESSABLE = "button, a[href], summary, input, [role='button'], [role='tab'], [role='menuitem']";

function isTyping(event) {
  const target = event.composedPath()[0];
  return event.isComposing || (target instanceof Element && target.closest(TEXT_FIELDS) !== null);
}

// Enter and Space belong to a button that somebody reached with the Tab key, and to the pad everywhere else: after a
// click the focus stays on what was clicked, and nobody expects the next Space to click it again.
function isPressing(event, clicked) {
  const target = event.composedPath()[0];
  const pressable = target instanceof Element ? target.closest(PRESSABLE) : null;
  return pressable !== null && pressable !== clicked;
}

// The digit on the numpad, or in the digit row of keyboards that type a letter there, counts like the digit itself.
function digitOf(event) {
  const found = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
  return found && !event.shiftKey ? found[1] : null;
}

const ACTIONS = {
  Enter: (pad) => pad.accept(),
  Backspace: (pad) => pad.clear(),
  Delete: (pad) => pad.clear(),
  " ": (pad) => pad.skip(),
  f: (pad) => pad.flag(),
  g: (pad) => pad.toggleGrid(),
};

// In the grid the arrows go from card to card.
const GRID_STEPS = {
  ArrowLeft: () => -1,
  ArrowRight: () => 1,
  ArrowUp: (grid) => -grid.columns,
  ArrowDown: (grid) => grid.columns,
  Home: () => -Infinity,
  End: () => Infinity,
};

// Do what the key means. True when it was meant for the pad. A held key is one press.
function press(pad, event, clicked) {
  if (event.altKey || event.getModifierState("AltGraph") || isTyping(event)) return false;
  const once = (action) => {
    if (!event.repeat) action(pad);
    return true;
  };
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const isControl = event.ctrlKey || event.metaKey;
  if (key === "?" && !isControl) return once(() => pad.toggleHelp());
  if (pad.view.dialog.open || document.querySelector("[role='dialog']")) return false;
  if (isControl) {
    if (key !== "z" && key !== "y") return false;
    return once(() => (key === "y" || event.shiftKey ? pad.redo() : pad.undo()));
  }
  const classId = pad.byKey.get(digitOf(event)) ?? pad.byKey.get(key);
  // Without its lock a number pad sends arrows: where a class has the digit, the digit is meant.
  if (event.code.startsWith("Numpad") && classId !== undefined) return once(() => pad.choose(classId));
  if (pad.grid) {
    if (Object.hasOwn(GRID_STEPS, key)) return pad.grid.step(GRID_STEPS[key](pad.grid)), true;
    if (key === "Escape") return once(() => pad.toggleGrid());
  } else if (itemKey(pad, key, event)) return true;
  if (key === "h" && event.shiftKey) return once(() => showHistory(pad));
  if (key === "ArrowLeft" || key === "ArrowRight") {
    pad.step(key === "ArrowLeft" ? -1 : 1);
    return true;
  }
  if ((key === "Enter" || key === " ") && isPressing(event, clicked)) return false;
  if (classId !== undefined) return once(() => pad.choose(classId));
  return Object.hasOwn(ACTIONS, key) ? once(ACTIONS[key]) : false;
}
