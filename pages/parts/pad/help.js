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
    ["Del", "clear the decision on this item"],
    ["Ctrl+Z", "undo your last decision, also of an earlier visit"],
    ["Ctrl+Shift+Z", "redo it"],
    ["?", "show or hide this"],
  ];
  const list = element(
    "dl",
    "",
    rows.flatMap(([key, words]) => [element("dt", "", [element("kbd", "wn-key", [key])]), element("dd", "", [words])]),
  );
  const note = "Each class has its key on its button. The digits of a number pad count too. No key labels while you type in a field.";
  const close = button("Close", "Esc", () => pad.toggleHelp(), "wn-primary");
  return [element("h3", "", ["Keys"]), list, element("p", "wn-quiet", [note]), close];
}
