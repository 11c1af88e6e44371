// Which part of the map is looked at. Lengths on the screen are CSS pixels; the map goes from -1 to 1 both ways.

// Times as near as all of it.
const NEAREST = 400;
const FURTHEST = 0.4;
const MARGIN_PX = 24;

class Camera {
  constructor() {
    this.width = this.height = 1;
    // How far the points reach from the middle, both ways.
    this.reach = [1, 1];
    this.reset();
  }

  resize(width, height) {
    const ratio = this.scale / this.whole;
    [this.width, this.height] = [width, height];
    this.scale = this.whole * ratio;
  }

  // Pixels that a length of 1 has when all is seen.
  get whole() {
    const [across, up] = this.reach;
    return Math.max(20, Math.min((this.width / 2 - MARGIN_PX) / across, (this.height / 2 - MARGIN_PX) / up));
  }

  get zoom() {
    return this.scale / this.whole;
  }

  reset() {
    [this.x, this.y, this.scale] = [0, 0, this.whole];
  }

  toMap(left, top) {
    return [this.x + (left - this.width / 2) / this.scale, this.y - (top - this.height / 2) / this.scale];
  }

  toScreen(x, y) {
    return [(x - this.x) * this.scale + this.width / 2, this.height / 2 - (y - this.y) * this.scale];
  }

  pan(right, down) {
    this.x = Math.max(-1.5, Math.min(1.5, this.x - right / this.scale));
    this.y = Math.max(-1.5, Math.min(1.5, this.y + down / this.scale));
  }

  get isWhole() {
    return this.x === 0 && this.y === 0 && Math.abs(this.zoom - 1) < 0.001;
  }

  // Other points: all that was seen is still seen.
  hold(xy) {
    const { isWhole } = this;
    this.reach = [0.01, 0.01];
    for (let at = 0; at < xy.length; at++) this.reach[at % 2] = Math.max(this.reach[at % 2], Math.abs(xy[at]));
    if (isWhole) this.reset();
  }

  // What is at this place of the screen stays there.
  zoomBy(factor, left = this.width / 2, top = this.height / 2) {
    const [x, y] = this.toMap(left, top);
    this.scale = Math.max(this.whole * FURTHEST, Math.min(this.whole * NEAREST, this.scale * factor));
    const [nowX, nowY] = this.toMap(left, top);
    this.x += x - nowX;
    this.y += y - nowY;
  }

  // How large a point is: few points are large, and grow as one comes nearer.
  radius(count) {
    const usual = count < 500 ? 5 : count < 3000 ? 3.6 : count < 20000 ? 2.4 : 1.5;
    return Math.min(9, usual * this.zoom ** 0.3);
  }
}
