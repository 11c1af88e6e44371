// The map: loads the points and their colours, draws them, and keeps what is selected.

const MOVE_MS = 600;
const LOOK_AGAIN_MS = 1500;
const MOST_RATIO = 2;

class ItemMap {
  constructor(project, go) {
    [this.project, this.go] = [project, go];
    this.path = `/api/projects/${project.id}/map`;
    [this.by, this.tool, this.methods, this.method] = ["label", "pan", [], null];
    [this.entries, this.isOff, this.selected, this.points] = [[], [], [], null];
    this.camera = new Camera();
    this.items = new Items(project.id);
    this.deeds = new Deeds(this);
    this.hover = new Hover(this);
    this.bar = new Bar(this);
    this.legend = new Legend(this);
    this.panel = new Panel(this);
    this.draft = element("canvas", "wm-draft");
    this.over = element("div", "wm-over", ["Getting the map …"], { role: "status" });
    const help = "Map of the items. Arrows move, plus and minus zoom, Home shows all, L is the lasso, B the rectangle.";
    this.stage = element("div", "wm-stage", [this.draft, this.hover.root, this.over], { tabindex: "0", role: "application", "aria-label": help });
    this.renewPainter();
    this.pointer = new Pointer(this, this.stage, this.draft);
    const side = element("aside", "wm-side", [this.legend.root, this.panel.root]);
    const body = element("div", "wm-body", [this.stage, side]);
    this.root = element("section", "wm-map", [this.bar.root, body], { "data-testid": "item-map", "aria-label": "Map of the items", "data-renderer": this.painter.name, "data-drawn": "false" });
    this.watcher = new ResizeObserver(() => this.fit());
    this.watcher.observe(this.stage);
  }

  renewPainter(isPlain = false) {
    this.canvas?.remove();
    this.canvas = element("canvas", "wm-points");
    this.stage.prepend(this.canvas);
    const wanted = !isPlain && isQuick();
    this.painter = wanted ? WebGLPainter.make(this.canvas) : new CanvasPainter(this.canvas);
    // A canvas that WebGL has had is for nothing else.
    if (!this.painter) return this.renewPainter(true);
    // A graphics card may be taken away; the other painter needs none.
    this.canvas.addEventListener("webglcontextlost", () => {
      if (this.isOver) return;
      this.renewPainter(true);
      this.root.dataset.renderer = this.painter.name;
      this.fit();
      if (this.points) this.recolour();
    });
  }

  // Called on every run of the page: another key is another map, and classes may have other names.
  update(project) {
    const wasWorking = this.project.is_at_work;
    this.project = project;
    this.classes = new Map(project.classes.map((each) => [each.id, each]));
    this.usable = new Map(project.classes.filter((each) => !each.archived).map((each) => [each.id, each]));
    if (this.points && !wasWorking && this.about?.key === project.map_key) return this.recolour();
    return this.look();
  }

  // See whether there is a map, or a newer one; while one is made, again and again.
  async look() {
    clearTimeout(this.again);
    try {
      const about = await ask(this.path);
      if (this.isOver) return;
      if (about.methods.length && about.key !== this.about?.key) await this.load(about);
      else if (!about.methods.length) this.over.textContent = this.project.is_at_work ? "The items are being placed …" : "There is no map yet.";
    } catch (error) {
      this.over.textContent = error.message;
    }
    if (this.project.is_at_work && !this.isOver) this.again = setTimeout(() => this.look(), LOOK_AGAIN_MS);
  }

  async load(about) {
    const isFirst = !this.points;
    this.method = about.methods.includes("umap") ? "umap" : about.methods[0];
    const { ids, xy } = readPoints(await askBytes(`${this.path}/points?method=${this.method}`));
    this.layouts = { [this.method]: xy };
    [this.about, this.methods] = [about, about.methods];
    this.points = new Points(ids, xy);
    this.camera.hold(xy);
    if (isFirst) this.camera.reset();
    this.painter.load(this.points, "xy", "codes", "picked");
    this.select([]);
    await this.colourBy(this.by);
    this.over.hidden = true;
    this.root.dataset.points = String(ids.length);
  }

  async colourBy(by) {
    this.wanted = by;
    const answer = await ask(`${this.path}/colours?by=${encodeURIComponent(by)}`).catch((error) => ({ error }));
    // Another colour was chosen meanwhile.
    if (this.wanted !== by || this.isOver) return;
    if (answer.error || answer.key !== this.about.key) {
      this.panel.say(answer.error?.message ?? "");
      this.over.textContent = answer.error?.message ?? "";
      this.over.hidden = !answer.error;
      this.bar.show();
      return;
    }
    if (by !== this.by || answer.entries.length !== this.entries.length) this.isOff = [];
    [this.by, this.entries, this.isScale] = [by, answer.entries, answer.is_scale];
    this.over.hidden = true;
    this.points.codes = readCodes(answer.codes);
    this.painter.load(this.points, "codes");
    this.bar.show();
    this.recolour();
  }

