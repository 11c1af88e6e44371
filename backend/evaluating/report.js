"use strict";
// Draws each chart from the data behind it, in the colours of a light or a dark page, and again for paper.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const PAPER_PX = 690;
  const charts = [...document.querySelectorAll(".chart")].map((place) => ({
    place,
    figure: JSON.parse(place.nextElementSibling.textContent),
  }));

  function template(isDark) {
    const line = isDark ? "#33403d" : "#dfe6e2";
    const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, tickcolor: line };
    const ink = isDark ? "#E8EEEB" : "#1B2420";
    const hover = { bgcolor: isDark ? "#1c2425" : "#FFFFFF", bordercolor: line, font: { color: ink } };
    const font = { color: ink, family: "system-ui, sans-serif", size: 12 };
    return { layout: { font, xaxis: axis, yaxis: axis, hoverlabel: hover } };
  }

  function draw(isDark, width) {
    for (const { place, figure } of charts) {
      const layout = { ...figure.layout, template: template(isDark), width, autosize: !width };
      const config = { displaylogo: false, responsive: true, modeBarButtonsToRemove: ["select2d", "lasso2d"] };
      Plotly.react(place, figure.data, layout, config);
    }
  }

  const onScreen = () => draw(dark.matches, undefined);
  dark.addEventListener("change", onScreen);
  addEventListener("beforeprint", () => {
    for (const each of document.querySelectorAll("details")) each.open = true;
    draw(false, PAPER_PX);
  });
  addEventListener("afterprint", onScreen);
  onScreen();
})();
