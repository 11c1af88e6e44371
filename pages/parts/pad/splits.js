// A class that was split: its labeled items come once more, with their label shown, until all had a turn.

function isOfSplit(order) {
  return order.startsWith("split:");
}

// How many are still to be looked at, from the server: it does not know yet of what is on its way there. What was stored
// while it was asked may be in its answer or not: then the pad's own count stands.
function splitCame(pad, order, split, settledBefore) {
  if (!split || order !== pad.order) return;
  if (pad.split?.order === order && pad.outbox.settled !== settledBefore) return;
  const onTheWay = pad.outbox.itemIds();
  const decided = pad.ahead.entries.filter((entry) => onTheWay.has(entry.id) && entry.isAgain === false).length;
  pad.split = { order, total: split.total, left: Math.max(0, split.left - decided) };
  pad.view.paintSoon();
}

function splitOver(pad, inOrder) {
  const { split, order, view } = pad;
  const name = order.slice("split:".length);
  if (!split?.left) return view.paintOver("All of them have been looked at", `Every item that was ${name} has been decided once more.`, [inOrder()]);
  const words = `${number(split.left)} of ${name} are in front of somebody else or in another tab. They come here when they are let go, within three minutes.`;
  view.paintOver("Nothing for you just now", words, [lookAgain(pad), inOrder()]);
}
