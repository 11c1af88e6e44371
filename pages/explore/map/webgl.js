// Paints the points with WebGL 2: their places, codes and whether they are picked lie in buffers of the graphics card.
// A frame is passes, so that grey never hides a colour: what says nothing, the others, and again of what is picked.

const VERTEX = `#version 300 es
in vec2 place;
in float code;
in float picked;
uniform vec2 center;
uniform vec2 zoom;
uniform float size;
uniform int layer;
uniform bool isPicking;
uniform int entries;
uniform sampler2D palette;
out vec4 color;
void main() {
  int entry = int(code + 0.5);
  vec4 found = entry < entries ? texelFetch(palette, ivec2(entry, 0), 0) : vec4(0.0);
  int own = found.a < 0.25 ? -1 : found.a < 0.75 ? 0 : 1;
  if (own >= 0 && isPicking && picked > 0.5) own += 2;
  gl_PointSize = own > 1 ? size * 1.3 : size;
  gl_Position = own == layer ? vec4((place - center) * zoom, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  color = vec4(found.rgb, isPicking && own < 2 ? 0.16 : own == 0 ? 0.55 : 0.95);
}`;
const FRAGMENT = `#version 300 es
precision highp float;
in vec4 color;
uniform float size;
out vec4 painted;
void main() {
  float edge = (0.5 - length(gl_PointCoord - 0.5)) * size;
  float seen = color.a * clamp(edge + 0.5, 0.0, 1.0);
  if (seen < 0.02) discard;
  painted = vec4(color.rgb * seen, seen);
}`;

class WebGLPainter {
  static make(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: false, failIfMajorPerformanceCaveat: true });
    if (!gl?.getParameter(gl.MAX_VERTEX_TEXTURE_IMAGE_UNITS)) return null;
    const made = new WebGLPainter(gl);
    return gl.getProgramParameter(made.program, gl.LINK_STATUS) ? made : null;
  }

  constructor(gl) {
    this.gl = gl;
    this.name = "webgl";
    this.program = this.linked();
    gl.useProgram(this.program);
    const attribute = (name, parts, type) => {
      const buffer = gl.createBuffer();
      const at = gl.getAttribLocation(this.program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, parts, type, false, 0, 0);
      return buffer;
    };
    this.buffers = {
      xy: attribute("place", 2, gl.FLOAT),
      codes: attribute("code", 1, gl.UNSIGNED_SHORT),
      picked: attribute("picked", 1, gl.UNSIGNED_BYTE),
    };
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const way of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, way, gl.NEAREST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  linked() {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    return program;
  }

  get(name) {
    return this.gl.getUniformLocation(this.program, name);
  }

  // `what`: "xy", "codes" or "picked", those of the points that changed.
  load(points, ...what) {
    const { gl } = this;
    this.points = points;
    for (const name of what) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
      gl.bufferData(gl.ARRAY_BUFFER, points[name], gl.DYNAMIC_DRAW);
    }
  }

  color(palette, isOff) {
    const { gl } = this;
    const rgba = new Uint8Array(4 * palette.colors.length);
    palette.colors.forEach((each, at) => rgba.set([...each, isOff[at] ? 0 : palette.isNone[at] ? 128 : 255], 4 * at));
    this.entries = palette.colors.length;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, this.entries, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
  }

  draw(camera, radius, ratio) {
    const { gl, points } = this;
    const size = Math.max(1, 2 * radius * ratio);
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(this.get("center"), camera.x, camera.y);
    gl.uniform2f(this.get("zoom"), (2 * camera.scale) / camera.width, (2 * camera.scale) / camera.height);
    gl.uniform1f(this.get("size"), size);
    gl.uniform1i(this.get("entries"), this.entries);
    gl.uniform1i(this.get("isPicking"), points.isPicking ? 1 : 0);
    for (const layer of points.isPicking ? [0, 1, 2, 3] : [0, 1]) {
      gl.uniform1i(this.get("layer"), layer);
      gl.drawArrays(gl.POINTS, 0, points.count);
    }
  }

  end() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

// Whether there is a graphics card. One that the processor plays is slower than the painter that needs none.
const PLAYED = /swiftshader|llvmpipe|softpipe|software|basic render/i;

function isQuick() {
  const gl = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!gl) return false;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return !PLAYED.test(name);
}
