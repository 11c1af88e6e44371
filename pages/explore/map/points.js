// The points of a map: where they lie, what each is coloured by, and which of them are at a place.

const GONE = 65535;
// Points in a cell of the grid that finds what lies under the pointer.
const PER_CELL = 3;
const MOST_CELLS = 512;

class Points {
  constructor(ids, xy) {
    this.ids = ids;
    this.count = ids.length;
    this.codes = new Uint16Array(this.count).fill(GONE);
    this.picked = new Uint8Array(this.count);
    this.isPicking = false;
    this.isOff = [];
    this.moveTo(xy);
  }

  moveTo(xy) {
    this.xy = xy;
    this.cells = Math.max(1, Math.min(MOST_CELLS, Math.ceil(Math.sqrt(this.count / PER_CELL))));
    this.sortIntoCells();
  }

  cell(value) {
    return Math.max(0, Math.min(this.cells - 1, Math.floor(((value + 1) / 2) * this.cells)));
  }

  sortIntoCells() {
    const { xy, count, cells } = this;
    const cellOf = new Int32Array(count);
    this.starts = new Int32Array(cells * cells + 1);
    for (let at = 0; at < count; at++) {
      cellOf[at] = this.cell(xy[2 * at + 1]) * cells + this.cell(xy[2 * at]);
      this.starts[cellOf[at] + 1]++;
    }
    for (let cell = 0; cell < cells * cells; cell++) this.starts[cell + 1] += this.starts[cell];
    const next = this.starts.slice(0, -1);
    this.order = new Int32Array(count);
    for (let at = 0; at < count; at++) this.order[next[cellOf[at]]++] = at;
  }

  isShown(at) {
    return this.codes[at] !== GONE && !this.isOff[this.codes[at]];
  }

  // The shown point that is nearest to a place and no further away than `radius`; -1 without one.
  nearest(x, y, radius) {
    const { xy, cells } = this;
    let found = -1;
    let best = radius * radius;
    for (let row = this.cell(y - radius); row <= this.cell(y + radius); row++) {
      const from = this.starts[row * cells + this.cell(x - radius)];
      const upto = this.starts[row * cells + this.cell(x + radius) + 1];
      for (let place = from; place < upto; place++) {
        const at = this.order[place];
        const distance = (xy[2 * at] - x) ** 2 + (xy[2 * at + 1] - y) ** 2;
        if (distance <= best && this.isShown(at)) [found, best] = [at, distance];
      }
    }
    return found;
  }

  // The shown points inside a polygon [x, y, x, y, …], by the number of its sides that a ray from each one crosses.
  inside(polygon) {
    let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let side = 0; side < polygon.length; side += 2) {
      left = Math.min(left, polygon[side]);
      right = Math.max(right, polygon[side]);
      bottom = Math.min(bottom, polygon[side + 1]);
      top = Math.max(top, polygon[side + 1]);
    }
    const found = [];
    for (let at = 0; at < this.count; at++) {
      const x = this.xy[2 * at];
      const y = this.xy[2 * at + 1];
      if (x < left || x > right || y < bottom || y > top || !this.isShown(at)) continue;
      let isInside = false;
      for (let one = 0, other = polygon.length - 2; one < polygon.length; other = one, one += 2) {
        const [ax, ay, bx, by] = [polygon[one], polygon[one + 1], polygon[other], polygon[other + 1]];
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isInside = !isInside;
      }
      if (isInside) found.push(at);
    }
    return found;
  }

  pick(places) {
    this.picked.fill(0);
    for (const at of places) this.picked[at] = 1;
    // One alone has a ring around it, and the others stay as they are.
    this.isPicking = places.length > 1;
  }
}

// As the server sends them: see GET …/map/points.
function readPoints(bytes) {
  const [count] = new Uint32Array(bytes, 0, 1);
  return { ids: new Float64Array(bytes, 8, count), xy: centred(new Float32Array(bytes, 8 + 8 * count, 2 * count)) };
}

// Into the square from -1 to 1, with the same scale both ways.
function centred(xy) {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let at = 0; at < xy.length; at += 2) {
    left = Math.min(left, xy[at]);
    right = Math.max(right, xy[at]);
    bottom = Math.min(bottom, xy[at + 1]);
    top = Math.max(top, xy[at + 1]);
  }
  const half = Math.max(right - left, top - bottom) / 2 || 1;
  const found = new Float32Array(xy.length);
  for (let at = 0; at < xy.length; at += 2) {
    found[at] = (xy[at] - (left + right) / 2) / half;
    found[at + 1] = (xy[at + 1] - (bottom + top) / 2) / half;
  }
  return found;
}

function readCodes(base64) {
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at);
  return new Uint16Array(bytes.buffer);
}
