// Who labels: asked once, and kept in this browser.

function remembered(name, otherwise) {
  try {
    return localStorage.getItem(`winnow/${name}`) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(`winnow/${name}`, value);
  } catch {
    // A browser that keeps nothing still labels; the choice lasts until the tab is closed.
  }
}

function nameAnnotator(pad, name) {
  pad.annotator = name.trim() || "me";
  pad.knowsAnnotator = true;
  remember("annotator", pad.annotator);
  // For the other pages: of this session at once, of a later one by the cookie.
  document.cookie = `winnow_annotator=${encodeURIComponent(pad.annotator)}; path=/; max-age=31536000; SameSite=Strict`;
  pad.tellName?.(pad.annotator);
  pad.decisions.forget();
  pad.pace = null;
  showWho(pad);
  pad.view.focus();
}

function showWho(pad, isAsking = !pad.knowsAnnotator) {
  const { who } = pad.view;
  if (!isAsking) {
    const change = button(`Labeling as ${pad.annotator}`, "", () => showWho(pad, true), "wn-plain");
    change.title = "Change the name";
    return who.replaceChildren(change);
  }
  const name = element("input", "wn-input", [], { "aria-label": "Your name", maxlength: "100", value: pad.annotator });
  const keep = () => nameAnnotator(pad, name.value);
  name.addEventListener("keydown", (event) => {
    if (event.key === "Enter") keep();
  });
  who.replaceChildren("Your name ", name, button("OK", "", keep, "wn-plain"));
  if (pad.knowsAnnotator) name.select();
}
