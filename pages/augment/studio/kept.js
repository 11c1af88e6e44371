// What the studio of a project holds, kept in this tab: it survives a reload and a visit to another page.

const FIRST = { image: "medium", text: "texts-light" };
const ROWS = 6;
const MOST_SAMPLES = 8;
const MOST_CHOSEN = 24;

function fresh(kind) {
  return {
    // "preset:NAME" or "recipe:ID"; the steps come from there as soon as it is known.
    loaded: `preset:${FIRST[kind]}`,
    steps: null,
    open: [],
    rows: "classes",
    ids: [],
    draw: 0,
    samples: kind === "text" ? 3 : 5,
    seed: 0,
    epoch: 0,
    base: null,
    size: null,
    name: "",
  };
}

function keptState(project, kind) {
  try {
    const found = JSON.parse(sessionStorage.getItem(`winnow/augment/${project}`)) ?? {};
    const state = { ...fresh(kind), ...found };
    if (!state.steps) return state;
    const numbers = new Map();
    state.steps = state.steps.map((step) => {
      const made = numbered(step);
      numbers.set(step.number, made.number);
      return made;
    });
    state.open = state.open.map((number) => numbers.get(number)).filter(Boolean);
    return state;
  } catch {
    return fresh(kind);
  }
}

function keep(project, state) {
  try {
    sessionStorage.setItem(`winnow/augment/${project}`, JSON.stringify(state));
  } catch {
    // A browser that keeps nothing still shows everything.
  }
}

// The address asked for something; what the person chooses afterwards counts instead.
function forgetAsked(...names) {
  const address = new URL(location.href);
  if (!names.some((name) => address.searchParams.has(name))) return;
  names.forEach((name) => address.searchParams.delete(name));
  history.replaceState(history.state, "", address);
}
