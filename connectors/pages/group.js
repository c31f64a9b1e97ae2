// The browser group's page. What people say is put in as textContent and never read as markup.
// A frame stays in `outbox` until the server acknowledges it, and is said again after every reconnect;
// the server knows it by its client_id.

const WORDS = {
  zh: {
    i_am: "我是", your_name: "你的名字", your_role: "你的身份", resident: "居民", worker: "网格员", property: "物业", official: "工作人员",
    bot: "助手", bot_name: "邻里", title: "邻里群", log: "群里的消息", empty: "还没有人说话。打个招呼吧！", new_below: "新消息", photo: "照片",
    voice: "语音", place: "位置", hint: "说点什么…", send: "发送", cancel: "取消", reply: "回复", replying: "回复", today: "今天", yesterday: "昨天",
    edited: "已更新", sent: "已送达", sending: "发送中…", failed: "没发出去", again: "重试", online: "已连接", connecting: "正在连接…",
    lost: "连接断了，正在重试…", recording: "正在录音，再点话筒就发送", no_voice: "用不了话筒", slow: "说得太快了，稍等一下再发",
    trouble: "暂时没有送到，会自动再试", malformed: "这条发不出去", large: "文件太大，最多 10 MB", kind: "只能发照片或语音",
    full: "现在存不下文件，请稍后再试", not_sent: "没有传上去，请重试", where_title: "在哪里？", where_here: "用我现在的位置",
    where_or: "或者写下地点、经纬度", where_hint: "东门保安亭，或 30.27, 120.15", where_denied: "拿不到你的位置，请写下来",
    where_range: "纬度在 −90 到 90 之间，经度在 −180 到 180 之间", look: "打开照片", shared_place: "共享的位置",
    not_worker: "在这里不能以网格员身份发言", kinds: { photo: "[照片]", voice: "[语音]", location: "[位置]" },
    names: [["热心的", "早起的", "爱笑的", "种花的", "遛弯的", "楼上的"], ["邻居", "街坊", "住户"], ""],
  },
  en: {
    i_am: "I am", your_name: "Your name", your_role: "Your role", resident: "Resident", worker: "Grid worker", property: "Property",
    official: "Official", bot: "Assistant", bot_name: "Linli", title: "Linli group", log: "Messages",
    empty: "Nobody has said anything yet. Say hello!", new_below: "New messages", photo: "Photo", voice: "Voice", place: "Place",
    hint: "Say something…", send: "Send", cancel: "Cancel", reply: "Reply", replying: "Reply to", today: "Today", yesterday: "Yesterday",
    edited: "updated", sent: "Delivered", sending: "sending…", failed: "not sent", again: "try again", online: "Connected", connecting: "Connecting…",
    lost: "Connection lost, trying again…", recording: "Recording; tap the microphone to send", no_voice: "The microphone cannot be used",
    slow: "That was too fast, wait a moment", trouble: "Not delivered yet, trying again", malformed: "This cannot be sent",
    large: "The file is too large, at most 10 MB", kind: "Only photos and voice notes", full: "No room for files now, try again later",
    not_sent: "Not uploaded, please try again", where_title: "Where?", where_here: "Use my position",
    where_or: "Or write a place, or latitude and longitude", where_hint: "East gate, or 30.27, 120.15",
    where_denied: "Your position cannot be had, please write it", where_range: "Latitude is −90 to 90, longitude −180 to 180", look: "Open the photo",
    shared_place: "A place", not_worker: "Nobody can be a grid worker here", kinds: { photo: "[photo]", voice: "[voice]", location: "[place]" },
    names: [["Kind", "Early", "Smiling", "Gardening", "Strolling", "Upstairs"], ["neighbour", "tenant", "resident"], " "],
  },
};
const LARGEST_FILE = 10 * 1024 * 1024;
const RETRY_MS = [400, 1000, 2000, 4000, 8000];
const UNHEARD_MS = 12000;

