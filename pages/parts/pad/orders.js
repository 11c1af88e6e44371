// The orders of the queue, as the person chooses among them.

// These would give away what is suggested.
function isOfSuggestions(order) {
  return order === "uncertain" || order === "mixed" || order.startsWith("class:") || isOfDisagreement(order);
}

// [value, words] of each order there is. "similar" and "search" ask for more before they are one.
function ordersOf(pad) {
  const found = [["sequential", "In order"], ["random", "Shuffled"], ["diverse", "Varied first, to begin with"]];
  if (pad.hasSuggestions && pad.isShowing) {
    found.push(["mixed", "Unsure and varied"], ["uncertain", "Least sure first"]);
    found.push(...pad.project.classes.map((each) => [`class:${each.name}`, `Suggested ${each.name}`]));
  }
  found.push(["similar", "Like this item"], ["search", "Search …"]);
  found.push(...(pad.project.splits ?? []).map(({ name }) => [`split:${name}`, `Split ${name}`]));
  if (isOfAgain(pad.order) && !found.some(([value]) => value === pad.order)) found.push([pad.order, nameOfAgain(pad)]);
  // The one in use, in its own words.
  if (pad.order.startsWith("similar:")) found.push([pad.order, `Like item ${pad.order.slice(8)}`]);
  if (pad.order.startsWith("search:")) found.push([pad.order, `Search: ${pad.order.slice(7)}`]);
  if (isOfDisagreement(pad.order) && pad.hasSuggestions && pad.isShowing) {
    const asked = pad.project.asked;
    found.push([pad.order, asked?.order === pad.order ? asked.words : "Where two suggesters differ"]);
  }
  return found;
}

function isOfDisagreement(order) {
  return order.startsWith("disagree:");
}

// A link may name an order. It holds until the person chooses another one: a reload must not bring it back.
function forgetAskedOrder() {
  const address = new URL(location.href);
  if (!address.searchParams.has("order")) return;
  address.searchParams.delete("order");
  history.replaceState(history.state, "", address);
}

function pickOrder(pad, value) {
  const { view } = pad;
  if (value === "search") return askForWords(pad);
  const entry = pad.ahead.current ?? pad.shown;
  if (value !== "similar") pad.chooseOrder(value);
  else if (entry) pad.chooseOrder(`similar:${entry.id}`);
  else view.arrange();
  view.focus();
}

function askForWords(pad) {
  const { view } = pad;
  const words = element("input", "wn-input wn-search", [], {
    "aria-label": "Search for",
    placeholder: "What is it about?",
    maxlength: "200",
  });
  let isLeaving = false;
  const leave = () => {
    // Taking the field away takes the focus from it, which would lead here again.
    if (isLeaving) return;
    isLeaving = true;
    words.replaceWith(view.order);
    view.arrange();
    view.focus();
  };
  words.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && words.value.trim()) pad.chooseOrder(`search:${words.value.trim()}`);
    if (event.key === "Enter" || event.key === "Escape") leave();
  });
  words.addEventListener("blur", leave);
  view.order.replaceWith(words);
  words.focus();
}
