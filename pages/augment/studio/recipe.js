// The steps of a recipe. Each has a number of its own, so that its card follows it about; a step may be off.

let lastNumber = 0;

function numbered(step) {
  lastNumber += 1;
  return { number: lastNumber, transform: step.transform, params: structuredClone(step.params), probability: step.probability, isOff: Boolean(step.isOff) };
}

// As a recipe stores them: without those that are off.
function plain(steps) {
  return steps.filter((step) => !step.isOff).map(({ transform, params, probability }) => ({ transform, params, probability }));
}

function newStep(transform) {
  const params = Object.fromEntries(transform.parameters.map((each) => [each.name, structuredClone(each.default)]));
  return numbered({ transform: transform.name, params, probability: transform.probability });
}

// Whatever the order of the keys: a step that was saved comes back with them sorted otherwise.
function isSame(one, other) {
  const flat = (steps) => JSON.stringify(steps.map((step) => [step.transform, step.probability, Object.entries(step.params).sort()]));
  return flat(one) === flat(other);
}

// What mixes a batch comes after all others: a batch is there only when each of its items is ready.
function inOrder(steps, byName) {
  const isLate = (step) => byName.get(step.transform).is_on_batch;
  return [...steps.filter((step) => !isLate(step)), ...steps.filter(isLate)];
}

// The places that the step at `place` may take: [first, last].
function reach(steps, place, byName) {
  const early = steps.filter((step) => !byName.get(step.transform).is_on_batch).length;
  return place < early ? [0, early - 1] : [early, steps.length - 1];
}

const MOST_UNDONE = 100;

// What was before and after. What is dragged changes many times and counts as one change.
class Past {
  constructor() {
    this.before = [];
    this.after = [];
    this.of = null;
  }

  add(state, of = null) {
    if (of !== null && of === this.of) return;
    this.of = of;
    this.before.push(JSON.stringify(state));
    if (this.before.length > MOST_UNDONE) this.before.shift();
    this.after = [];
  }

  // A gesture is over: the next one on the same slider is another change.
  close() {
    this.of = null;
  }

  // The state to go to; null where there is none.
  step(from, to, state) {
    this.of = null;
    const found = from.pop();
    if (found === undefined) return null;
    to.push(JSON.stringify(state));
    return JSON.parse(found);
  }

  undo(state) {
    return this.step(this.before, this.after, state);
  }

  redo(state) {
    return this.step(this.after, this.before, state);
  }
}