const asked = new URLSearchParams(location.search).get("lang") ?? navigator.language;
const lang = asked.toLowerCase().startsWith("en") ? "en" : "zh";
const locale = lang === "en" ? "en-GB" : "zh-CN";
const t = WORDS[lang];
const $ = (id) => document.getElementById(id);
const path = location.pathname.replace(/\/$/, "");
const group = path.split("/").pop();
const outboxKey = `linli-outbox-${group}`;

let me = { name: "", role: "resident", token: "", person: "" };
let outbox = read(sessionStorage, outboxKey) ?? [];
let socket = null;
let greeted = false;
let cursor = "";
let failures = 0;
let heardAt = Date.now();
let replyTo = null;
let recorder = null;
let later = 0;

// --- small things ---------------------------------------------------------------------------------

function read(store, key) {
  try { return JSON.parse(store.getItem(key)); } catch { return null; }
}
function write(store, key, value) {
  try { store.setItem(key, JSON.stringify(value)); } catch { /* private windows may keep nothing */ }
}
function make(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}
function icon(name) {
  const svg = $("icon").content.firstElementChild.cloneNode(true);
  svg.firstElementChild.setAttribute("href", `#i-${name}`);
  return svg;
}
function newId() {
  // randomUUID is there on secure origins only, and a group may be tried out over plain HTTP at home.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
function toast(text) {
  if ([...$("toasts").children].some((other) => other.textContent === text)) return;
  const shown = make("p", "toast", text);
  $("toasts").append(shown);
  setTimeout(() => shown.remove(), 6000);
}
function translate() {
  document.documentElement.lang = locale;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t[node.dataset.t];
  for (const node of document.querySelectorAll("[data-hint]")) node.placeholder = t[node.dataset.hint];
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", t[node.dataset.label]);
    if (node.tagName === "BUTTON") node.title = t[node.dataset.label];
  }
  $("title").textContent = `${t.title} · ${group}`;
  document.title = `${t.title} · ${group}`;
}
function line(kind) {
  $("line").className = kind === "online" ? "on" : kind === "lost" ? "lost" : "";
  $("line").textContent = t[kind];
}

// --- who is here ----------------------------------------------------------------------------------
// Every tab is its own person; one who comes back is who they were, unless another tab is that person now.

function hold(person, here) {
  if (!navigator.locks) return Promise.resolve(here);
  // This tab waits a moment for the page that it was before a reload; a new tab takes nothing from others.
  const options = here ? { signal: AbortSignal.timeout(500) } : { ifAvailable: true };
  return new Promise((resolve) => {
    const whileOpen = (lock) => { resolve(Boolean(lock)); return lock ? new Promise(() => {}) : null; };
    navigator.locks.request(`linli-${person}`, options, whileOpen).catch(() => resolve(false));
  });
}
function randomName() {
  const [firsts, seconds, between] = t.names;
  const one = (list) => list[Math.floor(Math.random() * list.length)];
  return one(firsts) + between + one(seconds);
}
async function whoAmI() {
  const here = read(sessionStorage, "linli-me");
  const before = here ?? read(localStorage, "linli-me");
  me.name = randomName();
  if (before?.person && (await hold(before.person, Boolean(here)))) me = { ...me, ...before };
  showMe();
}
function showMe() {
  if (document.activeElement !== $("name")) $("name").value = me.name; // not while somebody writes there
  $("role").value = me.role;
  $("me").classList.toggle("worker", me.role === "worker");
}
function keepMe() {
  write(sessionStorage, "linli-me", me);
  const home = read(localStorage, "linli-me");
  if (!home || home.person === me.person) write(localStorage, "linli-me", me);
}
function changeMe() {
  const name = $("name").value.trim();
  me = { ...me, name: name || me.name, role: $("role").value };
  showMe();
  hello();
}

// --- the socket -----------------------------------------------------------------------------------

