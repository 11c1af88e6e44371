// A picture in its frame: fitted, or zoomed to its own pixels and moved about with mouse, wheel and keys.

const LARGEST_IMAGE = 4096;
// Less than this is not worth a key: then it goes to the next whole multiple of the pixels above twice the size.
const WORTH = 1.5;
const MOST_ZOOM = 16;
const WHEEL_FOR_DOUBLE = 400;
const WHEEL_LINE = 33;
const PAN_SHARE = 0.2;
const PANS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// By the node on the stage.
const zooms = new WeakMap();

class Zoom {
  constructor(entry, picture) {
    this.entry = entry;
    this.fitted = picture;
    this.isIn = false;
    this.held = null;
    this.lens = element("div", "wn-lens", [picture]);
    this.button = button("Zoom", "Z", () => this.toggle(), "wn-zoom");
    this.button.setAttribute("aria-pressed", "false");
    this.frame = element("div", "wn-frame", [this.lens, this.button]);
    this.measure(entry.width, entry.height);
    this.listen();
    zooms.set(this.frame, this);
  }

  // The element has exactly the picture's box, so that what is behind it shows only where the picture lets it.
  measure(width, height) {
    this.width = width;
    this.height = height;
    if (!width || !height) return;
    this.fitted.style.setProperty("--wn-w", width);
    this.fitted.style.setProperty("--wn-h", height);
    this.frame.classList.toggle("wn-tiny", Math.max(width, height) <= TINY);
  }

  loaded() {
    if (!this.width || !this.height) this.measure(this.fitted.naturalWidth, this.fitted.naturalHeight);
    this.fitted.classList.add("wn-here");
    this.frame.classList.remove("wn-lost");
    this.frame.querySelector(".wn-trouble-here")?.remove();
  }

  get shown() {
    return this.lens.firstElementChild;
  }

  // One pixel of the image on one of the screen.
  get actual() {
    return 1 / devicePixelRatio;
  }

  toggle(at) {
    if (this.isIn) this.out();
    else if (this.fitted.naturalWidth) this.in(at);
  }

  in(at = middleOf(this.lens)) {
    this.fit = this.fitted.getBoundingClientRect().width / this.width;
    const isWorth = this.actual >= WORTH * this.fit;
    this.isIn = true;
    this.to(isWorth ? this.actual : Math.ceil((2 * this.fit) / this.actual) * this.actual, at);
    this.frame.classList.add("wn-zoomed");
    this.button.setAttribute("aria-pressed", "true");
    this.sharpen();
  }

  // To so many CSS pixels for one of the image; what is at this point of the window stays there.
  to(scale, [x, y]) {
    const { shown } = this;
    const before = shown.getBoundingClientRect();
    this.scale = scale;
    shown.style.width = `${this.width * scale}px`;
    shown.style.height = `${this.height * scale}px`;
    shown.classList.toggle("wn-blocks", scale >= 4 * this.actual);
    const after = shown.getBoundingClientRect();
    const shareX = (x - before.left) / before.width;
    const shareY = (y - before.top) / before.height;
    this.move(after.left + shareX * after.width - x, after.top + shareY * after.height - y);
  }

  out() {
    if (!this.isIn) return;
    this.isIn = false;
    this.held = null;
    this.shown.replaceWith(this.fitted);
    this.fitted.style.width = this.fitted.style.height = "";
    this.fitted.classList.remove("wn-blocks");
    this.frame.classList.remove("wn-zoomed");
    this.button.setAttribute("aria-pressed", "false");
  }

  // The fitted picture stays until the larger one is decoded, and comes back when the zoom ends.
  async sharpen() {
    if (Math.max(this.width, this.height) <= IMAGE_SIZE) return;
    const large = new Image();
    large.decoding = "sync";
    large.draggable = false;
    large.src = `${this.entry.image}&size=${LARGEST_IMAGE}`;
    try {
      await large.decode();
    } catch {
      // The smaller one is still there.
      return;
    }
    if (!this.isIn) return;
    large.alt = this.fitted.alt;
    large.className = this.shown.className;
    large.style.cssText = this.shown.style.cssText;
    this.shown.replaceWith(large);
  }

  move(x, y) {
    this.lens.scrollBy({ left: x, top: y, behavior: "instant" });
  }

  key(key, event) {
    if (key === "z" && !event.shiftKey) {
      if (!event.repeat) this.toggle();
      return true;
    }
    if (key === "Escape" && this.isIn) {
      this.out();
      return true;
    }
    if (!event.shiftKey || !Object.hasOwn(PANS, key)) return false;
    const [x, y] = PANS[key];
    if (this.isIn) this.move(x * PAN_SHARE * this.lens.clientWidth, y * PAN_SHARE * this.lens.clientHeight);
    // Also when nothing moves: a Shift too much must not lead to the next item.
    return true;
  }

  listen() {
    const { lens } = this;
    lens.addEventListener("dblclick", (event) => this.toggle([event.clientX, event.clientY]));
    lens.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    lens.addEventListener("pointerdown", (event) => {
      if (!this.isIn || event.button !== 0) return;
      lens.setPointerCapture(event.pointerId);
      // From where the drag began: scroll positions are whole pixels, and small steps would lose their fractions.
      this.held = [event.clientX + lens.scrollLeft, event.clientY + lens.scrollTop];
    });
    lens.addEventListener("pointermove", (event) => {
      if (!this.held) return;
      const [x, y] = this.held;
      lens.scrollTo({ left: x - event.clientX, top: y - event.clientY, behavior: "instant" });
    });
    const letGo = () => (this.held = null);
    lens.addEventListener("pointerup", letGo);
    lens.addEventListener("pointercancel", letGo);
  }

  wheel(event) {
    if (!this.isIn) return;
    event.preventDefault();
    const way = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? WHEEL_LINE : 1);
    const most = MOST_ZOOM * Math.max(this.actual, this.fit);
    const scale = Math.min(most, this.scale * 2 ** (-way / WHEEL_FOR_DOUBLE));
    if (scale <= this.fit) this.out();
    else this.to(scale, [event.clientX, event.clientY]);
  }
}

function middleOf(node) {
  const { left, top, width, height } = node.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}
