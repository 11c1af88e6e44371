// Put into the page before everything else: when each key press came, and when what it led to was painted.
(() => {
  const presses = [];
  const posts = [];
  const events = [];
  const long = [];
  const seen = { presses, posts, events, long, first: null };
  window.winnowSeen = seen;
  const pad = () => document.querySelector('[data-testid="label-pad"]');

  // A task that is posted within a frame runs when that frame's style, layout and paint are done and committed. With this
  // priority it runs before timers and messages that became due meanwhile, which are no part of the frame.
  function afterFrame(done) {
    requestAnimationFrame(() => {
      const began = performance.now();
      scheduler.postTask(() => done(began, performance.now()), { priority: "user-blocking" });
    });
  }

  async function isThere(root) {
    const picture = root.querySelector(".wn-picture");
    if (picture && !(picture.complete && picture.naturalWidth)) await picture.decode();
    return picture;
  }

  // Capturing and first of all, so before the pad's own listener; its microtask comes after that one.
  addEventListener(
    "keydown",
    (event) => {
      const root = pad();
      if (!root || !event.isTrusted || event.repeat) return;
      const press = { at: event.timeStamp, heard: performance.now(), item: root.dataset.itemId };
      new MutationObserver(async (_, observer) => {
        observer.disconnect();
        press.changed = performance.now();
        press.next = root.dataset.itemId;
        if (await isThere(root)) press.waited = performance.now() - press.changed;
        afterFrame((began, painted) => presses.push({ ...press, began, painted }));
      }).observe(root, { attributeFilter: ["data-item-id"] });
    },
    { capture: true },
  );

  const first = new MutationObserver(async () => {
    if (!pad()?.dataset.itemId) return;
    first.disconnect();
    await isThere(pad());
    afterFrame((_, painted) => (seen.first = painted));
  });
  first.observe(document, { childList: true, subtree: true, attributeFilter: ["data-item-id"] });

  const watch = (type, to, more) =>
    new PerformanceObserver((list) => list.getEntries().forEach(to)).observe({ type, buffered: true, ...more });
  watch("event", (each) => each.name === "keydown" && events.push({ at: each.startTime, duration: each.duration }), { durationThreshold: 16 });
  watch("longtask", (each) => long.push({ at: each.startTime, duration: each.duration }));
  watch("resource", (each) => each.name.endsWith("/labels") && posts.push(each.duration));
})();
