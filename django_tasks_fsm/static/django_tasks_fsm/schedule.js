"use strict";
/* Show the next times of a schedule while somebody types it. The page is complete without it: it shows those of what is
   saved. It needs no more than script-src and connect-src 'self'. It expects .fsm-preview[data-preview] in a form; the
   address takes the fields of the schedule and answers with .fsm-times. */
(() => {
  const REST = 300;
  const FIELDS = /^(trigger_\w+|catch_up|catch_up_cap|misfire_grace|name)$/;
  let timer = 0, asked = 0;

  function entered(form) {
    const pairs = [...new FormData(form)].filter(([name, value]) => FIELDS.test(name) && typeof value === "string");
    return new URLSearchParams(pairs).toString();
  }

  async function look(place, form) {
    const mine = ++asked;
    try {
      const answer = await fetch(`${place.dataset.preview}?${entered(form)}`, { cache: "no-store", redirect: "manual" });
      if (answer.status !== 200) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".fsm-times");
      /* An answer that was overtaken by another entry is dropped. */
      if (fresh && mine === asked) place.replaceChildren(document.importNode(fresh, true));
    } catch {
      /* Offline: what was shown last stays. */
    }
  }

  function start() {
    const place = document.querySelector(".fsm-preview[data-preview]");
    const form = place && place.closest("form");
    if (!form) return;
    const later = (event) => {
      if (!FIELDS.test(event.target.name || "")) return;
      clearTimeout(timer);
      timer = setTimeout(() => look(place, form), REST);
    };
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    /* A browser may have put back what was entered before a reload. */
    look(place, form);
  }

  document.addEventListener("DOMContentLoaded", start);
})();
