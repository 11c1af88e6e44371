// A recipe from a file, and the recipe as Python.

const LARGEST_FILE = 1_000_000;

function bringer(shelf) {
  const input = element("input", "", [], { type: "file", accept: ".json,application/json", "aria-label": "Recipe file" });
  input.hidden = true;
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    if (file) bring(shelf, file);
  });
  const open = button("Bring …", () => input.click(), "", { title: "A recipe that was downloaded here or from another Winnow" });
  return element("span", "", [open, input]);
}

async function bring(shelf, file) {
  const { studio } = shelf;
  try {
    const recipe = await call("POST", "/recipes/import", await readRecipe(file));
    if (recipe.kind && recipe.kind !== studio.kind) {
      const what = recipe.kind === "text" ? "texts; this project has images." : "images; this project has texts.";
      return shelf.say(`${recipe.name}, version ${recipe.version}, is kept. It is for ${what}`);
    }
    studio.recipes = [recipe, ...studio.recipes.filter((each) => each.id !== recipe.id)].sort((one, other) => other.id - one.id);
    shelf.arrange();
    studio.load(`recipe:${recipe.id}`);
    shelf.say(`Here: ${recipe.name}, version ${recipe.version}.`);
  } catch (error) {
    shelf.say(inWords(error), true);
  }
}

// What is no recipe is sent as nothing: the server has the sentence for it.
async function readRecipe(file) {
  if (file.size > LARGEST_FILE) return {};
  try {
    const told = JSON.parse(await file.text());
    return typeof told === "object" && told !== null && !Array.isArray(told) ? told : {};
  } catch {
    return {};
  }
}

async function showPython(studio) {
  const { dialog } = studio;
  const what = studio.kind === "text" ? "These changes of texts without Winnow." : "The same pixels from torchvision, without Winnow.";
  const code = element("pre", "python", [], { tabindex: "0", "aria-label": "Python" });
  const copied = element("span", "quiet", [], { role: "status" });
  const copy = button("Copy", async () => put(copied, (await copyText(code)) ? "Copied." : "Selected: press Ctrl+C."), "primary");
  const close = button("Close", () => dialog.close());
  copy.disabled = true;
  code.textContent = "Getting it …";
  openDialog(dialog, "This recipe in Python", [element("p", "quiet", [what]), code, element("div", "actions", [copy, close, copied])], "code");
  try {
    const answer = await call("POST", `/projects/${studio.project}/augmentations/python`, studio.meant());
    code.textContent = answer.python;
    copy.disabled = false;
    copy.focus();
  } catch (error) {
    code.textContent = inWords(error);
  }
}

async function copyText(node) {
  try {
    await navigator.clipboard.writeText(node.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(node);
    return false;
  }
}
