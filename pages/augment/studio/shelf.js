// Recipes: where to start from, and how to keep what was made.

class Shelf {
  constructor(studio) {
    this.studio = studio;
    this.start = element("select", "input wide", [], { "aria-label": "Start from" });
    this.start.addEventListener("change", () => studio.load(this.start.value));
    this.about = element("p", "quiet about");
    this.reset = button("Back to it", () => studio.load(studio.state.loaded), "link");
    this.name = element("input", "input", [], { "aria-label": "Recipe name", placeholder: "Name", maxlength: "200", list: "names" });
    this.names = element("datalist", "", [], { id: "names" });
    this.name.addEventListener("input", () => {
      studio.set({ name: this.name.value });
      this.show();
    });
    this.name.addEventListener("keydown", (event) => event.key === "Enter" && !this.saving.disabled && this.save());
    this.saving = button("Save", () => this.save(), "primary");
    this.next = element("p", "quiet");
    this.said = element("p", "said", [], { role: "status" });
    this.loading = button("Download", () => this.download());
    this.deleting = button("Delete …", () => askDelete(this));
    this.training = button("Train with it", () => studio.go({ page: "train", recipe: this.recipe.id }));
    this.python = button("Show the Python", () => showPython(studio));
    this.bringing = bringer(this);
    this.head = element("div", "start", [field("Start from", this.start, "wide"), element("div", "line", [this.about, this.reset])]);
    this.root = element("div", "shelf", [
      element("div", "naming", [field("Recipe name", this.name), this.saving]),
      this.names,
      this.next,
      this.said,
      element("div", "actions", [this.training, this.python, this.loading, this.bringing, this.deleting]),
    ]);
  }

  // The recipe that was loaded or saved, as long as nothing was changed since.
  get recipe() {
    const found = this.recipeOf(this.studio.state.loaded);
    return found && isSame(plain(this.studio.steps), found.steps) ? found : null;
  }

  recipeOf(loaded) {
    return this.studio.recipes.find((each) => `recipe:${each.id}` === loaded) ?? null;
  }

  presetOf(loaded) {
    return this.studio.presets.find((each) => `preset:${each.name}` === loaded) ?? null;
  }

  stepsOf(loaded) {
    return (this.recipeOf(loaded) ?? this.presetOf(loaded))?.steps ?? null;
  }

  // What there is to choose from: when it was read, saved or deleted.
  arrange() {
    const { studio } = this;
    const options = (label, found) => element("optgroup", "", found.map(([value, words]) => element("option", "", [words], { value })), { label });
    const title = (each) => [`recipe:${each.id}`, `${each.name}, version ${each.version}`];
    const newest = new Map();
    for (const each of studio.recipes) if (!newest.has(each.name)) newest.set(each.name, each);
    const older = studio.recipes.filter((each) => newest.get(each.name) !== each);
    const groups = [options("Presets", studio.presets.map((each) => [`preset:${each.name}`, each.title]))];
    if (newest.size) groups.push(options("Saved recipes", Array.from(newest.values(), title)));
    if (older.length) groups.push(options("Older versions", older.map(title)));
    this.start.replaceChildren(...groups);
    this.names.replaceChildren(...Array.from(newest.keys(), (value) => element("option", "", [], { value })));
    this.newest = newest;
  }

  show() {
    const { studio } = this;
    const { loaded, name } = studio.state;
    this.start.value = loaded;
    if (this.name.value !== name) this.name.value = name;
    const preset = this.presetOf(loaded);
    const from = this.stepsOf(loaded);
    const isChanged = from !== null && !isSame(studio.steps.filter((step) => !step.isOff), from);
    put(this.about, isChanged ? "Changed since you chose it." : (preset?.purpose ?? "Your recipe, as you saved it."));
    this.reset.hidden = !isChanged;
    const known = this.newest?.get(clean(name));
    const { recipe } = this;
    const isKept = recipe !== null && recipe.id === known?.id;
    const off = studio.steps.filter((step) => step.isOff).length;
    const notes = [];
    if (known && !isKept) notes.push(`“${known.name}” is there already: saving makes its version ${known.version + 1}.`);
    if (off) notes.push(`${counted(off, "step")} that ${off === 1 ? "is" : "are"} off will not be saved.`);
    put(this.next, clean(name) ? notes.join(" ") : "");
    this.saving.textContent = isKept ? "Saved" : known ? `Save version ${known.version + 1}` : "Save";
    this.saving.disabled = isKept;
    for (const each of [this.training, this.loading, this.deleting]) {
      each.disabled = !recipe;
      each.title = recipe ? "" : "Save the recipe first.";
    }
  }

  say(words, isTrouble = false) {
    this.said.classList.toggle("is-trouble", isTrouble);
    put(this.said, words);
  }

  async save() {
    const { studio } = this;
    this.saving.disabled = true;
    try {
      const recipe = await call("POST", "/recipes", { name: studio.state.name, steps: plain(studio.steps) });
      this.there(recipe);
      this.say(`Saved: ${recipe.name}, version ${recipe.version}.`);
    } catch (error) {
      this.say(inWords(error), true);
      this.show();
    }
  }

  // A recipe that is new here and is what the studio shows now.
  there(recipe) {
    const { studio } = this;
    studio.recipes = [recipe, ...studio.recipes.filter((each) => each.id !== recipe.id)];
    this.arrange();
    studio.set({ loaded: `recipe:${recipe.id}`, name: recipe.name });
    this.show();
  }

  download() {
    const link = element("a", "", [], { href: `/api/recipes/${this.recipe.id}/file`, download: "" });
    this.root.append(link);
    link.click();
    link.remove();
  }
}

function clean(name) {
  return name.trim().split(/\s+/).join(" ");
}

function askDelete(shelf) {
  const { recipe, studio } = shelf;
  const { dialog } = studio;
  const others = studio.recipes.filter((each) => each.name === recipe.name && each.id !== recipe.id).length;
  const what = others ? `This version alone; ${counted(others, "other version")} of it ${others === 1 ? "stays" : "stay"}.` : "It has no other version.";
  const trouble = element("p", "said is-trouble", [], { role: "alert" });
  put(trouble, "");
  const sure = button("Delete it", async () => {
    sure.disabled = true;
    try {
      await call("DELETE", `/recipes/${recipe.id}`);
    } catch (error) {
      sure.disabled = false;
      return put(trouble, inWords(error));
    }
    dialog.close();
    studio.recipes = studio.recipes.filter((each) => each.id !== recipe.id);
    shelf.arrange();
    // The steps stay in the studio: saving them again is the way back.
    const left = studio.recipes.find((each) => each.name === recipe.name);
    studio.set({ loaded: left ? `recipe:${left.id}` : `preset:${FIRST[studio.kind]}` });
    shelf.show();
    shelf.say(`Deleted: ${recipe.name}, version ${recipe.version}. Its steps are still here; save them to have it back.`);
  }, "danger");
  const words = `${what} No items, labels or runs are touched.`;
  const kept = button("Keep it", () => dialog.close());
  openDialog(dialog, `Delete “${recipe.name}”, version ${recipe.version}?`, [element("p", "", [words]), trouble, element("div", "actions", [sure, kept])]);
  kept.focus();
}
