// Dialogs over the pad: one element, filled anew each time it opens.

function toggleDialog(dialog, label, draw) {
  if (dialog.open) return dialog.close();
  fillDialog(dialog, label, draw());
  dialog.showModal();
}

function fillDialog(dialog, label, children) {
  dialog.setAttribute("aria-label", label);
  dialog.replaceChildren(element("h3", "", [label]), ...children);
}

function closing(dialog, label = "Close") {
  return button(label, "Esc", () => dialog.close());
}

// What happened to the item, newest first: who decided what and when, and what was suggested then.
async function showHistory(pad) {
  const entry = pad.ahead.current;
  const { dialog } = pad.view;
  if (!entry || dialog.open) return;
  fillDialog(dialog, "History of this item", [element("p", "wn-quiet", ["Getting it …"])]);
  dialog.showModal();
  const rows = entry.isBlind ? [element("p", "", ["It is shown after these, so that each answer is your own."])] : await historyRows(pad, entry);
  const close = closing(dialog);
  fillDialog(dialog, "History of this item", [...rows, element("div", "wn-next", [close])]);
  close.focus();
}

async function historyRows(pad, entry) {
  // What is still on its way is history too.
  await Promise.race([pad.outbox.empty(), new Promise((resolve) => setTimeout(resolve, 2000))]);
  try {
    const response = await fetch(`/api/items/${entry.id}/history`);
    const answer = await response.json();
    if (!response.ok) return [element("p", "", [answer.error.message])];
    // Decisions that were sent together have one time; they stay in the order they came in.
    const rows = [...answer.items, ...answer.class_changes].sort((one, other) => other.created_at.localeCompare(one.created_at));
    if (!rows.length) return [element("p", "", ["Nobody has decided anything on it yet."])];
    const known = new Map(answer.classes.map((each) => [each.id, each]));
    return [element("ol", "wn-history", rows.map((each) => (each.words ? changeRow(each) : historyRow(pad, each, known))))];
  } catch {
    return [element("p", "", ["The server does not answer. Try again."])];
  }
}

const DID = { label: "labeled it", skip: "skipped it", flag: "flagged it", clear: "cleared it", check: "looked again:", undo: "took a decision back:", redo: "brought a decision again:" };

// The item's label went with a change of the classes.
function changeRow({ annotator, words, created_at: at }) {
  const who = annotator ? [element("b", "", [annotator]), " changed the classes: "] : ["The classes were changed: "];
  return element("li", "", [element("div", "wn-deed", [...who, `${words}. `, timeOf(at)])]);
}

function timeOf(at) {
  return element("time", "wn-quiet", [new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })], { datetime: at });
}

function historyRow(pad, { annotator, action, class_ids: classIds, created_at: at, suggested }, known) {
  const chips = classIds.map((id) => chipOf(known, id));
  const when = timeOf(at);
  const isBack = action === "undo" || action === "redo";
  const line = [element("b", "", [annotator]), ` ${DID[action]} `, ...chips];
  if (isBack && !chips.length) line.push("no label");
  const said = suggested && pad.isShowing ? [element("div", "wn-quiet", [suggestedThen(known, suggested)])] : [];
  return element("li", "", [element("div", "wn-deed", [...line, when]), ...said]);
}

function suggestedThen(known, { class_id: classId, confidence, is_hidden: isHidden }) {
  const name = known.get(classId)?.name ?? "a class that is gone";
  return `Suggested then: ${name} ${percent(confidence)}${isHidden ? ", not shown" : ""}`;
}

function chipOf(known, classId) {
  const there = known.get(classId);
  const dot = element("i", "wn-dot");
  dot.style.background = there?.color ?? "transparent";
  return element("span", "wn-chip", [dot, there?.name ?? "a class that is gone"]);
}
