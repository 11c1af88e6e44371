// The members of one group, the first of them first. Texts go in as text: what differs is marked by elements of its own.

const drawn = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const written = JSON.stringify(data.members);
  const before = drawn.get(parentElement);
  if (before?.written === written) return;
  const row = make("div", "members");
  row.append(...data.members.map((member) => card(member, setTriggerValue)));
  if (before) before.row.replaceWith(row);
  else parentElement.append(row);
  drawn.set(parentElement, { row, written });
}

function card(member, setTriggerValue) {
  const root = make("article", member.image ? "member" : "member wide");
  root.dataset.itemId = member.id;
  root.title = member.source;
  root.append(member.image ? picture(member) : text(member), caption(member, setTriggerValue));
  return root;
}

function picture(member) {
  const image = make("img");
  image.loading = "lazy";
  image.alt = member.source;
  image.src = `${member.image}&size=320`;
  return image;
}

function text(member) {
  const root = make("p", "words");
  for (const [words, isOther] of member.pieces) root.append(make(isOther ? "mark" : "span", "", words));
  return root;
}

function caption(member, setTriggerValue) {
  const line = make("div", "caption");
  for (const label of member.classes) line.append(chip(label, label.name));
  if (!member.classes.length) line.append(make("span", "quiet", member.status === "todo" ? "No label" : member.status));
  if (member.split) line.append(make("span", "quiet", member.split));
  line.append(make("span", "likeness", member.likeness ?? "the first"));
  const button = make("button", "apart", "Not the same");
  button.type = "button";
  button.ariaLabel = `Not the same: ${member.source || member.id}`;
  button.onclick = () => {
    button.disabled = true;
    setTriggerValue("apart", member.id);
  };
  line.append(button);
  return line;
}
