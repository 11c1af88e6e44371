// Which items are shown, how many samples of each, and whose sight it is.

const WAYS = [
  ["classes", "One of each class"],
  ["random", "Random"],
  ["chosen", "Chosen numbers"],
];
const HIGHEST_SEED = 2 ** 31 - 1;

class Controls {
  constructor(studio) {
    this.studio = studio;
    this.rows = chooser("Rows", WAYS, "classes", (rows) => studio.look({ rows }));
    this.ids = element("input", "input", [], { "aria-label": "Item numbers", placeholder: "12, 15, 40", inputmode: "numeric" });
    this.ids.addEventListener("change", () => studio.look({ ids: numbersIn(this.ids.value) }));
    this.others = button("Other items", () => studio.look({ draw: studio.state.draw + 1 }));
    this.samples = this.number("Samples", 1, MOST_SAMPLES, (samples) => ({ samples }));
    this.seed = this.number("Seed", 0, HIGHEST_SEED, (seed) => ({ seed }));
    this.seed.classList.add("seed");
    this.back = iconButton("open", "Earlier epochs", () => this.turn(-1));
    this.back.classList.add("is-back");
    this.forward = button("New samples", () => this.turn(1), "", { title: "The next epochs" });
    this.base = element("select", "input", [], { "aria-label": "Model" });
    this.base.addEventListener("change", () => studio.look({ base: this.base.value, size: null }));
    this.size = element("select", "input", [], { "aria-label": "Size" });
    this.size.addEventListener("change", () => studio.look({ size: Number(this.size.value) || null }));
    this.chosen = field("Item numbers", this.ids);
    this.seeds = field("Seed", this.seed);
    this.models = field("Model", this.base);
    this.sizes = field("Size", this.size);
    this.root = element("div", "controls", [
      field("Rows", this.rows),
      this.chosen,
      this.others,
      field("Samples", this.samples),
      element("span", "pair", [this.back, this.forward]),
      this.seeds,
      this.models,
      this.sizes,
    ]);
  }

  number(label, least, most, meant) {
    const input = element("input", "input number", [], { type: "number", min: least, max: most, step: 1, "aria-label": label });
    input.addEventListener("change", () => {
      const value = Math.round(Number(input.value));
      input.value = Number.isFinite(value) ? Math.max(least, Math.min(most, value)) : least;
      this.studio.look(meant(Number(input.value)));
    });
    return input;
  }

  turn(by) {
    const { samples, epoch } = this.studio.state;
    this.studio.look({ epoch: Math.max(0, epoch + by * samples) });
  }

  arrange(bases) {
    this.base.replaceChildren(...bases.map((each) => element("option", "", [each.title], { value: each.id })));
  }

  show(state, bases, run, answer) {
    const unit = this.studio.kind === "text" ? "tokens" : "px";
    for (const [input, value] of [
      [this.rows, state.rows],
      [this.samples, state.samples],
      [this.seed, state.seed],
    ]) {
      // An answer may come while somebody writes.
      if (!input.matches(":focus") && input.value !== String(value)) input.value = value;
    }
    if (!this.ids.matches(":focus")) this.ids.value = state.ids.join(", ");
    this.chosen.hidden = state.rows !== "chosen";
    this.others.hidden = state.rows === "chosen";
    this.back.disabled = state.epoch === 0;
    for (const each of [this.seeds, this.models, this.sizes]) each.hidden = Boolean(run);
    const base = bases.find((each) => each.id === state.base) ?? bases.find((each) => each.id === answer?.base) ?? bases[0];
    if (!base || run) return;
    this.base.value = base.id;
    const usual = answer?.base === base.id && state.size === null ? `Usual: ${answer.size} ${unit}` : "Usual";
    const pairs = [["", usual], ...base.sizes.map((each) => [String(each), `${each} ${unit}`])];
    if (this.size.dataset.of !== JSON.stringify(pairs)) {
      this.size.dataset.of = JSON.stringify(pairs);
      this.size.replaceChildren(...pairs.map(([value, words]) => element("option", "", [words], { value })));
    }
    this.size.value = state.size ?? "";
    this.size.disabled = base.sizes.length === 0;
    this.size.title = base.sizes.length ? "Usual is what training chooses by itself" : "This model knows one size.";
  }
}

function numbersIn(words) {
  const found = (words.match(/\d+/g) ?? []).map(Number).filter((each) => Number.isSafeInteger(each) && each > 0);
  return [...new Set(found)].slice(0, MOST_CHOSEN);
}
