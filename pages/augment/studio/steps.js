// The list of steps. Cards are kept while their step is there: a slider that is being moved stays where it is.

class Steps {
  constructor(studio) {
    this.studio = studio;
    this.cards = new Map();
    this.list = element("ol", "steps", [], { "aria-label": "Steps, in their order" });
    this.none = element("p", "quiet");
    this.root = element("div", "", [this.list, this.none]);
  }

  show(steps, isFixed) {
    const { studio } = this;
    const here = new Set(steps.map((step) => step.number));
    for (const [number, card] of this.cards) {
      if (here.has(number)) continue;
      card.root.remove();
      this.cards.delete(number);
    }
    steps.forEach((step, place) => {
      let card = this.cards.get(step.number);
      if (!card) {
        card = cardOf(studio, step);
        this.cards.set(step.number, card);
        if (studio.state.open.includes(step.number)) card.toggle(true);
      }
      card.show(step, place, steps, isFixed);
      // Only what stands elsewhere is moved: that takes the focus from it.
      if (this.list.children[place] !== card.root) this.list.insertBefore(card.root, this.list.children[place] ?? null);
    });
    this.list.classList.toggle("is-fixed", isFixed);
    const what = studio.kind === "text" ? "text" : "picture";
    put(this.none, steps.length ? "" : `No steps: training sees every ${what} as it is.`);
  }

  // `told`: a row for each step that is on, in their order.
  mark(steps, told) {
    const on = steps.filter((step) => !step.isOff);
    for (const [number, card] of this.cards) card.mark(told[on.findIndex((step) => step.number === number)]);
  }

  drag(event, root, number, steps) {
    const place = steps.findIndex((step) => step.number === number);
    const cards = Array.from(this.list.children);
    const range = reach(steps, place, this.studio.byName);
    drag(event, root, cards, range, scrollerOf(this.root), (to) => this.studio.shift(number, to - place));
  }

  focus(number) {
    const card = this.cards.get(number);
    card?.focus();
    card?.root.scrollIntoView({ block: "nearest" });
  }
}
