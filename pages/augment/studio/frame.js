// The two columns of the studio. Built once; afterwards only what changed is touched.

function drawStudio(studio) {
  studio.trouble = element("div", "trouble", [], { role: "alert" });
  studio.sight = element("p", "quiet sight");
  studio.summary = element("p", "quiet summary-line", [], { role: "status", "data-testid": "damage" });
  studio.ofRun = element("p", "run-words");
  studio.copying = button("Change it", () => copyRun(studio), "primary", { title: "Copy these steps to work on them" });
  studio.leaving = button("Leave it", () => leaveRun(studio));
  studio.runBar = element("div", "run-bar", [studio.ofRun, element("div", "actions", [studio.copying, studio.leaving])]);
  studio.undoing = button("Undo", () => studio.undo(), "", { title: "Ctrl+Z", "aria-keyshortcuts": "Control+Z" });
  studio.redoing = button("Redo", () => studio.redo(), "", { title: "Ctrl+Shift+Z", "aria-keyshortcuts": "Control+Shift+Z" });
  studio.adding = adder(studio);
  studio.editing = element("div", "actions", [studio.adding, studio.undoing, studio.redoing]);
  studio.left = element("div", "left", [studio.runBar, studio.shelf.head, studio.list.root, studio.editing, studio.shelf.root]);
  const lines = [studio.trouble, studio.summary, ...(studio.kind === "text" ? [element("p", "quiet legend", legend())] : [])];
  studio.right = element("div", "right", [studio.controls.root, studio.sight, ...lines, studio.grid.root]);
  studio.root = element("section", "studio", [studio.left, studio.right, studio.dialog], { "data-testid": "studio", "data-shown": "0", "data-damage": "none", "aria-label": "Augmentation studio" });
  put(studio.trouble, "");
}
