// "Add a transform": the catalogue in a dialog, grouped, each with the sentence of what it is for; words find some.

const MOST_STEPS = 30;

function adder(studio) {
  const open = button("Add a transform", () => offer(studio), "grow", { "aria-haspopup": "dialog" });
  open.prepend("+ ");
  return open;
}

function offer(studio) {
  const { dialog } = studio;
  const sought = element("input", "input wide", [], { type: "search", placeholder: "Search", "aria-label": "Search the transforms" });
  const groups = Map.groupBy(studio.transforms, (each) => each.group);
  const sections = Array.from(groups, ([group, transforms]) => {
    const rows = transforms.map((transform) => choiceOf(studio, transform));
    return { root: element("section", "", [element("h4", "", [group]), ...rows.map((row) => row.root)]), rows };
  });
  const nothing = element("p", "quiet", ["Nothing is called that."]);
  const find = () => {
    const words = sought.value.trim().toLowerCase();
    let found = 0;
    for (const { root, rows } of sections) {
      rows.forEach((row) => (row.root.hidden = !row.words.includes(words)));
      const shown = rows.filter((row) => !row.root.hidden).length;
      root.hidden = shown === 0;
      found += shown;
    }
    nothing.hidden = found > 0;
  };
  sought.addEventListener("input", find);
  sought.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    sections.flatMap((each) => each.rows).find((row) => !row.root.hidden)?.root.click();
  });
  find();
  const list = element("div", "catalogue", [...sections.map((each) => each.root), nothing]);
  const close = element("div", "actions", [button("Close", () => dialog.close())]);
  openDialog(dialog, "Add a transform", [sought, list, close], "adding");
  sought.focus();
}

function choiceOf(studio, transform) {
  const words = [element("b", "", [transform.title]), element("span", "quiet", [transform.purpose])];
  const root = button("", () => {
    studio.dialog.close();
    studio.add(transform);
  }, "choice", { "data-transform": transform.name });
  root.replaceChildren(...words);
  root.disabled = studio.steps.length >= MOST_STEPS;
  return { root, words: `${transform.title} ${transform.name} ${transform.purpose}`.toLowerCase() };
}
