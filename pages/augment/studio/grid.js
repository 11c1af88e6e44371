// Originals and samples, a row for each item. Elements are kept and only given new content: nothing flickers.

class Grid {
  constructor(studio) {
    this.studio = studio;
    this.root = element("div", "grid", [], { "data-testid": "studio-grid" });
    this.rows = [];
    this.at = [0, 0];
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("keyup", (event) => event.key.toLowerCase() === "o" && this.peek(false));
    this.root.addEventListener("focusin", (event) => this.focused(event.target));
    this.root.addEventListener("focusout", () => this.peek(false));
  }

  // Grey places while the first samples are on their way.
  wait(rows, columns) {
    if (this.rows.length || this.studio.kind === "text") return;
    this.root.style.setProperty("--columns", columns);
    this.root.dataset.shape = "";
    this.root.replaceChildren(...Array.from({ length: rows * columns }, () => element("div", "place")));
  }

  show(answer, heads) {
    const shape = JSON.stringify([heads.length, answer.rows.map((row) => Boolean(row.problem))]);
    if (this.root.dataset.shape !== shape) this.build(answer, heads, shape);
    this.heads?.forEach((head, column) => put(head, heads[column]));
    answer.rows.forEach((row, place) => this.rows[place].fill(row, heads));
    this.answer = answer;
    this.columns = heads;
    this.mark([]);
  }

  build(answer, heads, shape) {
    const isText = this.studio.kind === "text";
    const cellOf = isText ? textCell : pictureCell;
    this.root.dataset.shape = shape;
    this.root.classList.toggle("is-text", isText);
    this.root.style.setProperty("--columns", heads.length);
    this.heads = isText ? null : heads.map(() => element("div", "head"));
    this.rows = answer.rows.map((row, place) => rowOf(row, heads, (column) => cellOf(() => this.studio.compare(place, column))));
    this.root.replaceChildren(...(this.heads ?? []), ...this.rows.map((row) => row.root));
    this.at = [0, 0];
    this.reach();
  }

  // `cells`: for each row and sample what `damageWords` reads.
  mark(cells) {
    this.marks = cells;
    this.rows.forEach((row, place) => row.cells.forEach((cell, column) => column > 0 && cell.mark(damageWords(cells[place]?.[column - 1]))));
  }

  peek(isPeeking) {
    for (const row of this.rows) row.cells.forEach((cell, column) => column > 0 && cell.peek?.(isPeeking));
  }

  // One stop of the Tab key; the arrows go from there.
  reach() {
    this.rows.forEach((row, place) => row.cells.forEach((cell, column) => (cell.root.tabIndex = place === this.at[0] && column === this.at[1] ? 0 : -1)));
  }

  focused(target) {
    this.rows.forEach((row, place) => {
      const column = row.cells.findIndex((cell) => cell.root === target);
      if (column >= 0) this.at = [place, column];
    });
    this.reach();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.toLowerCase() === "o") return this.peek(true);
    const to = steppedTo(this, this.at, event.key, this.studio.kind);
    if (!to) return;
    event.preventDefault();
    this.rows[to[0]].cells[to[1]].root.focus();
  }

  focus([place, column]) {
    this.rows[place]?.cells[column]?.root.focus();
  }
}

// Where an arrow key leads from [row, column], past rows without samples; null at the edge. Samples of a text stand
// under each other.
function steppedTo({ rows }, [row, column], key, kind) {
  const turned = { ArrowUp: "ArrowLeft", ArrowDown: "ArrowRight", ArrowLeft: "ArrowUp", ArrowRight: "ArrowDown" };
  const means = kind === "text" ? turned[key] : key;
  if (means === "ArrowLeft" && column > 0) return [row, column - 1];
  if (means === "ArrowRight" && column < rows[row]?.cells.length - 1) return [row, column + 1];
  const by = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1 }[means];
  if (by === undefined) return null;
  const wraps = means === "ArrowLeft" || means === "ArrowRight";
  if (wraps && kind !== "text") return null;
  for (let next = row + by; next >= 0 && next < rows.length; next += by) {
    const { cells } = rows[next];
    if (cells.length) return [next, wraps ? (by > 0 ? 0 : cells.length - 1) : Math.min(column, cells.length - 1)];
  }
  return null;
}

// {root, cells, fill(row, heads)}
function rowOf(row, heads, cellAt) {
  const dot = element("i", "dot");
  const name = element("span", "name");
  const link = element("span", "quiet");
  const problem = element("p", "problem");
  const cells = row.problem ? [] : heads.map((_, column) => cellAt(column));
  const root = element("section", "row", [element("div", "title", [dot, name, link]), ...(row.problem ? [problem] : cells.map((cell) => cell.root))]);

  function fill(now, titles) {
    root.dataset.itemId = now.id;
    name.textContent = now.title || `Item ${now.id}`;
    link.textContent = `#${now.id}`;
    dot.style.background = now.color ?? "transparent";
    dot.hidden = !now.color;
    problem.textContent = now.problem ?? "";
    const words = now.title || `Item ${now.id}`;
    cells.forEach((cell, column) => cell.fill(column === 0 ? now.original : now.samples[column - 1], now.original, titles[column], words));
  }

  return { root, cells, fill };
}

// One picture. Resting on it shows the original in its place.
function pictureCell(open) {
  const image = element("img", "", [], { decoding: "sync", draggable: "false" });
  const mark = element("span", "mark", [icon("warning")]);
  const tag = element("span", "tag", ["Original"]);
  const root = button("", open, "picture");
  root.replaceChildren(image, mark, tag);
  mark.hidden = tag.hidden = true;
  let [shown, original, label, warning] = ["", "", "", ""];
  let isPeeking = false;

  function draw() {
    const jpeg = isPeeking ? original : shown;
    const source = `data:image/jpeg;base64,${jpeg}`;
    if (image.src !== source) image.src = source;
    tag.hidden = !isPeeking;
  }

  function words() {
    root.setAttribute("aria-label", [label, warning].filter(Boolean).join(". "));
    root.title = warning;
  }

  root.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && peek(true));
  root.addEventListener("pointerleave", () => peek(false));

  function peek(is) {
    isPeeking = is && shown !== original;
    draw();
  }

  function fill(jpeg, ofOriginal, head, title) {
    [shown, original, label] = [jpeg, ofOriginal, `${title}, ${head}`];
    image.alt = "";
    isPeeking = isPeeking && shown !== original;
    draw();
    words();
  }

  return {
    root,
    fill,
    peek,
    mark: (told) => {
      warning = told;
      mark.hidden = !told;
      root.classList.toggle("is-lost", Boolean(told));
      words();
    },
  };
}