function connect() {
  if (socket && socket.readyState < WebSocket.CLOSING) return;
  greeted = false;
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}/ws`);
  socket.onopen = hello;
  socket.onmessage = (frame) => { heardAt = Date.now(); heard(JSON.parse(frame.data)); };
  socket.onclose = lost;
}
async function lost() {
  greeted = false;
  line("lost");
  const wait = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)];
  failures += 1;
  // The page gives the cookie that the socket needs: it may have run out.
  if (failures > 2) await fetch(path).catch(() => null);
  setTimeout(connect, wait * (0.8 + Math.random() * 0.4));
}
function hello() {
  if (socket?.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ type: "hello", name: me.name, role: me.role, token: me.token, since: cursor }));
}
function heard(frame) {
  if (frame.cursor) cursor = frame.cursor;
  ({ welcome, event: ({ event }) => show(event), ack, notice, toast: told })[frame.type]?.(frame);
}
function welcome({ person, token, name, role }) {
  if (person !== me.person) hold(person, true);
  if (me.role === "worker" && role !== "worker") toast(t.not_worker);
  me = { person, token, name, role };
  keepMe();
  showMe();
  line("online");
  greeted = true;
  failures = 0;
  $("empty").hidden = $("log").childElementCount > 0;
  sayAllAgain();
}
function ack({ client_id }) {
  drop(client_id);
  for (const node of $("log").querySelectorAll(`[data-client="${CSS.escape(client_id)}"]`)) acked(node);
  free(client_id);
}
function notice({ code, client_id }) {
  toast(t[code] ?? code);
  if (code === "malformed") { if (client_id) fail(client_id); return; }
  clearTimeout(later);
  later = setTimeout(greeted ? sayAllAgain : hello, code === "slow" ? 5000 : 3000);
}
function told({ press, text }) {
  free(press);
  if (text) toast(text); // going back in a menu needs no words
}
function drop(client_id) {
  outbox = outbox.filter((frame) => frame.client_id !== client_id);
  write(sessionStorage, outboxKey, outbox);
}
function fail(client_id) {
  drop(client_id);
  free(client_id);
  const node = $("log").querySelector(`[data-client="${CSS.escape(client_id)}"]`);
  if (!node) return;
  node.classList.replace("pending", "failed");
  node.querySelector(".tick").textContent = t.failed;
}
function post(frame) {
  outbox.push(frame);
  write(sessionStorage, outboxKey, outbox);
  if (greeted && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  else connect();
}
function sayAllAgain() {
  if (greeted && socket.readyState === WebSocket.OPEN) for (const frame of outbox) socket.send(JSON.stringify(frame));
}
function watch() {
  // A connection may be dead without a word: nothing comes back for what we said.
  if (outbox.length && greeted && Date.now() - heardAt > UNHEARD_MS) { heardAt = Date.now(); socket.close(); }
}

// --- showing --------------------------------------------------------------------------------------

function atBottom() {
  const log = $("log");
  return log.scrollHeight - log.scrollTop - log.clientHeight < 80;
}
function toBottom() {
  $("log").scrollTop = $("log").scrollHeight;
  $("down").hidden = true;
}
function show(body) {
  const log = $("log");
  const pinned = atBottom();
  const mine = body.person && body.person === me.person;
  const old = log.querySelector(`[data-id="${body.id}"]`)
    ?? (mine ? log.querySelector(`[data-client="${CSS.escape(body.client_id)}"]`) : null);
  const node = render(body, mine);
  if (old?.dataset.id) { old.replaceWith(node); if (body.edited) node.classList.add("flash"); }
  else { old?.remove(); place(node); }
  regroup(node);
  regroup(node.nextElementSibling);
  $("empty").hidden = true;
  if (pinned || (mine && old)) toBottom();
  else if (!old) $("down").hidden = false;
}
function place(node) {
  // By id, whatever order things arrive in; what has no id yet stays last.
  let before = $("log").lastElementChild;
  const after = (other) => !other.dataset.id || (node.dataset.id && Number(other.dataset.id) > Number(node.dataset.id));
  while (before && node.dataset.id && after(before)) before = before.previousElementSibling;
  if (before) before.after(node); else $("log").prepend(node);
}
function regroup(node) {
  const before = node?.previousElementSibling;
  if (!node) return;
  const day = new Date(node.dataset.at).toDateString();
  const newDay = !before || new Date(before.dataset.at).toDateString() !== day;
  const close = before && new Date(node.dataset.at) - new Date(before.dataset.at) < 300000;
  const same = before && before.dataset.who === node.dataset.who && !node.classList.contains("bot");
  node.classList.toggle("next", Boolean(same && close && !newDay));
  node.querySelector(".day").hidden = !newDay;
}
function dayName(at) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return t.today;
  if (days === 1) return t.yesterday;
  return at.toLocaleDateString(locale, { month: "long", day: "numeric", weekday: "short" });
}
function hue(text) {
  let sum = 0;
  for (const sign of text) sum = (sum * 31 + sign.codePointAt(0)) % 4093;
  return sum % 8;
}
function nameOf(body) {
  return body.role === "bot" ? t.bot_name : body.name;
}
function render(body, mine) {
  const node = $("message").content.firstElementChild.cloneNode(true);
  const part = (name) => node.querySelector(name);
  node.classList.add(body.role, `hue-${hue(body.person ?? "")}`, ...(mine ? ["own"] : []), ...(body.id ? [] : ["pending"]));
  node.classList.toggle("light", body.role === "bot" && !body.buttons?.length && body.text.length < 40);
  Object.assign(node.dataset, { at: body.at, who: `${body.role}/${body.person ?? ""}/${body.name ?? ""}`, client: mine ? body.client_id : "" });
  part(".day").textContent = dayName(new Date(body.at));
  part(".avatar").append(body.role === "bot" ? icon("home") : [...(body.name || "?")][0].toUpperCase());
  part(".who bdi").textContent = nameOf(body);
  part(".badge").textContent = body.role === "resident" ? "" : t[body.role];
  part("time").textContent = new Date(body.at).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
  part("time").dateTime = body.at;
  part(".edited").textContent = body.edited ? t.edited : "";
  fill(part(".bubble"), body);
  if (body.id) replyable(node, body); else { part(".reply").remove(); part(".tick").textContent = t.sending; }
  if (body.id && mine) acked(node);
  return node;
}
function fill(node, body) {
  if (body.reply_to) node.append(quote(body));
  const photos = make("div", "photos");
  for (const file of body.attachments ?? []) if (file.kind === "photo") photos.append(photo(file));
  if (photos.childElementCount) node.append(photos);
  for (const file of body.attachments ?? []) if (file.kind === "voice") node.append(voice(file));
  if (body.point) node.append(spot(body.point));
  const text = make("div", "text", body.text);
  text.dir = "auto";
  if (body.text || !node.childElementCount) node.append(text);
  if (body.mentions?.length) node.append(calls(body.mentions));
  if (body.buttons?.length) node.append(keys(body));
}
function brief(body) {
  return body.text || t.kinds[body.kind] || "";
}
function quote(body) {
  const node = make("button", "quote");
  node.type = "button";
  const quoted = body.quoted;
  node.append(make("b", "", quoted ? nameOf(quoted) : `#${body.reply_to}`), make("span", "", quoted ? brief(quoted) : "…"));
  node.onclick = () => {
    const target = $("log").querySelector(`[data-id="${body.reply_to}"]`);
    target?.scrollIntoView({ block: "center", behavior: "smooth" });
    target?.classList.remove("flash");
    requestAnimationFrame(() => target?.classList.add("flash"));
  };
  return node;
}
function photo(file) {
  const link = make("a");
  link.href = file.url ?? `/media/${file.ref}`;
  link.target = "_blank";
  link.rel = "noopener";
  const img = make("img");
  img.alt = t.photo;
  img.onload = () => { if (link.closest("li") === $("log").lastElementChild) toBottom(); };
  // Not every browser can show every photo (HEIC): it can still be opened.
  img.onerror = () => { link.classList.add("bare"); link.textContent = t.look; };
  img.src = link.href;
  link.append(img);
  return link;
}
function voice(file) {
  const player = make("audio");
  player.controls = true;
  player.preload = "metadata";
  player.src = file.url ?? `/media/${file.ref}`;
  player.setAttribute("aria-label", t.voice);
  return player;
}
function spot({ lat, long }) {
  const link = make("a", "spot");
  link.href = `geo:${lat},${long}`;
  const words = make("span", "", t.shared_place);
  words.append(make("small", "", `${lat.toFixed(5)}, ${long.toFixed(5)}`));
  link.append(icon("place"), words);
  return link;
}
function calls(mentions) {
  const node = make("div");
  for (const { person, name } of mentions) node.append(make("span", person === me.person ? "call me-called" : "call", `@${name}`));
  return node;
}
function keys(body) {
  // Many rows are a list to choose from, in which nothing is nearer at hand than another.
  const node = make("div", body.buttons.length > 3 ? "keys many" : "keys");
  for (const row of body.buttons) {
    const line = make("div", row.length > 4 ? "scale" : "");
    for (const { label, data } of row) {
      const key = make("button", "key", label);
      key.type = "button";
      key.onclick = () => press(key, body.id, data);
      line.append(key);
    }
    node.append(line);
  }
  return node;
}
function press(key, message, data) {
  const client_id = newId();
  key.dataset.press = client_id;
  key.setAttribute("aria-busy", "true");
  post({ type: "press", client_id, message, data });
}
function free(client_id) {
  const key = document.querySelector(`[data-press="${CSS.escape(client_id)}"]`);
  key?.removeAttribute("aria-busy");
}
function acked(node) {
  const tick = node.querySelector(".tick");
  node.classList.remove("pending");
  tick.textContent = "✓";
  tick.title = t.sent;
  tick.setAttribute("aria-label", t.sent);
  tick.setAttribute("role", "img");
}

