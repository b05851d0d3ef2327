"use strict";
/* Refresh the panels of a page. The page is complete without it, and it needs no more than script-src and connect-src
   'self'. It expects .fsm-live > .fsm-refresh and .fsm-live > .fsm-panels[data-live][data-etag]; the address answers
   with such panels again, or with 304. Without data-live nothing can change any more, and it stops. */
(() => {
  const EVERY = 5000, SELDOM = 60000;
  let wait = EVERY, timer = 0, pressed = false, asking = false, paused = false, stopped = false;

  const panels = () => document.querySelector(".fsm-live > .fsm-panels");
  const bar = () => document.querySelector(".fsm-live > .fsm-refresh");
  const scrollers = (root) => [...root.querySelectorAll(".fsm-gwrap, .fsm-tw, pre")];
  const opened = (root) => [...root.querySelectorAll("details")];

  /* Whoever reads, marks, types or clicks in the panels is not disturbed. */
  function isInUse(root) {
    const selection = document.getSelection();
    const marked = selection && !selection.isCollapsed && root.contains(selection.anchorNode);
    const focused = document.activeElement && root.contains(document.activeElement);
    return pressed || marked || focused || root.querySelector("input:not([type=hidden]), select, textarea") !== null;
  }

  function keyOf(element, number, all) {
    const section = element.closest("section[aria-labelledby]");
    const name = section ? section.getAttribute("aria-labelledby") : "";
    const same = all.slice(0, number).filter((other) => other.closest("section[aria-labelledby]") === section);
    return `${name}/${element.className}/${same.length}`;
  }

  function keep(root, find, read) {
    const all = find(root);
    return new Map(all.map((element, number) => [keyOf(element, number, all), read(element)]));
  }

  function restore(root, find, kept, write) {
    const all = find(root);
    all.forEach((element, number) => {
      const value = kept.get(keyOf(element, number, all));
      if (value !== undefined) write(element, value);
    });
  }

  /* Whoever looks at the newest lines of a log goes on seeing the newest. */
  const tails = (root) => [...root.querySelectorAll(".fsm-tail")];
  const isAtEnd = (one) => one.scrollHeight - one.scrollTop - one.clientHeight < 8;
  const toEnd = (one) => { one.scrollTop = one.scrollHeight; };

  function replace(old, text) {
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector(".fsm-panels");
    if (!fresh) return stop();
    const details = keep(old, opened, (one) => one.open);
    const places = keep(old, scrollers, (one) => [one.scrollLeft, one.scrollTop]);
    const ends = keep(old, tails, isAtEnd);
    const top = window.scrollY;
    const node = document.importNode(fresh, true);
    restore(node, opened, details, (one, open) => { one.open = open; });
    old.replaceWith(node);
    document.dispatchEvent(new Event("fsm:replaced"));
    restore(node, scrollers, places, (one, [left, down]) => { one.scrollLeft = left; one.scrollTop = down; });
    tails(node).forEach((one, number, all) => { if (ends.get(keyOf(one, number, all)) !== false) toEnd(one); });
    window.scrollTo({ top, left: window.scrollX, behavior: "instant" });
    if (!node.dataset.live) stop();
  }

  function stamp() {
    const at = bar() && bar().querySelector(".fsm-at");
    if (!at) return;
    const now = new Date();
    at.dateTime = now.toISOString();
    at.textContent = now.toLocaleTimeString(document.documentElement.lang || undefined, { hour12: false });
  }

  function stop() {
    stopped = true;
    clearTimeout(timer);
    for (const part of document.querySelectorAll(".fsm-refresh .fsm-pause, .fsm-refresh .fsm-dot")) part.remove();
  }

  async function look() {
    const old = panels();
    if (!old || !old.dataset.live) return stop();
    if (asking) return;
    if (paused || document.hidden || isInUse(old)) return later();
    asking = true;
    try {
      const headers = { "If-None-Match": old.dataset.etag };
      const answer = await fetch(old.dataset.live, { headers, cache: "no-store", redirect: "manual" });
      if (answer.status === 200) {
        const text = await answer.text();
        /* While it was on its way, somebody may have begun to read. */
        if (paused || isInUse(old)) return;
        replace(old, text);
      } else if (answer.status !== 304 && answer.status < 500) {
        return stop();  /* logged out, no longer permitted, or gone: the link to reload says which */
      }
      wait = answer.status < 500 ? EVERY : Math.min(wait * 2, SELDOM);
      if (answer.status < 500) stamp();
    } catch {
      wait = Math.min(wait * 2, SELDOM);
    } finally {
      asking = false;
      later();
    }
  }

  function later() {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(look, wait);
  }

  function start() {
    const root = panels();
    if (!root || !root.dataset.live) return;
    const button = bar() && bar().querySelector(".fsm-pause");
    if (button) {
      button.hidden = false;
      button.addEventListener("click", () => {
        paused = !paused;
        button.setAttribute("aria-pressed", String(paused));
        root.closest(".fsm-live").classList.toggle("fsm-is-paused", paused);
        if (!paused) look();
      });
    }
    document.addEventListener("pointerdown", (event) => { pressed = panels() !== null && panels().contains(event.target); });
    for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => { pressed = false; });
    document.addEventListener("visibilitychange", () => { if (!document.hidden && !stopped) look(); });
    later();
  }

  document.addEventListener("DOMContentLoaded", () => tails(document).forEach(toEnd));
  document.addEventListener("DOMContentLoaded", start);
})();
