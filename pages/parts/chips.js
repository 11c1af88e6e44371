// A class as a dot of its colour and its name, and what such parts are made with.

function chip(label, words) {
  const root = make("span", "chip");
  const dot = make("span", "dot");
  dot.style.background = label.color;
  root.append(dot, make("span", "name", words));
  return root;
}

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}
