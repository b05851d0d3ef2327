"use strict";
/* Bring the page up to date while the audit moves. Without scripts the page reloads itself. */
(() => {
  const EVERY = 1500;

  function isBusy(main) {
    return document.hidden || main.contains(document.activeElement) || !getSelection().isCollapsed;
  }

  async function fetched() {
    const response = await fetch(location.href, { credentials: "same-origin" });
    if (!response.ok || response.redirected) return null;
    return new DOMParser().parseFromString(await response.text(), "text/html").querySelector("main");
  }

  function replace(main, fresh) {
    for (const open of main.querySelectorAll("details[open][id]")) {
      fresh.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
    }
    main.replaceWith(fresh);
  }

  async function look() {
    const main = document.querySelector("main[data-moves]");
    if (!main) return;
    const fresh = isBusy(main) ? null : await fetched().catch(() => null);
    if (fresh && !isBusy(main)) replace(main, fresh);
    setTimeout(look, EVERY);
  }

  setTimeout(look, EVERY);
})();
