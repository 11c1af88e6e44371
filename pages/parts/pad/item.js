// One item on the stage: a text that scrolls with the keys, or a picture. Each is drawn once and kept in its entry.

const IMAGE_SIZE = 1200;
const TINY = 128;
// Laying out a megabyte takes seconds: it is drawn in pieces, and all but the first when somebody asks.
const PIECE = 10000;
const MOST_MARKS = 2000;
// More frames than this are not counted at import.
const MOST_FRAMES = 10000;
const TRY_AGAIN_MS = 1500;
const LINE_STEP = 60;
const PAGE_SHARE = 0.9;

const SCROLLS = {
  ArrowUp: (sheet) => sheet.scrollTop - LINE_STEP,
  ArrowDown: (sheet) => sheet.scrollTop + LINE_STEP,
  PageUp: (sheet) => sheet.scrollTop - PAGE_SHARE * sheet.clientHeight,
  PageDown: (sheet) => sheet.scrollTop + PAGE_SHARE * sheet.clientHeight,
  Home: () => 0,
  End: (sheet) => sheet.scrollHeight,
};

function nodeOf(entry, sought = "") {
  const isImage = entry.kind === "image";
  // Other words are sought now: other words are marked.
  if (entry.node && !isImage && entry.sought !== sought) entry.node = null;
  entry.sought = sought;
  entry.node ??= isImage ? pictureOf(entry) : wordsOf(entry, sought);
  return entry.node;
}

function placeItem(stage, entry, sought) {
  const node = nodeOf(entry, sought);
  const before = stage.firstElementChild;
  // The page ran again: what somebody scrolled or zoomed stays as it is.
  if (before === node) return;
  if (before) zooms.get(before)?.out();
  stage.replaceChildren(node);
}

// What a key means for the item that is shown. True when it means something.
function itemKey(pad, key, event) {
  const shown = pad.view.stage.firstElementChild;
  const zoom = zooms.get(shown);
  if (zoom) return zoom.key(key, event);
  const isText = shown?.classList.contains("wn-sheet") && Object.hasOwn(SCROLLS, key) && !event.shiftKey;
  if (!isText || shown.scrollHeight <= shown.clientHeight) return false;
  shown.scrollTop = SCROLLS[key](shown);
  return true;
}

// The words of a search, without what is no word; "" in every other order.
function wordsSought(pad) {
  if (!pad.order.startsWith("search:")) return "";
  const words = pad.order.slice("search:".length).match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return words.filter((word) => word.length >= 2).join(" ");
}

function wordsOf(entry, sought) {
  // Files know many ways to end a line.
  const text = (entry.text ?? "").replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, "\n");
  const isPlain = text.length < 160 && !/[\n\t]/.test(text.trim());
  const size = isPlain ? "wn-short" : text.length < 700 ? "wn-middling" : "wn-long";
  // The direction of each paragraph is its own: see item.css.
  const words = element("div", `wn-words ${size}`, [], { dir: "auto" });
  const sheet = element("div", "wn-sheet", [words]);
  // So that it can be reached with the Tab key.
  if (size === "wn-long") sheet.tabIndex = 0;
  const end = endOfPiece(text, 0);
  words.append(...marked(text.slice(0, end), sought));
  if (end < text.length) sheet.append(restOf(text, end, words, sought));
  return sheet;
}

// After a line, else after a word, and never within a character.
function endOfPiece(text, from) {
  if (text.length - from <= PIECE) return text.length;
  const last = text.slice(from, from + PIECE);
  const line = last.lastIndexOf("\n") + 1;
  if (line > PIECE / 2) return from + line;
  const word = last.lastIndexOf(" ") + 1;
  if (word > PIECE / 2) return from + word;
  let end = from + PIECE;
  while (end > from + PIECE / 2 && /[\p{M}\u200d\udc00-\udfff]/u.test(text[end])) end -= 1;
  return end;
}

function restOf(text, end, words, sought) {
  const rest = element("p", "wn-rest", [`These are the first ${number(end)} of ${number(text.length)} characters.`]);
  const all = () => {
    rest.remove();
    for (let from = end, to; from < text.length; from = to) {
      to = endOfPiece(text, from);
      words.append(element("div", "wn-piece", marked(text.slice(from, to), sought), { dir: "auto" }));
    }
  };
  rest.append(button("Show all", "", all));
  return rest;
}

// The text with the sought words in marks; a mark never parts a letter from its accents.
function marked(text, sought) {
  if (!sought) return [text];
  const forms = sought.split(" ").flatMap((word) => [word.normalize("NFC"), word.normalize("NFD")]);
  const longestFirst = [...new Set(forms)].sort((one, other) => other.length - one.length);
  const pieces = [];
  let from = 0;
  for (const found of text.matchAll(new RegExp(`(?:${longestFirst.join("|")})\\p{M}*`, "giu"))) {
    pieces.push(text.slice(from, found.index), element("mark", "wn-found", [found[0]]));
    from = found.index + found[0].length;
    if (pieces.length >= 2 * MOST_MARKS) break;
  }
  return [...pieces, text.slice(from)];
}

function pictureOf(entry) {
  const picture = new Image();
  const zoom = new Zoom(entry, picture);
  const frame = zoom.frame;
  picture.className = "wn-picture";
  picture.alt = entry.source || `Image ${entry.id}`;
  picture.draggable = false;
  // In step with everything else: the picture and its suggestion change in the same frame.
  picture.decoding = "sync";
  picture.onload = () => zoom.loaded();
  if (entry.frames > 1) frame.append(element("span", "wn-mark", [frameMark(entry)]));
  loadPicture(entry, picture, frame);
  return frame;
}

function frameMark({ frames, media_type: type }) {
  const many = `${number(frames)}${frames >= MOST_FRAMES ? "+" : ""}`;
  return type === "image/tiff" ? `Page 1 of ${many}` : `First of ${many} frames`;
}

function loadPicture(entry, picture, frame) {
  picture.src = `${entry.image}&size=${IMAGE_SIZE}`;
  picture.decode().catch(() => {
    if (!picture.complete || !picture.naturalWidth) showTrouble(entry, picture, frame);
  });
}

// Why there is no picture. When the server is away, it is asked again: at once for the item that is shown, and for
// the others when they are drawn next.
async function showTrouble(entry, picture, frame) {
  let why = "";
  try {
    const response = await fetch(picture.src);
    if (!response.ok) why = (await response.json()).error.message;
  } catch {
    why = "The server does not answer. The image comes as soon as it does.";
    if (frame.isConnected) setTimeout(() => loadPicture(entry, picture, frame), TRY_AGAIN_MS);
    else if (entry.node === frame) entry.node = null;
  }
  const words = [element("b", "", ["This image cannot be shown. Skip or flag it."]), why];
  frame.querySelector(".wn-trouble-here")?.remove();
  frame.classList.add("wn-lost");
  frame.append(element("p", "wn-trouble-here", words));
}
