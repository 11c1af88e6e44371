// What stands on the stage when there is no item to show: because all is done, because more is on its way, or because
// nobody answers.

// How far the server looks for items on which two suggesters differ (FURTHEST in backend/labeling/queue.py).
const MOST_LOOKED_AT = 10000;

function over(pad) {
  const { ahead, view, progress } = pad;
  if (ahead.asked) return ahead.asked.done();
  if (ahead.isAway) return view.paintOver("The server does not answer", "Your decisions are kept in this browser and sent as soon as it is back.");
  const inOrder = (style = "wn-primary") => button("Go on in order", "", () => pad.chooseOrder("sequential"), style);
  if (ahead.trouble) return view.paintOver("Nothing comes in this order", `${ahead.trouble.message} ${ahead.trouble.hint}`, [inOrder()]);
  if (!ahead.isEnd) return view.paintOver("", "Getting the next items …");
  if (isOfAgain(pad.order)) return againOver(pad, inOrder);
  if (progress.todo > 0) return left(pad, inOrder);
  const { skipped, flagged } = progress;
  const rest = [skipped && `${number(skipped)} skipped`, flagged && `${number(flagged)} flagged`].filter(Boolean);
  const words = rest.length ? `Every item has a decision; ${rest.join(" and ")}.` : "Every item has a label.";
  const reviews = ["skipped", "flagged"].filter((status) => progress[status] > 0);
  const look = reviews.map((status) => button(`Go through the ${status} ones`, "", () => pad.review(status)));
  const train = button("Train a model", "", () => pad.go("train"), "wn-primary");
  const check = progress.labeled ? [button("Re-check some of yours", "", () => askRecheck(pad))] : [];
  view.paintOver("All done", words, [train, ...look, ...check, button("Add data", "", () => pad.go("data")), lookAgain(pad)]);
}

// Some are left, but not here: in another order, or in front of somebody else.
function left(pad, inOrder) {
  const { view, order, progress } = pad;
  if (order.startsWith("class:")) {
    return view.paintOver("Nothing left here", `No item still to do is suggested to be ${order.slice(6)}.`, [inOrder()]);
  }
  if (isOfDisagreement(order)) {
    const where = `the two suggest the same for ${progress.todo > MOST_LOOKED_AT ? `the ${number(MOST_LOOKED_AT)} items to do of which the first is least sure` : "every item to do"}`;
    return view.paintOver("Nothing left here", `As far as nobody else has them in front of them, ${where}.`, [inOrder()]);
  }
  const words = `${number(progress.todo)} ${progress.todo === 1 ? "item is" : "items are"} still to do, in front of somebody else or in another tab. They come here when they are let go, within three minutes.`;
  view.paintOver("Nothing for you just now", words, [lookAgain(pad), ...(order === "sequential" ? [] : [inOrder()])]);
}

function lookAgain(pad) {
  return button("Look again", "", () => pad.chooseOrder(pad.order));
}

function endOfList(pad) {
  pad.view.paintOver("That was the last of them", "", [button("Go on labeling", "", () => backToQueue(pad), "wn-primary")]);
}
