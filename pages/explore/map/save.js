// What can be taken away: the map as a picture with its legend, and the points as a table.

const LEGEND_PX = 260;
const ROW_PX = 20;
const MOST_ROWS = 60;

function savePicture(map) {
  if (!map.points) return;
  const { width, height } = map.camera;
  const ratio = 2;
  const picture = document.createElement("canvas");
  const rows = map.entries.map((entry, at) => [entry, at]).filter(([entry, at]) => entry.count && !map.isOff[at]);
  const tall = Math.max(height, Math.min(rows.length, MOST_ROWS) * ROW_PX + 60);
  [picture.width, picture.height] = [(width + LEGEND_PX) * ratio, tall * ratio];
  const context = picture.getContext("2d");
  context.scale(ratio, ratio);
  context.fillStyle = cssOf(map.palette.background);
  context.fillRect(0, 0, width + LEGEND_PX, tall);
  // WebGL's picture is gone with the next frame: it is drawn anew just before it is read.
  map.paint();
  context.drawImage(map.canvas, 0, 0, width, height);
  writeLegend(context, map, rows, width + 12);
  picture.toBlob((blob) => download(URL.createObjectURL(blob), `map-${map.method}.png`), "image/png");
}

function writeLegend(context, map, rows, left) {
  context.textBaseline = "middle";
  const write = (words, x, y) => context.fillText(words, x, y, LEGEND_PX - (x - left) - 12);
  context.fillStyle = cssOf(map.palette.ink);
  context.font = "600 14px system-ui, sans-serif";
  write(`${map.bar.byWords()} (${METHODS[map.method][0]})`, left, 24);
  context.font = "13px system-ui, sans-serif";
  rows.slice(0, MOST_ROWS).forEach(([entry, at], row) => {
    const y = 52 + row * ROW_PX;
    context.fillStyle = cssOf(map.palette.colors[at]);
    context.beginPath();
    context.arc(left + 6, y, 5, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = cssOf(map.palette.ink);
    write(`${entry.name} · ${number(entry.count)}`, left + 18, y);
  });
}

function savePoints(map) {
  download(`${map.path}/points.csv?method=${map.method}&by=${encodeURIComponent(map.by)}`, "map.csv");
}

function download(address, name) {
  const link = element("a", "", [], { href: address, download: name });
  link.click();
  if (address.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(address), 10000);
}
