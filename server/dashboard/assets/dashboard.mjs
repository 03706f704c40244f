// Live pages: asks now and then whether the page is still the same, and puts in place only what is
// not.  Elements that stay are the same elements, so focus, selection, scrolling and open details
// stay too, and nothing flashes.  A page that nobody sees asks nothing.
//
// A child is found again by its id or data-key, else by its place and kind.  What is the reader's own
// (`open`) is left alone, and so are figures that are drawn: of these the caption is taken, and they
// are drawn again (charts.mjs) where the figures of the document are others.
//
// What is folded away and not on the page (details[data-part]) is fetched when it is opened: the page
// that its link leads to has it as #part.  It stays, and is fetched anew where figures are others.

const EVERY_MS = 10000;
const LATER_MS = 60000;
const CHARTS = 'script[src^="/assets/charts.mjs"]';
const OWN = new Set(["open"]);
const OWN_OF_FIGURE = new Set(["class"]);

const root = document.documentElement;
const fresh = document.getElementById("fresh");
const live = document.getElementById("live");
let tag = root.dataset.tag;
let timer = 0;
let failures = 0;
let isAsking = false;
const filled = new Map(); // details[data-part] with its content -> itself as the page has it

const nameOf = (node) =>
  node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.key || "" : "";
const alike = (a, b) => a.nodeName === b.nodeName && nameOf(a) === nameOf(b);

function attributesTake(old, made, own = OWN) {
  for (const { name, value } of [...made.attributes]) {
    if (!own.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!own.has(name) && !made.hasAttribute(name)) old.removeAttribute(name);
  }
}

/** Makes `old` read as `made`; announcements go to `said`. */
function take(old, made, said) {
  if (old.isEqualNode(made)) return;
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== made.nodeValue) old.nodeValue = made.nodeValue;
    return;
  }
  if (old.matches("figure.chart") && made.nodeName === old.nodeName) {
    const captions = [old, made].map((one) => one.querySelector("figcaption"));
    attributesTake(old, made, OWN_OF_FIGURE);
    if (captions[0] && captions[1]) take(...captions, said);
    return;
  }
  if (filled.has(old) && made.dataset.part === old.dataset.part) {
    filled.set(old, made);
    take(old.querySelector("summary"), made.querySelector("summary"), said);
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

/** Which figures the page shows: another text for others; undefined on a page without. */
const figuresShown = () => document.querySelector("[data-figures]")?.dataset.figures;

async function drawAgain() {
  const script = document.querySelector(CHARTS);
  if (script) (await import(script.src)).drawCharts();
}

/** Puts the part that a fold stands for into it. */
async function partFill(fold) {
  const folded = filled.get(fold);
  const link = folded.querySelector(".part a");
  try {
    const answer = await fetch(link.getAttribute("href"));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = page.getElementById("part");
    if (!answer.ok || !part) throw new Error(String(answer.status));
    const made = folded.cloneNode(false);
    made.append(folded.querySelector("summary").cloneNode(true), ...part.childNodes);
    childrenTake(fold, made, []);
    await drawAgain();
  } catch {
    filled.delete(fold); // its link is still there, and opening it again asks again
  }
}

/** Parts that are open come anew; those that are shut are fetched when they are opened. */
async function partsRenew() {
  for (const [fold, folded] of filled) {
    if (!fold.isConnected) filled.delete(fold);
    else if (fold.open) await partFill(fold);
    else {
      filled.delete(fold);
      take(fold, folded, []);
    }
  }
}

async function pageTake(text) {
  const made = new DOMParser().parseFromString(text, "text/html");
  const said = [];
  const main = made.getElementById("main");
  if (!main || !made.documentElement.dataset.tag) return;
  const before = figuresShown();
  take(document.getElementById("main"), main, said);
  if (document.title !== made.title) document.title = made.title;
  tag = made.documentElement.dataset.tag;
  root.dataset.tag = tag;
  if (said.length) live.textContent = said.slice(0, 3).join("; ");
  await drawAgain();
  if (figuresShown() !== before) await partsRenew();
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

document.addEventListener("toggle", ({ target }) => {
  if (!target.matches?.("details[data-part]") || !target.open || filled.has(target)) return;
  filled.set(target, target.cloneNode(true));
  partFill(target);
}, true);

let lastTime = clock();
if (tag && fresh) {
  freshSay("Live: new figures come in by themselves.");
  timer = setTimeout(ask, EVERY_MS);
  document.addEventListener("visibilitychange", ask);
  addEventListener("online", ask);
}
