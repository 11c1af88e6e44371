// The row above the map: what it is coloured by, how it is laid out, tools, and what can be taken away.

const METHODS = { umap: ["UMAP", "Neighbours stay together; far distances say little"], pca: ["PCA", "The two directions in which the items differ most"] };
const TOOLS = { pan: ["✥", "Move the map: drag"], lasso: ["◌", "Lasso: draw around points (L, or drag with Shift)"], box: ["▭", "Rectangle: drag over points (B)"] };

function buttonOf(words, title, act, className = "wm-button") {
  const made = element("button", className, [words], { type: "button", title });
  made.addEventListener("click", act);
  return made;
}

// A button whose words are a sign only: it is called by its title.
function iconOf(sign, title, act) {
  const made = buttonOf(sign, title, act, "wm-button wm-icon");
  made.ariaLabel = title;
  return made;
}

class Bar {
  constructor(map) {
    this.map = map;
    this.by = element("select", "wm-select", [], { "aria-label": "Colour by" });
    this.by.addEventListener("change", () => map.chooseColour(this.by.value));
    this.methods = element("span", "wm-group", [], { role: "group", "aria-label": "Layout" });
    this.tools = element("span", "wm-group", [], { role: "group", "aria-label": "Tool" });
    for (const [tool, [sign, title]] of Object.entries(TOOLS)) {
      const made = iconOf(sign, title, () => map.use(tool));
      made.dataset.tool = tool;
      this.tools.append(made);
    }
    const zoom = element("span", "wm-group", [
      iconOf("+", "Nearer (+)", () => map.zoomBy(1.5)),
      iconOf("−", "Further (-)", () => map.zoomBy(1 / 1.5)),
      iconOf("⤢", "All of it (Home)", () => map.reset()),
    ]);
    const inView = buttonOf("Select what is in view", "All points that are seen now", () => map.selectInView());
    this.root = element("div", "wm-bar", [
      element("label", "wm-field", ["Colour by ", this.by]),
      this.methods,
      this.tools,
      zoom,
      inView,
      element("span", "wm-space"),
      buttonOf("Save picture", "As a PNG, with the legend", () => savePicture(map)),
      buttonOf("Save points", "As a CSV: item, place and colour of each point", () => savePoints(map)),
    ]);
  }

  show() {
    const { map } = this;
    const chosen = this.choices();
    if (this.written !== JSON.stringify(chosen)) {
      this.written = JSON.stringify(chosen);
      this.by.replaceChildren(...chosen.map(([group, options]) => (group ? element("optgroup", "", optionsOf(options), { label: group }) : optionsOf(options))).flat());
    }
    this.by.value = map.by;
    this.methods.replaceChildren(...(map.methods.length > 1 ? map.methods.map((method) => this.methodButton(method)) : []));
    for (const made of this.tools.children) made.ariaPressed = String(made.dataset.tool === map.tool);
  }

  methodButton(method) {
    const made = buttonOf(METHODS[method][0], METHODS[method][1], () => this.map.layOut(method));
    made.ariaPressed = String(method === this.map.method);
    return made;
  }

  // [[group, [[value, words]]]]
  choices() {
    const { blind, runs } = this.map.project;
    const guesses = blind ? [] : [["suggestion", "Suggestion"], ["confidence", "Confidence of the suggestion"]];
    const own = [["label", "Label"], ...guesses, ["status", "Status"], ["split", "Split"]];
    const ofRun = (id) => [[`run:${id}`, "Its answer"], [`error:${id}`, "Right or wrong"], [`run_confidence:${id}`, "Its confidence"]];
    return [["", own], ...runs.map(({ id, name }) => [name, ofRun(id)])];
  }

  byWords() {
    return this.by.selectedOptions[0]?.textContent ?? "";
  }
}

function optionsOf(options) {
  return options.map(([value, words]) => element("option", "", [words], { value }));
}
