// How soon is the page of an experiment there?  One experiment with 10 metrics of every kind that
// has a curve or a series, 8 segments, 90 cohorts and made-up people; its page in Chromium, beside
// a page of one line (/healthz) of the same server, by turns, so that both see the same machine.
//
//     node tools/dev/bench_page.mjs [USERS [RUNS]]     default 9 000, 9
//
// GANGWAY names the program; build/release/gangway else.  Prints medians: the server's milliseconds
// from question to last byte, made anew and kept, and the bytes; first contentful paint and load
// event of the page and of the blank one, in a fresh context (empty cache) and in one that has seen
// the page before; and how long the first chart takes once it is looked at.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const USERS = Number(process.argv[2] ?? 9000);
const RUNS = Number(process.argv[3] ?? 9);
const COHORTS = 90;
const DAY_MS = 86400000;
const START_MS = Date.UTC(2026, 5, 1);

process.env.GANGWAY ??= new URL("../../build/release/gangway", import.meta.url).pathname;
const { Gangway, browser } = await import("../../tests/support/gangway.mjs");

const SEGMENTS = ["role", "size", "channel", "plan", "region", "device", "language", "team"];
const VALUES = 5;
const METRICS = `\
metrics:
  imported: {kind: conversion, event: Contacts Imported, within: 7d}
  dealt: {kind: conversion, event: Deal Created, within: 14d}
  mailed: {kind: conversion, event: {event: Mail Sent, times: 2}, within: 14d}
  invited: {kind: conversion, event: Invite Sent, within: 14d}
  back_week_1: {kind: retention, between: [7d, 14d]}
  back_week_4: {kind: retention, between: [28d, 35d]}
  time_to_import: {kind: time_to, event: Contacts Imported, within: 14d}
  mails: {kind: count, event: Mail Sent, within: 14d, cap: 50}
  tickets: {kind: conversion, event: Ticket Opened, within: 14d, better: lower}
  weekly: {kind: retention_curve, every: 7d, until: 42d}
`;
const EXPERIMENT = `\
experiment: bench
name: A page with everything on it
owner: bench
hypothesis: The new flow brings more people to their own contacts, and those come back.
status: running
unit: user
start: 2026-06-01
end: 2026-08-30
variants:
  old: {control: true}
  new: {}
segments: [${SEGMENTS.join(", ")}]
metrics:
  goal: imported
  why: Who has contacts of their own has replaced the spreadsheet.
  secondary: [dealt, mailed, invited, back_week_1, back_week_4, time_to_import, mails]
  guardrails: [{metric: tickets, worse_by: 2pp}]
  diagnostics: [weekly]
`;
const files = {
  "bench.yaml": EXPERIMENT,
  "metrics.yaml": METRICS,
  "segments.yaml": `segments:\n${SEGMENTS.map((name) =>
    `  ${name}: {trait: ${name}, values: [${Array.from({ length: VALUES }, (_, i) => `${name}_${i}`).join(", ")}]}\n`).join("")}`,
};

/** Numbers in [0, 1), the same for the same words. */
function* chances(words) {
  for (let block = 0; ; block++) {
    const bytes = createHash("sha256").update(`${words}:${block}`).digest();
    for (let at = 0; at < 32; at += 4) yield bytes.readUInt32LE(at) / 2 ** 32;
  }
}

/** The variant of each user, as the program assigns it. */
async function variantsOf(server) {
  const variants = [];
  while (variants.length < USERS) {
    const units = Array.from({ length: Math.min(10000, USERS - variants.length) },
      (_, i) => ({ user: `user-${variants.length + i}` }));
    const answer = await server.post("/v1/assign", { units, experiments: ["bench"] });
    for (const one of (await answer.json()).assignments) variants.push(one.variant);
  }
  return variants;
}

