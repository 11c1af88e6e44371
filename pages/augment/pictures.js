// Originals and samples. Image elements are kept from one rerun to the next and only given new content.

const tables = new WeakMap();

export default function ({ data, parentElement }) {
  let root = tables.get(parentElement);
  if (!root) {
    root = make("div", "pictures");
    root.dataset.testid = "augment-pictures";
    const dialog = make("dialog");
    dialog.onclick = () => dialog.close();
    parentElement.append(root, dialog);
    tables.set(parentElement, root);
  }
  root.style.setProperty("--columns", data.columns.length);
  const shape = JSON.stringify([data.columns.length, data.rows.map((row) => Boolean(row.problem))]);
  if (root.dataset.shape !== shape) {
    root.dataset.shape = shape;
    root.replaceChildren(...build(data));
  }
  fill(root, data);
}

function build(data) {
  const heads = data.columns.map(() => make("div", "head"));
  const rows = data.rows.flatMap((row) => [
    rowTitle(),
    ...(row.problem ? [make("p", "problem")] : data.columns.map(picture)),
  ]);
  return [...heads, ...rows];
}

function rowTitle() {
  const title = make("div", "title");
  title.append(make("span", "dot"), make("span", "name"));
  return title;
}

function picture() {
  const button = make("button", "picture");
  button.type = "button";
  button.append(make("img"));
  return button;
}

function fill(root, data) {
  each(root, ".head", data.columns, (head, words) => (head.textContent = words));
  each(root, ".title", data.rows, (title, row) => {
    title.querySelector(".name").textContent = row.title;
    title.querySelector(".dot").style.background = row.color ?? "transparent";
    title.querySelector(".dot").hidden = !row.color;
  });
  const broken = data.rows.filter((row) => row.problem);
  each(root, ".problem", broken, (place, row) => (place.textContent = row.problem));
  const cells = data.rows
    .filter((row) => !row.problem)
    .flatMap((row) => [row.original, ...row.samples].map((jpeg, number) => ({ row, jpeg, number })));
  each(root, ".picture", cells, (button, { row, jpeg, number }) => {
    const words = `${row.title}, ${data.columns[number]}`;
    const image = button.firstChild;
    image.src = source(jpeg);
    image.alt = words;
    button.title = words;
    button.onclick = () => compare(button.getRootNode(), row, jpeg, data.columns, number);
  });
}

function compare(root, row, jpeg, columns, number) {
  const pair = number === 0 ? [[row.original, 0]] : [[row.original, 0], [jpeg, number]];
  const dialog = root.querySelector("dialog");
  dialog.replaceChildren(
    ...pair.map(([content, column]) => {
      const figure = make("figure");
      const image = make("img");
      image.src = source(content);
      image.alt = columns[column];
      figure.append(image, make("figcaption", "", columns[column]));
      return figure;
    }),
  );
  dialog.showModal();
}

function each(root, selector, values, apply) {
  root.querySelectorAll(selector).forEach((element, index) => apply(element, values[index]));
}

function source(jpeg) {
  return `data:image/jpeg;base64,${jpeg}`;
}

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}
