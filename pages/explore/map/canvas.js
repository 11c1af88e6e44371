// Paints the points without a graphics card: pixel by pixel into a picture. The same picture as that of WebGL, nearly.

class CanvasPainter {
  constructor(canvas) {
    this.name = "canvas";
    this.context = canvas.getContext("2d");
  }

  load(points) {
    this.points = points;
  }

  // Pixels as the processor keeps them: alpha, blue, green, red.
  color(palette, isOff) {
    const rgb = palette.colors.map(([red, green, blue]) => (blue << 16) | (green << 8) | red);
    this.layers = palette.isNone.map((isNone, at) => (isOff[at] ? -1 : isNone ? 0 : 1));
    this.rgb = Uint32Array.from(rgb);
  }

  draw(camera, radius, ratio) {
    const { canvas } = this.context;
    if (this.picture?.width !== canvas.width || this.picture?.height !== canvas.height) {
      this.picture = this.context.createImageData(canvas.width, canvas.height);
      this.pixels = new Uint32Array(this.picture.data.buffer);
    }
    this.pixels.fill(0);
    const { isPicking } = this.points;
    this.stamp(camera, ratio, radius, 0, isPicking, isPicking ? 0.16 : 0.55);
    this.stamp(camera, ratio, radius, 1, isPicking, isPicking ? 0.16 : 0.95);
    if (isPicking) for (const layer of [2, 3]) this.stamp(camera, ratio, radius * 1.3, layer, isPicking, 0.95);
    this.context.putImageData(this.picture, 0, 0);
  }

  stamp(camera, ratio, radius, layer, isPicking, alpha) {
    const { pixels, points, rgb, layers } = this;
    const { xy, codes, picked, count } = points;
    const { width, height } = this.picture;
    const { full, edge, reach } = disc(radius * ratio, width);
    const scale = camera.scale * ratio;
    const left = width / 2 - camera.x * scale;
    const top = height / 2 + camera.y * scale;
    const solid = Math.round(255 * alpha) << 24;
    const thin = Math.round(110 * alpha) << 24;
    for (let at = 0; at < count; at++) {
      const code = codes[at];
      if (code >= layers.length || layers[code] < 0) continue;
      if (layers[code] + (isPicking && picked[at] ? 2 : 0) !== layer) continue;
      const x = (xy[2 * at] * scale + left) | 0;
      const y = (top - xy[2 * at + 1] * scale) | 0;
      if (x < reach || y < reach || x >= width - reach || y >= height - reach) continue;
      const place = y * width + x;
      const color = rgb[code];
      for (let step = 0; step < full.length; step++) pixels[place + full[step]] = color | solid;
      // The edge of a point never covers another point.
      for (let step = 0; step < edge.length; step++) if (!pixels[place + edge[step]]) pixels[place + edge[step]] = color | thin;
    }
  }

  end() {
    this.pixels = this.picture = null;
  }
}

// The pixels of a disc, as steps from its middle in a picture of this width: whole ones, and those on its edge.
function disc(radius, width) {
  const reach = Math.ceil(radius) + 1;
  const full = [];
  const edge = [];
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      const beyond = Math.hypot(x, y) - radius;
      if (beyond <= 0) full.push(y * width + x);
      else if (beyond < 0.7) edge.push(y * width + x);
    }
  }
  return { full: Int32Array.from(full), edge: Int32Array.from(edge), reach };
}
