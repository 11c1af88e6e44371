// Put into the page before everything else: when each key press on a slider of the studio came, and when the grid that
// answers it was painted, all pictures of it decoded.
(() => {
  const presses = [];
  const posts = [];
  window.winnowSlid = { presses, posts };

  // See _presses.js: the task runs when the frame's style, layout and paint are committed.
  function afterFrame(done) {
    requestAnimationFrame(() => scheduler.postTask(() => done(performance.now()), { priority: "user-blocking" }));
  }

  addEventListener(
    "keydown",
    (event) => {
      if (!event.isTrusted || !event.composedPath()[0].matches?.("input[type=range]")) return;
      const root = event.composedPath().find((each) => each.dataset?.testid === "studio");
      const press = { at: event.timeStamp };
      presses.push(press);
      new MutationObserver(async (_, observer) => {
        if (root.hasAttribute("aria-busy")) return;
        observer.disconnect();
        press.answered = performance.now();
        await Promise.all(Array.from(root.querySelectorAll(".picture img"), (image) => image.decode()));
        afterFrame((painted) => (press.painted = painted));
      }).observe(root, { attributeFilter: ["aria-busy", "data-shown"] });
    },
    { capture: true },
  );

  const told = (list) => list.getEntries().forEach((each) => each.name.endsWith("/preview") && posts.push(each.duration));
  new PerformanceObserver(told).observe({ type: "resource", buffered: true });
})();