  recolour() {
    this.palette = paletteOf(this.entries, this.root);
    this.points.isOff = this.isOff;
    this.painter.load(this.points, "xy", "codes", "picked");
    this.painter.color(this.palette, this.isOff);
    this.bar.show();
    this.legend.show();
    this.root.dataset.method = this.method;
    this.root.dataset.by = this.by;
    this.drawSoon();
  }

  // Which entries are off the map.
  show(isOff) {
    this.isOff = this.points.isOff = isOff;
    this.painter.color(this.palette, isOff);
    this.legend.mark();
    this.drawSoon();
  }

  async chooseColour(by) {
    await this.colourBy(by);
    if (this.selected.length) await this.panel.show(true);
  }

  // After labels changed.
  async renew() {
    this.items.forget();
    await this.chooseColour(this.by);
  }

  async layOut(method) {
    try {
      this.layouts[method] ??= readPoints(await askBytes(`${this.path}/points?method=${method}`)).xy;
    } catch (error) {
      return this.panel.say(error.message, true);
    }
    const [from, upto] = [this.points.xy, this.layouts[method]];
    this.method = method;
    this.bar.show();
    this.root.dataset.method = method;
    const began = performance.now();
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const between = new Float32Array(from.length);
    const step = () => {
      const share = isStill ? 1 : Math.min(1, (performance.now() - began) / MOVE_MS);
      if (this.method !== method || this.isOver) return;
      const eased = share * share * (3 - 2 * share);
      for (let at = 0; at < between.length; at++) between[at] = from[at] + (upto[at] - from[at]) * eased;
      this.points.xy = share < 1 ? between : upto;
      if (share === 1) {
        this.points.moveTo(upto);
        this.camera.hold(upto);
      }
      this.painter.load(this.points, "xy");
      this.paint();
      if (share < 1) requestAnimationFrame(step);
    };
    step();
  }

  use(tool) {
    this.tool = tool;
    this.stage.dataset.tool = tool;
    this.bar.show();
  }

  pan(right, down) {
    this.camera.pan(right, down);
    this.drawSoon();
  }

  zoomBy(factor, left, top) {
    this.camera.zoomBy(factor, left, top);
    this.drawSoon();
  }

  reset() {
    this.camera.reset();
    this.drawSoon();
  }

  // places: of points among the points.
  select(places) {
    this.selected = places;
    this.points.pick(places);
    this.painter.load(this.points, "picked");
    this.root.dataset.selected = String(places.length);
    this.drawSoon();
    return this.panel.show();
  }

  selectItem(id) {
    return this.select([this.points.ids.indexOf(id)]);
  }

  selectInView() {
    if (!this.points) return;
    const [[left, top], [right, bottom]] = [this.camera.toMap(0, 0), this.camera.toMap(this.camera.width, this.camera.height)];
    this.select(this.points.inside([left, top, right, top, right, bottom, left, bottom]));
  }

  escape() {
    if (this.tool !== "pan") return this.use("pan"), true;
    return this.selected.length > 0 && (this.select([]), true);
  }

  fit() {
    const { width, height } = this.stage.getBoundingClientRect();
    if (width < 2 || height < 2) return;
    this.ratio = Math.min(MOST_RATIO, devicePixelRatio || 1);
    for (const canvas of [this.canvas, this.draft]) [canvas.width, canvas.height] = [Math.round(width * this.ratio), Math.round(height * this.ratio)];
    this.camera.resize(width, height);
    if (this.points && this.palette) this.paint();
  }

  drawSoon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (this.points && this.palette && !this.isOver) this.paint();
    });
  }

  paint() {
    this.painter.draw(this.camera, this.camera.radius(this.points.count), this.ratio);
    const context = this.draft.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.camera.width, this.camera.height);
    this.pointer.paint(context, cssOf(this.palette.ink));
    if (this.hover.place >= 0) this.ring(context, this.hover.place);
    if (this.selected.length === 1) this.ring(context, this.selected[0]);
    this.root.dataset.drawn = "true";
  }

  ring(context, place) {
    const [left, top] = this.camera.toScreen(this.points.xy[2 * place], this.points.xy[2 * place + 1]);
    context.beginPath();
    context.arc(left, top, this.camera.radius(this.points.count) + 3, 0, 2 * Math.PI);
    context.strokeStyle = cssOf(this.palette.ink);
    context.lineWidth = 2;
    context.stroke();
  }

  end() {
    this.isOver = true;
    clearTimeout(this.again);
    this.hover.hide();
    this.panel.asked?.abort();
    this.watcher.disconnect();
    this.painter.end();
  }
}
