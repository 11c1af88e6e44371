// The card of one step: its title and what it is set to; opened, the sentence of what it is for and its sliders.

// {root, number, show(step, place, steps, isFixed)}. `studio` does what the card asks for.
function cardOf(studio, step) {
  const { number } = step;
  const transform = studio.byName.get(step.transform);
  const does = (change, of) =>
    studio.change((now) => {
      change(now.find((each) => each.number === number));
    }, of);
  const root = element("li", "card", [], { "data-transform": transform.name });
  const title = element("span", "name", [transform.title]);
  const summary = element("span", "quiet summary");
  // In the place of the summary: what stands under it shall not jump while a slider is held.
  const lost = element("span", "summary lost", [], { "data-testid": "lost", title: "When it is the only step, and done always" });
  lost.hidden = true;
  const opener = button("", () => toggle(!root.classList.contains("is-open")), "opener", { "aria-expanded": "false" });
  opener.replaceChildren(icon("open"), element("span", "words", [title, summary, lost]));
  const handle = element("span", "handle", [icon("handle")], { title: "Drag to another place" });
  const on = element("input", "", [], { type: "checkbox", role: "switch", "aria-label": `${transform.title} is on`, title: "On or off" });
  const up = iconButton("up", `Move ${transform.title} up`, () => studio.move(number, -1), { "aria-keyshortcuts": "Alt+ArrowUp" });
  const down = iconButton("down", `Move ${transform.title} down`, () => studio.move(number, 1), { "aria-keyshortcuts": "Alt+ArrowDown" });
  const remove = iconButton("remove", `Remove ${transform.title}`, () => studio.remove(number));
  const sets = new Map();
  const done = () => studio.past.close();
  const body = element("fieldset", "body", [element("p", "quiet", [transform.purpose])]);
  for (const parameter of transform.parameters) {
    const tell = (value) => does((mine) => (mine.params[parameter.name] = value), `${number} ${parameter.name}`);
    const setting = settingOf(parameter, step.params[parameter.name], tell, done);
    sets.set(parameter.name, setting);
    body.append(setting.root);
  }
  const tellOften = (value) => does((mine) => (mine.probability = value), `${number} how often`);
  const often = settingOf(OFTEN, step.probability, tellOften, done);
  body.append(often.root);
  body.hidden = true;
  on.addEventListener("change", () => does((mine) => (mine.isOff = !on.checked)));
  root.append(element("div", "bar", [handle, opener, up, down, on, remove]), body);

  function toggle(isOpen) {
    root.classList.toggle("is-open", isOpen);
    opener.setAttribute("aria-expanded", String(isOpen));
    body.hidden = !isOpen;
    studio.opened(number, isOpen);
  }

  function show(now, place, steps, isFixed) {
    body.disabled = isFixed;
    for (const [name, setting] of sets) setting.set(now.params[name]);
    often.set(now.probability);
    on.checked = !now.isOff;
    root.classList.toggle("is-off", now.isOff);
    summary.textContent = summaryOf(transform, now);
    const [first, last] = reach(steps, place, studio.byName);
    up.disabled = place <= first;
    down.disabled = place >= last;
  }

  handle.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || studio.run) return;
    event.preventDefault();
    studio.drag(event, root, number);
  });
  root.addEventListener("keydown", (event) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown") || studio.run) return;
    event.preventDefault();
    event.stopPropagation();
    studio.move(number, event.key === "ArrowUp" ? -1 : 1);
  });

  // What a transform does when it is the only one: {share, n}, or nothing. No news is good news.
  function mark(told) {
    const count = told ? Math.round(told.share * told.n) : 0;
    put(lost, count ? `${count} of ${told.n} may lose ${count === 1 ? "its" : "their"} class` : "");
    summary.hidden = count > 0;
  }

  return { root, number, show, toggle, mark, focus: () => opener.focus() };
}

function summaryOf(transform, step) {
  const often = step.probability === 1 ? "always" : `${Math.round(100 * step.probability)} %`;
  const settings = transform.parameters.slice(0, 2).map((each) => `${each.title.toLowerCase()} ${saidShort(each, step.params[each.name])}`);
  return [step.isOff ? "off" : often, ...settings].join(" · ");
}
