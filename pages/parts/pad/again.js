// Orders that bring again what is decided, as it stands, until each had a look: split:NAME, the labeled items of a class
// that was split, and list:ID, items of any kind that somebody picked on another page.

const LIST = "list:";
const SPLIT = "split:";

function isOfAgain(order) {
  return order.startsWith(LIST) || order.startsWith(SPLIT);
}

// What the order menu calls it.
function nameOfAgain(pad) {
  const { order, project, again } = pad;
  if (order.startsWith(SPLIT)) return `Split ${order.slice(SPLIT.length)}`;
  return (again?.order === order && again.name) || (project.asked?.order === order && project.asked.words) || "A list of items";
}

// How many are still to be looked at, from the server: it does not know yet of what is on its way there. What was stored
// while it was asked may be in its answer or not: then the pad's own count stands.
function againCame(pad, order, { split, list }, settledBefore) {
  const told = split ?? list;
  if (!told || order !== pad.order) return;
  if (pad.again?.order === order && pad.outbox.settled !== settledBefore) return;
  const onTheWay = pad.outbox.itemIds();
  const decided = pad.ahead.entries.filter((entry) => onTheWay.has(entry.id) && entry.isAgain === false).length;
  const isNew = pad.again?.order !== order;
  pad.again = { order, name: told.name, total: told.total, left: Math.max(0, told.left - decided) };
  // Before its first item is painted: now its name is known.
  if (isNew && list) pad.view.arrange();
  pad.view.paintSoon();
}

// Decided, and up for another look.
function isToKeep(entry) {
  return Boolean(entry.isAgain) && entry.status !== "todo";
}

// Enter on such an item: it stays as it is, and that counts as a look.
function keep(pad, entry) {
  if (entry.status === "skipped" || entry.status === "flagged") return pad.decide(entry.status === "skipped" ? "skip" : "flag");
  return pad.decide("label", entry.class_ids);
}

// Why the item comes again. Where suggestions are hidden it may give one away.
function noteOf(pad, entry) {
  return (pad.isShowing && !entry.isBlind && entry.note) || "";
}

function againOver(pad, inOrder) {
  const { again, order, view, project } = pad;
  const isList = order.startsWith(LIST);
  const name = isList ? "them" : order.slice(SPLIT.length);
  const from = project.asked?.back;
  const back = isList && from ? [button(`Back to ${from}`, "", () => pad.go("back"), "wn-primary")] : [];
  if (!again?.left) {
    const words = isList ? `Every item of “${nameOfAgain(pad)}” was kept as it is or decided anew.` : `Every item that was ${name} has been decided once more.`;
    return view.paintOver("All of them have been looked at", words, [...back, inOrder(back.length ? "" : "wn-primary")]);
  }
  const are = again.left === 1 ? "is" : "are";
  const words = `${number(again.left)} of ${name} ${are} in front of somebody else or in another tab. They come here when they are let go, within three minutes.`;
  view.paintOver("Nothing for you just now", words, [lookAgain(pad), ...back, inOrder("")]);
}
