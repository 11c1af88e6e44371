// A card that follows the pointer, the finger or the pen by its handle; the others make room.

const NEAR_EDGE_PX = 48;
const SCROLL_PX = 14;

// What scrolls when the list does: the column, or on a narrow screen the page around the studio.
function scrollerOf(node) {
  for (let at = node; at; at = at.parentNode ?? at.host) {
    const isLong = at instanceof Element && at.scrollHeight > at.clientHeight;
    if (isLong && /auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
  }
  return document.scrollingElement;
}

// `cards` in their order; `reach` [first, last] of the places it may take; `drop(place)` when it is let go.
function drag(event, card, cards, reach, scroller, drop) {
  const ended = new AbortController();
  const { signal } = ended;
  const boxes = cards.map((each) => each.getBoundingClientRect());
  const from = cards.indexOf(card);
  const startY = event.clientY;
  const startScroll = scroller.scrollTop;
  const gap = cards.length > 1 ? boxes[1].top - boxes[0].bottom : 0;
  const room = boxes[from].height + gap;
  let place = from;
  let pointerY = startY;
  let frame = requestAnimationFrame(scroll);
  card.classList.add("dragged");

  function draw() {
    const by = pointerY - startY + scroller.scrollTop - startScroll;
    const middle = boxes[from].top + boxes[from].height / 2 + by;
    place = boxes.filter((box, other) => other !== from && box.top + box.height / 2 < middle).length;
    place = Math.max(reach[0], Math.min(reach[1], place));
    cards.forEach((each, other) => {
      if (other === from) each.style.transform = `translateY(${by}px)`;
      else if (other > from && other <= place) each.style.transform = `translateY(${-room}px)`;
      else if (other < from && other >= place) each.style.transform = `translateY(${room}px)`;
      else each.style.transform = "";
    });
  }

  function scroll() {
    const box = scroller.getBoundingClientRect();
    const top = Math.max(0, box.top);
    const bottom = Math.min(innerHeight, box.bottom);
    if (pointerY < top + NEAR_EDGE_PX) scroller.scrollTop -= SCROLL_PX;
    else if (pointerY > bottom - NEAR_EDGE_PX) scroller.scrollTop += SCROLL_PX;
    draw();
    frame = requestAnimationFrame(scroll);
  }

  function end(isDropped) {
    ended.abort();
    cancelAnimationFrame(frame);
    card.classList.remove("dragged");
    cards.forEach((each) => (each.style.transform = ""));
    if (isDropped && place !== from) drop(place);
  }

  addEventListener("pointermove", (moved) => moved.pointerId === event.pointerId && (pointerY = moved.clientY), { signal });
  addEventListener(
    "pointerup",
    (up) => {
      if (up.pointerId !== event.pointerId) return;
      pointerY = up.clientY;
      draw();
      end(true);
    },
    { signal },
  );
  addEventListener("pointercancel", () => end(false), { signal });
  addEventListener(
    "keydown",
    (key) => {
      if (key.key !== "Escape") return;
      key.stopImmediatePropagation();
      end(false);
    },
    { signal, capture: true },
  );
}