/** The messages of one user: an exposure with traits, then outcomes over six weeks. */
function messagesOf(user, variant) {
  const chance = chances(`user-${user}`);
  const next = () => chance.next().value;
  const from = START_MS + Math.floor((user * COHORTS) / USERS) * DAY_MS + Math.floor(next() * DAY_MS);
  const traits = Object.fromEntries(SEGMENTS.map((name) => [name, `${name}_${Math.floor(next() * VALUES)}`]));
  const message = (event, afterDays, properties) => ({
    type: "track", messageId: `${user}-${event}-${afterDays}`, userId: `user-${user}`, event,
    timestamp: new Date(from + afterDays * DAY_MS).toISOString(), properties,
    ...(afterDays === 0 ? { context: { traits } } : {}),
  });
  const made = [message("Experiment Viewed", 0, { experiment_id: "bench", variation_id: variant })];
  const add = (event, share, days) => {
    if (next() < share) made.push(message(event, days * next() + 0.001, {}));
  };
  add("Contacts Imported", variant === "new" ? 0.42 : 0.34, 10);
  add("Deal Created", 0.2, 14);
  add("Invite Sent", 0.15, 14);
  add("Ticket Opened", 0.08, 14);
  for (let i = 0; i < 3; i++) add("Mail Sent", 0.4, 14);
  for (let week = 1; week < 6; week++) if (next() < 0.5) made.push(message("Page Seen", 7 * (week + next()), {}));
  return made;
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** Milliseconds to the last byte, and the bytes. */
async function asked(url) {
  const begun = performance.now();
  const answer = await fetch(url);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status}`);
  return { ms: performance.now() - begun, bytes: Buffer.byteLength(text) };
}

/** What the browser says of one visit. */
async function visited(context, url) {
  const page = await context.newPage();
  await page.goto(url, { waitUntil: "load" });
  const seen = await page.evaluate(() => new Promise((done) => {
    const tell = () => {
      const visit = performance.getEntriesByType("navigation")[0];
      const paint = performance.getEntriesByName("first-contentful-paint")[0];
      if (!paint) setTimeout(tell, 20);
      else done({ paint: paint.startTime, load: visit.loadEventEnd, nodes: document.getElementsByTagName("*").length });
    };
    setTimeout(tell, 50);
  }));
  seen.drawn = await page.evaluate(async () => {
    const figure = document.querySelector("figure.chart");
    const begun = performance.now();
    figure?.scrollIntoView();
    while (figure && !figure.matches(".drawn") && performance.now() < begun + 4000)
      await new Promise(requestAnimationFrame);
    return performance.now() - begun;
  });
  await page.close();
  return seen;
}

const wait = () => new Promise((done) => setTimeout(done, 150));

async function measure(server, chrome) {
  const page = `${server.url}/experiments/bench`, blank = `${server.url}/healthz`;
  const visit = async (context, url, list) => {
    await wait();
    list.push(await visited(context, url));
  };
  const seen = { fresh: { page: [], blank: [] }, warm: { page: [], blank: [] } };
  const options = { viewport: { width: 1280, height: 900 } };
  const warm = await chrome.newContext(options);
  await visited(warm, page);
  await visited(warm, blank);
  for (let run = 0; run < RUNS; run++) {
    for (const name of ["blank", "page"]) {
      const fresh = await chrome.newContext(options);
      await visit(fresh, name === "page" ? page : blank, seen.fresh[name]);
      await fresh.close();
      await visit(warm, name === "page" ? page : blank, seen.warm[name]);
    }
  }
  await warm.close();
  return seen;
}

const server = await Gangway.start({ files });
let chrome;
try {
  const variants = await variantsOf(server);
  await server.stop();
  rmSync(server.store, { recursive: true, force: true });
  const path = join(server.folder, "people.ndjson");
  writeFileSync(path, variants.map((variant, user) =>
    messagesOf(user, variant).map((one) => `${JSON.stringify(one)}\n`).join("")).join(""));
  execFileSync(process.env.GANGWAY, ["import", "-q", "--experiments", server.experiments, "--store",
    server.store, path], { stdio: ["ignore", "ignore", "inherit"] });
  await server.begin();
  await server.folded();
  const report = await (await fetch(`${server.url}/v1/experiments/bench/report`)).json();
  const looks = Math.max(...report.metrics.map((one) => one.over_time?.length ?? 0));
  const segments = Math.max(...report.metrics.map((one) => one.segments?.length ?? 0));
  console.log(`${report.metrics.length} metrics, ${segments} segments, ${looks} looks, ${USERS} users`);
  const anew = [], kept = [];
  for (let i = 0; i < RUNS; i++) {
    const moment = new Date(Date.UTC(2026, 9, 20) + i * 1000).toISOString();
    const url = `${server.url}/experiments/bench?as_of=${moment}`;
    anew.push(await asked(url));
    kept.push(await asked(url));
  }
  console.log(`server: made anew ${median(anew.map((one) => one.ms)).toFixed(1)} ms, kept ${median(kept.map((one) => one.ms)).toFixed(1)} ms, ${anew[0].bytes} bytes`);
  chrome = await browser();
  const seen = await measure(server, chrome);
  for (const [name, of] of Object.entries(seen)) {
    for (const what of ["paint", "load"]) {
      const [page, blank] = [of.page, of.blank].map((list) => median(list.map((one) => one[what])));
      console.log(`${name} ${what}: page ${page.toFixed(0)} ms, blank ${blank.toFixed(0)} ms, more ${(page - blank).toFixed(0)} ms`);
    }
    console.log(`${name} first chart: ${median(of.page.map((one) => one.drawn)).toFixed(0)} ms after it is looked at, ${of.page[0].nodes} elements`);
  }
} finally {
  await chrome?.close();
  await server.close();
}