// --- replying -------------------------------------------------------------------------------------

function replyable(node, body) {
  const button = node.querySelector(".reply");
  Object.assign(node.dataset, { id: body.id, testid: `message-${body.id}` });
  button.dataset.testid = `reply-${body.id}`;
  button.title = t.reply;
  button.setAttribute("aria-label", `${t.reply} ${nameOf(body)}`);
  button.onclick = () => startReply(body);
  longPress(node.querySelector(".bubble"), () => startReply(body));
}
function longPress(node, act) {
  let timer = 0;
  node.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" && !event.target.closest("button, a, audio")) timer = setTimeout(act, 480);
  });
  for (const end of ["pointerup", "pointercancel", "pointermove", "pointerleave"]) node.addEventListener(end, () => clearTimeout(timer));
}
function startReply(body) {
  replyTo = body;
  strip(`${t.replying} ${nameOf(body)}`, brief(body));
  $("input").focus();
}
function strip(who, text = "") {
  $("strip-who").textContent = who;
  $("strip-text").textContent = text;
  $("strip").hidden = false;
}
function closeStrip() {
  $("strip").hidden = true;
  replyTo = null;
  if (recorder) { recorder.thrown = true; recorder.stop(); }
}

// --- saying ---------------------------------------------------------------------------------------

