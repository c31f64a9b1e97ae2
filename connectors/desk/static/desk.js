// Keeps the list fresh. A card in which somebody is typing is left as it is.
"use strict";

const INTERVAL = 3000; // milliseconds
const REDRAW = 60; // rounds after which ages are drawn again
let rounds = 0;

const list = () => document.getElementById("list");
const isBusy = (card) =>
  card.contains(document.activeElement) && document.activeElement.matches("textarea, button, select")
    || Array.from(card.querySelectorAll("textarea, select")).some((field) => field.value.trim() !== "");

function keepState(fresh) {
  for (const card of list().querySelectorAll("details.card")) {
    const next = fresh.querySelector("#" + CSS.escape(card.id));
    if (isBusy(card)) {
      next ? next.replaceWith(card) : fresh.prepend(card);
    } else if (next) {
      next.open = card.open;
    }
  }
}

async function redraw() {
  const url = new URL("/" + location.search, location.origin);
  url.searchParams.set("part", "cards");
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("list");
  const counts = JSON.parse(fresh.dataset.counts);
  for (const field of document.querySelectorAll("[data-count]")) field.textContent = counts[field.dataset.count];
  const y = scrollY;
  keepState(fresh);
  list().replaceWith(fresh);
  scrollTo(0, y);
}

async function look() {
  if (document.hidden) return;
  const answer = await fetch("/version", { credentials: "same-origin" });
  if (answer.status === 401) location.reload();
  if (!answer.ok) return;
  const { version } = await answer.json();
  rounds += 1;
  if (String(version) !== list().dataset.version || rounds % REDRAW === 0) await redraw();
}

document.querySelector(".search select")?.addEventListener("change", ({ target }) => target.form.requestSubmit());
setInterval(() => look().catch(() => {}), INTERVAL);
