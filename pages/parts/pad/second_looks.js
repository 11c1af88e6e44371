// What is asked blind: the sample of a measured accept, and the re-check of one's own labels. The stage shows the items
// one after the other as always, without suggestion, and then what follows from the answers.

const RECHECK_SHARE = 0.03;
const ACCEPT_FROM = 0.9;

async function ask(url, body) {
  const how = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  try {
    const response = await fetch(url, how ?? undefined);
    const answer = await response.json();
    return response.ok ? answer : { trouble: `${answer.error.message} ${answer.error.hint}` };
  } catch {
    return { trouble: "The server does not answer. Try again." };
  }
}

function numberField(label, value, most, unit) {
  const input = element("input", "wn-input", [], { type: "number", min: "1", max: String(most), step: "any", value: String(value), "aria-label": label });
  return [input, element("label", "wn-field", [`${label} `, input, ` ${unit}`])];
}

// A dialog with one number and a button that begins.
function askNumber(pad, title, words, [input, field], begin) {
  const { dialog } = pad.view;
  const trouble = element("p", "wn-trouble-words", [], { role: "alert" });
  const start = async () => {
    trouble.textContent = "";
    trouble.textContent = (await begin(Number(input.value) / 100)) ?? "";
    if (trouble.textContent) return;
    dialog.close();
    // Not on the button that opened it: the next key is meant for the item.
    pad.view.focus();
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") start();
  });
  const rows = [...words.map((each) => element("p", "", [each])), field, trouble];
  const buttons = element("div", "wn-next", [button("Begin", "Enter", start, "wn-primary"), closing(dialog, "Not now")]);
  fillDialog(dialog, title, [...rows, buttons]);
  if (!dialog.open) dialog.showModal();
  input.select();
}

function askAccept(pad) {
  const words = [
    "Takes over every suggestion that is at least this sure, for items still to do, in one step that one undo takes back.",
    "First you label 20 random ones of them without seeing the suggestion. From your answers follows how many of all are right.",
  ];
  askNumber(pad, "Accept many suggestions", words, numberField("At least", 100 * ACCEPT_FROM, 100, "% sure"), async (confidence) => {
    const prepared = await ask(`/api/projects/${pad.project.id}/acceptances`, { annotator: pad.annotator, confidence });
    if (prepared.trouble) return prepared.trouble;
    const { id, items, count } = prepared;
    begin(pad, items, () => measured(pad, id), {});
    pad.view.say(`${number(count)} items are that sure. Label these ${items.length} without a suggestion.`);
    return null;
  });
}

async function measured(pad, acceptanceId) {
  const answer = await results(pad, `/api/projects/${pad.project.id}/acceptances/${acceptanceId}`);
  if (!answer) return;
  const { answers, count, wrong, confidence } = answer;
  // Where they are less often right than they are sure, to leave them is the better choice.
  const isAsSure = answers.share >= confidence;
  const back = button("Not now", "", () => backToQueue(pad), isAsSure ? "" : "wn-primary");
  if (!answers.count) {
    return pad.view.paintOver("Nothing to judge by", "None of the 20 got a label, so nothing can be said of the others.", [back]);
  }
  const title = `${number(answers.right)} of ${number(answers.count)} were as suggested`;
  const words =
    `Of ${number(count)} more items that are at least ${percent(confidence)} sure, expect ${percent(answers.share)} to be right: ` +
    `between ${percent(answers.low)} and ${percent(answers.high)}, with 95 % certainty.`;
  const accept = button(`Accept ${number(count)} suggestions`, "", () => acceptAll(pad, acceptanceId, count), isAsSure ? "wn-primary" : "");
  const differing = wrong.length ? [button(`Look at the ${number(wrong.length)} that differ`, "", () => lookAt(pad, wrong, () => measured(pad, acceptanceId)))] : [];
  pad.view.paintOver(title, words, [...(count ? [accept] : []), ...differing, back]);
}

async function acceptAll(pad, acceptanceId, count) {
  const letter = pad.outbox.put(pad.annotator, "accept", { event_id: newId(), acceptance_id: acceptanceId });
  pad.decisions.forget();
  pad.view.paintOver("Accepting …", `${number(count)} items get their suggested class. Ctrl+Z takes all of it back.`);
  await pad.outbox.empty();
  backToQueue(pad);
  const { changed, job_id: jobId, refused } = letter.answer;
  if (refused) return;
  const words = jobId ? `${number(count)} suggestions are being accepted.` : `Accepted ${number(changed)} suggestions.`;
  pad.view.say(`${words} Ctrl+Z takes them back.`);
  // Over some thousands it is a job: its card is below the pad.
  pad.go("label");
}

function askRecheck(pad) {
  const words = [
    "Some of your own labels come back without what you chose. Decide once more; your labels stay as they are.",
    "Then you see how often you agree with yourself: nobody, and no model, can be expected to do better.",
  ];
  askNumber(pad, "Re-check your labels", words, numberField("A share of", 100 * RECHECK_SHARE, 100, "% of them"), async (share) => {
    const asked = new URLSearchParams({ annotator: pad.annotator, share });
    const found = await ask(`/api/projects/${pad.project.id}/recheck?${asked}`);
    if (found.trouble) return found.trouble;
    begin(pad, found.items, () => agreement(pad), { isCheck: true });
    pad.view.say(`${number(found.items.length)} to decide once more.`);
    return null;
  });
}

async function agreement(pad) {
  const asked = new URLSearchParams({ annotator: pad.annotator });
  const answer = await results(pad, `/api/projects/${pad.project.id}/agreement?${asked}`);
  if (!answer) return;
  const { right, count, share, low, high, differing } = answer;
  const back = button("Go on labeling", "", () => backToQueue(pad), "wn-primary");
  if (!count) return pad.view.paintOver("Nothing was checked", "You left all of them out.", [back]);
  const title = `You agree with yourself on ${number(right)} of ${number(count)}`;
  const words = `That is ${percent(share)}; between ${percent(low)} and ${percent(high)} of all your labels, with 95 % certainty.`;
  const look = button(`Look at the ${number(differing.length)} that differ`, "", () => lookAt(pad, differing, () => agreement(pad)));
  pad.view.paintOver(title, words, [...(differing.length ? [look] : []), back]);
}

function begin(pad, items, done, more) {
  if (pad.grid) pad.toggleGrid();
  pad.ahead.only(items, done, { ...more, isBlind: true });
  pad.holdAgain();
  pad.show();
  pad.view.focus();
}

// The answers are counted once the server has all of them.
async function results(pad, url) {
  pad.view.paintOver("", "Counting your answers …");
  await pad.outbox.empty();
  const answer = await ask(url);
  // Meanwhile somebody went back to an item.
  if (pad.ahead.current) return null;
  if (!answer.trouble) return answer;
  pad.view.paintOver("The answers could not be counted", answer.trouble, [
    button("Try again", "", () => pad.show(), "wn-primary"),
    button("Go on labeling", "", () => backToQueue(pad)),
  ]);
  return null;
}

// One after the other as they stand, and then back to the result.
async function lookAt(pad, differing, done) {
  const found = await Promise.all(differing.map((each) => ask(`/api/items/${each.item_id}`)));
  pad.ahead.only(found.filter((each) => !each.trouble), done);
  pad.show();
  pad.view.say("Press another class where you decided wrongly; Shift+H shows both answers.");
}

function backToQueue(pad) {
  pad.ahead.goOn();
  pad.show();
  pad.ahead.fill();
  pad.view.focus();
}