function say(what) {
  const frame = { type: "say", client_id: newId(), text: "", ...what };
  if (replyTo) frame.reply_to = replyTo.id;
  const quoted = replyTo;
  closeStrip();
  pend({ ...frame, quoted });
  post(frame);
}
function pend(frame, attachments) {
  const body = { ...frame, person: me.person, name: me.name, role: me.role, at: new Date().toISOString(), attachments };
  const node = render(body, true);
  place(node);
  regroup(node);
  $("empty").hidden = true;
  toBottom();
  return node;
}
function saySo(event) {
  event?.preventDefault();
  const text = written();
  if (text) say({ text });
}
function written() {
  const text = $("input").value.trim();
  if (text) { $("input").value = ""; grow(); }
  return text.toWellFormed?.() ?? text;
}
function grow() {
  const input = $("input");
  input.style.height = "44px";
  input.style.height = `${Math.min(140, input.scrollHeight + 2)}px`;
}
async function sayFile(blob, kind, text = "") {
  if (blob.size > LARGEST_FILE) { toast(t.large); return; }
  const frame = { type: "say", client_id: newId(), text };
  if (replyTo) frame.reply_to = replyTo.id;
  const node = pend({ ...frame, quoted: replyTo }, [{ kind, url: URL.createObjectURL(blob) }]);
  closeStrip();
  await upload(blob, frame, node);
}
async function upload(blob, frame, node) {
  let trouble = "not_sent";
  try {
    const answer = await fetch(`${path}/media`, { method: "POST", body: blob });
    const told = await answer.json();
    if (answer.ok) { post({ ...frame, attachments: [told.ref] }); return; }
    trouble = told.error;
  } catch { /* no network: the person may try again */ }
  toast(t[trouble] ?? t.not_sent);
  node.classList.replace("pending", "failed");
  const again = make("button", "again", t.again);
  again.type = "button";
  again.onclick = () => { again.remove(); node.classList.replace("failed", "pending"); upload(blob, frame, node); };
  node.querySelector(".tick").textContent = t.failed;
  node.querySelector(".meta").append(again);
}

