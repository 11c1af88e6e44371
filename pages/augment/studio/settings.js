// The settings of a step: sliders with one end or two, and choices. Each is {root, set(value)}.

function digitsOf(step) {
  return (String(step).split(".")[1] ?? "").length;
}

function said(value, { step, unit }) {
  if (unit.startsWith("of ")) return `${Math.round(100 * value)} % ${unit}`;
  const number = Number(value).toFixed(digitsOf(step)).replace("-", "−");
  if (unit === "times") return `${number} ×`;
  if (unit === "°") return `${number}°`;
  return unit ? `${number} ${unit}` : number;
}

// "10°", "0.6 to 1", "black": what a closed card says.
function saidShort(parameter, value) {
  if (parameter.widget === "choice") return value;
  if (parameter.widget === "number") return said(value, parameter);
  return `${said(value[0], { ...parameter, unit: "" })} to ${said(value[1], parameter)}`;
}

// `tell(value)` at each change, `done()` when a gesture is over.
function settingOf(parameter, value, tell, done) {
  if (parameter.widget === "choice") return choice(parameter, value, tell, done);
  if (parameter.widget === "range") return slider(parameter, value, tell, done);
  const one = slider(parameter, [value], ([told]) => tell(told), done);
  return { root: one.root, set: (told) => one.set([told]) };
}

function choice(parameter, value, tell, done) {
  const pairs = parameter.choices.map((each) => [each, each[0].toUpperCase() + each.slice(1)]);
  const select = chooser(parameter.title, pairs, value, (chosen) => {
    tell(chosen);
    done();
  });
  const line = element("div", "line", [element("span", "", [parameter.title]), select]);
  return { root: element("div", "setting", [line, ...helpOf(parameter)]), set: (told) => (select.value = told) };
}

function helpOf({ help }) {
  return help ? [element("p", "quiet", [help])] : [];
}

const ENDS = ["from", "to"];

// `values`: one end or two. Two ends never cross: one stops at the other.
function slider(parameter, values, tell, done) {
  const { low, high, step, title } = parameter;
  const output = element("output");
  const fill = element("i");
  const rail = element("div", "rail", [fill]);
  const share = (value) => (value - low) / (high - low);
  let now = [...values];
  const ends = values.map((_, end) => {
    const label = values.length === 2 ? `${title}, ${ENDS[end]}` : title;
    const input = element("input", "", [], { type: "range", min: low, max: high, step, "aria-label": label });
    input.addEventListener("input", () => {
      let value = Number(input.value);
      if (now.length === 2) value = end === 0 ? Math.min(value, now[1]) : Math.max(value, now[0]);
      now = now.with(end, value);
      show();
      tell(now);
    });
    input.addEventListener("change", done);
    rail.append(input);
    return input;
  });

  function show() {
    ends.forEach((input, end) => {
      input.value = now[end];
      input.setAttribute("aria-valuetext", said(now[end], parameter));
    });
    rail.style.setProperty("--from", now.length === 2 ? share(now[0]) : Math.max(0, Math.min(1, share(0))));
    rail.style.setProperty("--to", share(now.at(-1)));
    // Where both stand at the right end, the left one must be on top to get away.
    rail.classList.toggle("is-high", share(now[0]) > 0.5);
    output.textContent = now.length === 2 ? saidShort(parameter, now) : said(now[0], parameter);
  }

  show();
  const line = element("div", "line", [element("span", "", [title]), output]);
  const set = (told) => {
    now = [...told];
    show();
  };
  return { root: element("div", "setting", [line, rail, ...helpOf(parameter)]), set };
}

const OFTEN = { title: "How often", widget: "number", low: 0, high: 1, step: 0.01, unit: "of the time", help: "" };
