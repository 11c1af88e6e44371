// What the pointer does on the map: drag to pan, the wheel or two fingers to zoom, a lasso or a rectangle to select, a
// click to open, a look at what lies under it.

const CLICK_PX = 4;
const REACH_PX = 9;
// A lasso has a corner every so many pixels.
const CORNER_PX = 4;

class Pointer {
  constructor(map, stage, draft) {
    [this.map, this.stage, this.draft] = [map, stage, draft];
    this.down = new Map();
    this.path = null;
    const on = (name, act, how) => stage.addEventListener(name, act.bind(this), how);
    on("pointerdown", this.press);
    on("pointermove", this.move);
    on("pointerup", this.release);
    on("pointercancel", this.cancel);
    on("pointerleave", () => map.hover.hide());
    on("dblclick", (event) => map.zoomBy(event.shiftKey ? 0.5 : 2, ...this.at(event)));
    on("wheel", this.wheel, { passive: false });
  }

  at(event) {
    const box = this.stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  wheel(event) {
    event.preventDefault();
    // A trackpad pinches with many small steps, a wheel with few large ones.
    const step = event.deltaMode === 1 ? 20 * event.deltaY : event.deltaY;
    this.map.zoomBy(Math.exp(-Math.max(-120, Math.min(120, step)) * (event.ctrlKey ? 0.01 : 0.0025)), ...this.at(event));
  }

  press(event) {
    if (event.button !== 0 || !this.map.points) return;
    this.map.hover.hide();
    this.stage.setPointerCapture(event.pointerId);
    const at = this.at(event);
    this.down.set(event.pointerId, at);
    [this.first, this.wasDragged] = [at, this.down.size > 1];
    const tool = event.shiftKey && this.map.tool === "pan" ? "lasso" : this.map.tool;
    this.path = tool === "pan" || this.down.size > 1 ? null : { tool, corners: [at] };
  }

  move(event) {
    const at = this.at(event);
    const before = this.down.get(event.pointerId);
    if (!before) return this.map.hover.look(this.under(at), at);
    this.down.set(event.pointerId, at);
    if (Math.hypot(at[0] - this.first[0], at[1] - this.first[1]) > CLICK_PX) this.wasDragged = true;
    if (this.down.size === 2) return this.pinch(event.pointerId, before, at);
    if (!this.wasDragged) return;
    if (!this.path) return this.map.pan(at[0] - before[0], at[1] - before[1]);
    const { corners, tool } = this.path;
    const last = corners.at(-1);
    if (tool === "box") corners[1] = at;
    else if (Math.hypot(at[0] - last[0], at[1] - last[1]) >= CORNER_PX) corners.push(at);
    this.map.drawSoon();
  }

  pinch(pointerId, before, at) {
    const [other] = [...this.down].filter(([id]) => id !== pointerId).map(([, place]) => place);
    const apart = (place) => Math.max(1, Math.hypot(place[0] - other[0], place[1] - other[1]));
    this.map.pan((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
    this.map.zoomBy(apart(at) / apart(before), (at[0] + other[0]) / 2, (at[1] + other[1]) / 2);
  }

  release(event) {
    if (!this.down.delete(event.pointerId)) return;
    const { path } = this;
    this.path = null;
    this.map.drawSoon();
    if (!this.wasDragged) {
      const found = this.under(this.at(event));
      return this.map.select(found < 0 ? [] : [found]);
    }
    const outline = path && this.outline(path);
    if (outline) this.map.select(this.map.points.inside(outline));
  }

  cancel(event) {
    this.down.delete(event.pointerId);
    this.path = null;
    this.map.drawSoon();
  }

  under([left, top]) {
    const { points, camera } = this.map;
    if (!points) return -1;
    return points.nearest(...camera.toMap(left, top), Math.max(REACH_PX, camera.radius(points.count)) / camera.scale);
  }

  // The polygon on the map, [x, y, x, y, …]; null when there is nothing inside.
  outline({ tool, corners }) {
    const [first, last] = [corners[0], corners.at(-1)];
    const drawn = tool === "box" ? [first, [last[0], first[1]], last, [first[0], last[1]]] : corners;
    return drawn.length < 3 ? null : drawn.flatMap(([left, top]) => this.map.camera.toMap(left, top));
  }

  // The lasso or rectangle as far as it is drawn.
  paint(context, color) {
    if (!this.path || this.path.corners.length < 2) return;
    const { tool, corners } = this.path;
    const [first, last] = [corners[0], corners.at(-1)];
    context.beginPath();
    if (tool === "box") context.rect(first[0], first[1], last[0] - first[0], last[1] - first[1]);
    else for (const [left, top] of corners) context.lineTo(left, top);
    context.strokeStyle = color;
    context.lineWidth = 1.5;
    context.setLineDash([5, 4]);
    context.stroke();
    context.globalAlpha = 0.12;
    context.fillStyle = color;
    context.fill();
    context.globalAlpha = 1;
    context.setLineDash([]);
  }
}
