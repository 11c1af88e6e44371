// The overlay that names every key.

function helpOf(pad) {
  const several = pad.project.multi_label;
  const withKeys = pad.project.classes.filter((each) => each.key);
  const rows = [
    [withKeys.slice(0, 3).map((each) => each.key.toUpperCase()).join(" ") + " …", several ? "choose or unchoose a class" : "choose a class and go on"],
    ["Enter", several ? "save what is chosen and go on" : "accept the suggestion and go on"],
    ["Space", "skip the item"],
    ["F", "flag the item for a second look"],
    ["← →", "go back and forth among the items you saw; a new key replaces a decision"],
    ...itemRows(pad.project.kind),
    ["Del", "clear the decision on this item"],
    ["Ctrl+Z", "undo your last decision, also of an earlier visit"],
    ["Ctrl+Shift+Z", "redo it"],
    ["G", "grid: many items with the same suggestion; Enter accepts all, the arrows move, Space leaves one out, the key of a class changes one"],
    ["Shift+H", "history of the item: who decided what, and what was suggested"],
    ["?", "show or hide this"],
  ];
  const list = element(
    "dl",
    "",
    rows.flatMap(([key, words]) => [element("dt", "", [element("kbd", "wn-key", [key])]), element("dd", "", [words])]),
  );
  const note = "Each class has its key on its button. The digits of a number pad count too. No key labels while you type in a field.";
  return [list, element("p", "wn-quiet", [note]), closing(pad.view.dialog)];
}

function itemRows(kind) {
  if (kind !== "image") return [["↑ ↓", "scroll a long text; also Page Up and Down, Home and End"]];
  return [
    ["Z", "zoom in and out; so does a double click, and in the zoom the wheel"],
    ["Shift+arrows", "move about in a zoomed image; so does the mouse when held down"],
  ];
}
