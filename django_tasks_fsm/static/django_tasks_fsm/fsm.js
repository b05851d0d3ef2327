"use strict";
/* Zoom, fit and centre the graph. The page is complete without it, and it needs no more than script-src 'self'.
   It expects .fsm-gpanel > .fsm-zoom[hidden] > button[data-zoom="-1|0|1"], and .fsm-gpanel > .fsm-gwrap > svg.fsm-graph.
   Whoever replaces a panel on the page dispatches "fsm:replaced" on the document afterwards. */
(() => {
  const LEAST = 0.1, MOST = 3, STEP = 1.25;
  let chosen = null;

  const pictureOf = (panel) => panel.querySelector(".fsm-gwrap svg.fsm-graph");
  const fullWidth = (picture) => picture.viewBox.baseVal.width;

  function scale(picture, wanted) {
    chosen = Math.min(MOST, Math.max(LEAST, wanted));
    picture.classList.remove("fsm-fit");
    picture.setAttribute("width", fullWidth(picture) * chosen);
    picture.setAttribute("height", picture.viewBox.baseVal.height * chosen);
  }

  function zoom(picture, step) {
    const room = picture.closest(".fsm-gwrap").clientWidth;
    const now = picture.getBoundingClientRect().width / fullWidth(picture);
    scale(picture, step ? now * STEP ** step : Math.min(1, room / fullWidth(picture)));
  }

  function centre(picture) {
    const frame = picture.closest(".fsm-gwrap"), card = picture.querySelector(".fsm-cur");
    if (!card) return;
    const inner = card.getBoundingClientRect(), outer = frame.getBoundingClientRect();
    frame.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
    frame.scrollTop += inner.top - outer.top - (outer.height - inner.height) / 2;
  }

  function each(act) {
    for (const panel of document.querySelectorAll(".fsm-gpanel")) {
      const picture = pictureOf(panel);
      for (const bar of panel.querySelectorAll(".fsm-zoom")) bar.hidden = !picture;
      if (picture) act(picture);
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".fsm-zoom button[data-zoom]");
    const picture = button && pictureOf(button.closest(".fsm-gpanel"));
    if (picture) zoom(picture, Number(button.dataset.zoom));
  });
  document.addEventListener("DOMContentLoaded", () => each(centre));
  document.addEventListener("fsm:replaced", () => each((picture) => { if (chosen) scale(picture, chosen); }));
})();
