// Live pages: asks now and then whether the page is still the same, and puts in place only what is
// not.  Elements that stay are the same elements, so focus, selection, scrolling and open details
// stay too, and nothing flashes.  A page that nobody sees asks nothing.
//
// A child is found again by its id or data-key, else by its place and kind.  What is the reader's own
// (`open`) is left alone, and so are figures that are drawn: of these the caption is taken, and they
// are drawn again (charts.mjs) where the figures of the document are others.

const EVERY_MS = 10000;
const LATER_MS = 60000;
const CHARTS = "/assets/charts.mjs";
const OWN = new Set(["open"]);

const root = document.documentElement;
const fresh = document.getElementById("fresh");
const live = document.getElementById("live");
let tag = root.dataset.tag;
let timer = 0;
let failures = 0;
let isAsking = false;

const nameOf = (node) =>
  node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.key || "" : "";
const alike = (a, b) => a.nodeName === b.nodeName && nameOf(a) === nameOf(b);

function attributesTake(old, made) {
  for (const { name, value } of [...made.attributes]) {
    if (!OWN.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!OWN.has(name) && !made.hasAttribute(name)) old.removeAttribute(name);
  }
}

/** Makes `old` read as `made`; announcements go to `said`. */
function take(old, made, said) {
  if (old.isEqualNode(made)) return;
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== made.nodeValue) old.nodeValue = made.nodeValue;
    return;
  }
  if (old.matches("figure.drawn") && made.nodeName === old.nodeName) {
    const captions = [old, made].map((one) => one.querySelector("figcaption"));
    if (captions[0] && captions[1]) take(...captions, said);
    return;
  }
  attributesTake(old, made);
  if (old.hasAttribute("data-announce") && old.textContent !== made.textContent) {
    const row = old.closest("[data-key]")?.querySelector("th a");
    said.push(`${row ? `${row.textContent}: ` : ""}${made.textContent.trim()}`);
  }
  childrenTake(old, made, said);
}

function childrenTake(old, made, said) {
  const named = new Map([...old.childNodes].filter(nameOf).map((node) => [nameOf(node), node]));
  let at = old.firstChild;
  for (const next of [...made.childNodes]) {
    const name = nameOf(next);
    const kept = name ? named.get(name) : at;
    if (kept && alike(kept, next)) {
      if (kept === at) at = at.nextSibling;
      else old.insertBefore(kept, at);
      take(kept, next, said);
    } else {
      old.insertBefore(document.importNode(next, true), at);
    }
  }
  while (at) {
    const rest = at.nextSibling;
    at.remove();
    at = rest;
  }
}

function clock() {
  return new Date().toISOString().slice(11, 19);
}

function freshSay(words, isStale = false) {
  if (fresh.textContent !== words) fresh.textContent = words;
  fresh.classList.toggle("stale", isStale);
}

/** What charts are drawn from, as text; empty on a page without. */
function drawnFrom() {
  const data = document.getElementById("document");
  if (!data) return "";
  const { metrics, flow } = JSON.parse(data.textContent);
  return JSON.stringify([metrics, flow]);
}

async function drawAgain() {
  if (document.querySelector(`script[src="${CHARTS}"]`)) (await import(CHARTS)).drawCharts();
}

async function pageTake(text) {
  const made = new DOMParser().parseFromString(text, "text/html");
  const said = [];
  const main = made.getElementById("main");
  if (!main || !made.documentElement.dataset.tag) return;
  const before = drawnFrom();
  take(document.getElementById("main"), main, said);
  if (document.title !== made.title) document.title = made.title;
  tag = made.documentElement.dataset.tag;
  root.dataset.tag = tag;
  if (said.length) live.textContent = said.slice(0, 3).join("; ");
  if (drawnFrom() !== before) await drawAgain();
}

async function ask() {
  if (isAsking || document.visibilityState === "hidden") return;
  isAsking = true;
  clearTimeout(timer);
  try {
    const answer = await fetch(location.href, { headers: { "If-None-Match": tag }, cache: "no-store" });
    if (answer.status === 200) await pageTake(await answer.text());
    else if (answer.status !== 304) throw new Error(String(answer.status));
    failures = 0;
    freshSay("Live: new figures come in by themselves.");
  } catch {
    failures++;
    if (failures > 1) freshSay(`No answer from the server; figures are as they were at ${lastTime} UTC.`, true);
  }
  if (!failures) lastTime = clock();
  isAsking = false;
  timer = setTimeout(ask, failures ? Math.min(EVERY_MS * 2 ** failures, LATER_MS) : EVERY_MS);
}

let lastTime = clock();
if (tag && fresh) {
  freshSay("Live: new figures come in by themselves.");
  timer = setTimeout(ask, EVERY_MS);
  document.addEventListener("visibilitychange", ask);
  addEventListener("online", ask);
}
