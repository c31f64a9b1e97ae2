// The console: brings the board up to date, and shows the log as it is written. Everything that comes from
// outside is put in as text, or was escaped by the server.
"use strict";

const board = document.getElementById("board");
const feed = document.getElementById("feed");
const nothing = document.getElementById("nothing");
const stale = document.getElementById("stale");
const trouble = document.getElementById("trouble");
const KEPT = 200;
const EVERY = 5000; // milliseconds
const SAID_APART = new Set(["ts", "level", "event", "case", "group", "n", "exception", "logger"]);
let wanted = "";
let light = "";

function sift() {
  for (const row of board.querySelectorAll("tbody tr")) {
    const lit = !light || row.classList.contains(light);
    row.hidden = !lit || !row.textContent.toLowerCase().includes(wanted);
  }
}

function busy() {
  const at = document.activeElement;
  return at && board.contains(at) && at.matches("input, button, select");
}

function replaceBoard(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html").body;
  const search = fresh.querySelector("#search");
  if (search) search.value = wanted;
  const lights = fresh.querySelector("#light");
  if (lights) lights.value = light;
  board.replaceChildren(...fresh.childNodes);
  sift();
}

async function refresh() {
  try {
    const answer = await fetch(board.dataset.from, { headers: { Accept: "text/html" } });
    if (answer.status === 401) return location.reload();
    stale.hidden = answer.ok;
    if (answer.ok && !busy() && !document.hidden) replaceBoard(await answer.text());
  } catch {
    stale.hidden = false;
  }
  setTimeout(refresh, EVERY);
}

function part(tag, name, text) {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}

function rest(event) {
  return Object.entries(event)
    .filter(([key]) => !SAID_APART.has(key))
    .map(([key, value]) => `${key}=${typeof value === "object" ? JSON.stringify(value) : value}`)
    .map((words) => part("span", "rest", words));
}

function line(event) {
  const item = part("li", event.level || "info", "");
  const at = new Date(event.ts);
  item.append(part("time", "", Number.isNaN(at.valueOf()) ? "" : at.toLocaleTimeString("en-GB")));
  item.append(part("b", "", event.event || ""));
  if (event.case) {
    const link = part("a", "", event.case);
    link.href = feed.dataset.case + encodeURIComponent(event.case) + feed.dataset.lang;
    item.append(link);
  } else if (event.group) {
    item.append(part("span", "group", event.group));
  }
  item.append(...rest(event));
  if (event.exception) item.append(part("pre", "", event.exception));
  return item;
}

function show(event) {
  nothing.hidden = true;
  feed.prepend(line(event));
  while (feed.childElementCount > KEPT) feed.lastElementChild.remove();
}

board.addEventListener("input", (event) => {
  if (event.target.id !== "search") return;
  wanted = event.target.value.toLowerCase();
  sift();
});
board.addEventListener("change", (event) => {
  if (event.target.id !== "light") return;
  light = event.target.value;
  event.target.blur(); // what is focused keeps the board from being brought up to date
  sift();
});
if (feed) { // operators only
  trouble.addEventListener("change", () => feed.classList.toggle("trouble", trouble.checked));
  const source = new EventSource(feed.dataset.from);
  source.addEventListener("message", (message) => show(JSON.parse(message.data)));
}
setTimeout(refresh, EVERY);
