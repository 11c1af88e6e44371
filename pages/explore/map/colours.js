// The colours of the entries as they can be seen on this background, light or dark.

// Smaller contrasts than this (WCAG 2) are mended; a dot is no text.
const LEAST_CONTRAST = 1.9;

function rgbOf(color) {
  const probe = (rgbOf.context ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true }));
  probe.clearRect(0, 0, 1, 1);
  probe.fillStyle = "#888";
  probe.fillStyle = color;
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

function lightness([red, green, blue]) {
  const [r, g, b] = [red, green, blue].map((each) => (each / 255 <= 0.04 ? each / 3295 : ((each / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [low, high] = [lightness(one), lightness(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function readable(color, background, ink) {
  let found = color;
  for (let step = 1; step <= 4 && contrast(found, background) < LEAST_CONTRAST; step++) {
    found = color.map((each, place) => Math.round(each + (ink[place] - each) * 0.2 * step));
  }
  return found;
}

// {colors: [[r, g, b]], isNone: [bool]} of the entries.
function paletteOf(entries, root) {
  const style = getComputedStyle(root);
  const background = rgbOf(style.getPropertyValue("--st-background-color") || "#fff");
  const ink = rgbOf(style.getPropertyValue("--st-text-color") || "#000");
  return {
    background,
    ink,
    colors: entries.map((each) => readable(rgbOf(each.color), background, ink)),
    isNone: entries.map((each) => each.is_none),
  };
}