// --- voice and place ------------------------------------------------------------------------------

async function record() {
  if (recorder) { recorder.stop(); return; }
  try {
    const sound = await navigator.mediaDevices.getUserMedia({ audio: true });
    const parts = [];
    recorder = new MediaRecorder(sound);
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = () => recorded(sound, new Blob(parts));
    recorder.start();
    $("voice").classList.add("live");
    strip(t.recording);
  } catch { recorder = null; toast(t.no_voice); }
}
function recorded(sound, blob) {
  const thrown = recorder.thrown;
  recorder = null;
  for (const track of sound.getTracks()) track.stop();
  $("voice").classList.remove("live");
  $("strip").hidden = true;
  if (!thrown && blob.size) sayFile(blob, "voice");
}
function here() {
  const denied = () => { $("where-trouble").textContent = t.where_denied; $("where-text").focus(); };
  if (!navigator.geolocation) { denied(); return; }
  const found = ({ coords }) => { $("where").close(); say({ point: { lat: coords.latitude, long: coords.longitude } }); };
  navigator.geolocation.getCurrentPosition(found, denied, { enableHighAccuracy: true, timeout: 10000 });
}
function there(event) {
  const text = $("where-text").value.trim();
  const pair = text.match(/^(-?\d{1,3}(?:\.\d+)?)\s*[,，;；\s]\s*(-?\d{1,3}(?:\.\d+)?)$/);
  const [lat, long] = pair ? [Number(pair[1]), Number(pair[2])] : [0, 0];
  if (!text || Math.abs(lat) > 90 || Math.abs(long) > 180) {
    event.preventDefault();
    $("where-trouble").textContent = text ? t.where_range : "";
    return;
  }
  say(pair ? { point: { lat, long } } : { text });
}

// --- start ----------------------------------------------------------------------------------------

function listen() {
  $("say").addEventListener("submit", saySo);
  $("input").addEventListener("input", grow);
  $("input").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) saySo(event);
  });
  $("me").addEventListener("submit", (event) => { event.preventDefault(); $("name").blur(); });
  $("name").addEventListener("change", changeMe);
  $("role").addEventListener("change", changeMe);
  $("strip-close").addEventListener("click", closeStrip);
  $("photo").addEventListener("click", () => $("files").click());
  $("files").addEventListener("change", async () => {
    const files = [...$("files").files];
    $("files").value = "";
    // What is written already goes with the photo, as everywhere else.
    const first = files.find((file) => file.size <= LARGEST_FILE);
    const text = first ? written() : "";
    for (const file of files) await sayFile(file, "photo", file === first ? text : "");
  });
  $("voice").hidden = !(window.MediaRecorder && navigator.mediaDevices);
  $("voice").addEventListener("click", record);
  $("place").addEventListener("click", () => { $("where-text").value = $("where-trouble").textContent = ""; $("where").showModal(); });
  $("where-here").addEventListener("click", here);
  $("where-send").addEventListener("click", there);
  $("where-text").addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); $("where-send").click(); } });
  $("down").addEventListener("click", toBottom);
  $("log").addEventListener("scroll", () => { if (atBottom()) $("down").hidden = true; }, { passive: true });
  addEventListener("online", connect);
  addEventListener("resize", () => { if (atBottom()) toBottom(); });
  setInterval(watch, 4000);
}

translate();
line("connecting");
listen();
await whoAmI();
for (const frame of outbox) if (frame.type === "say" && !frame.attachments) pend(frame);
connect();
