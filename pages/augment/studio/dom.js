// What the studio is made of.

function button(label, action, className = "", attributes = {}) {
  const made = element("button", `button ${className}`, [label], { type: "button", ...attributes });
  made.addEventListener("click", action);
  return made;
}

const ICONS = {
  up: "M6 15l6-6 6 6",
  down: "M6 9l6 6 6-6",
  remove: "M6 6l12 12M18 6L6 18",
  handle: "M9 5v.01M9 12v.01M9 19v.01M15 5v.01M15 12v.01M15 19v.01",
  open: "M9 6l6 6-6 6",
  warning: "M12 8v5M12 17v.01M12 3L2 20h20z",
};

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  picture.append(path);
  return picture;
}

function iconButton(name, label, action, attributes = {}) {
  const made = button("", action, "icon", { "aria-label": label, title: label, ...attributes });
  made.replaceChildren(icon(name));
  return made;
}

// A label over what it names.
function field(label, control, className = "") {
  return element("label", `field ${className}`, [element("span", "", [label]), control]);
}

function chooser(label, pairs, chosen, tell) {
  const select = element("select", "input", pairs.map(([value, words]) => element("option", "", [words], { value })), { "aria-label": label });
  select.value = chosen;
  select.addEventListener("change", () => tell(select.value));
  return select;
}

function put(node, words) {
  if (node.textContent !== words) node.textContent = words;
  node.hidden = !words;
}

// One dialog for everything that is asked or shown over the page. Returns a function that closes it.
function openDialog(dialog, label, children, className = "") {
  dialog.className = className;
  dialog.setAttribute("aria-label", label);
  dialog.replaceChildren(element("h3", "", [label]), ...children);
  if (!dialog.open) dialog.showModal();
}

function counted(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}
