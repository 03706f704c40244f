// The page that takes a change of a metric apart, in a real browser: axe-core, a phone, the keyboard,
// without scripts, hostile names, the figures of the JSON, the policy unbroken by its form.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { Gangway, browser, experiment, pathOf } from "../support/gangway.mjs";

const HOSTILE = "<script>document.title='taken'</script>";
const RTL = "\u202eevil";
const DAY = 86_400_000;
const FILES = {
  "metrics.yaml": `metrics:
  activated: {kind: conversion, event: Act, within: 2d, name: ${JSON.stringify(HOSTILE)}}
  pages: {kind: mean, event: Read, property: pages, cap: 100, within: 2d}
`,
  "segments.yaml": `segments: {role: {trait: role, values: [rep, ${JSON.stringify(RTL)}]}}\n`,
  "one.yaml": experiment({ key: "one", more: "segments: [role]\n" }),
};

let server;
let chrome;

/** Two weeks of people that began 30 days ago; in the second fewer of the reps act. */
function* people(begin) {
  for (let number = 0; number < 400; number++) {
    const late = number >= 200;
    const rep = number % 2 === 1;
    const time = begin + (late ? 7 : 0) * DAY + (number % 7) * DAY + 3_600_000;
    const say = (event, minutes, properties = {}) => ({ type: "track", userId: `u${number}`, event,
      messageId: `${event}${number}`, properties,
      timestamp: new Date(time + 60_000 * minutes).toISOString(),
      context: { traits: { role: rep ? "rep" : RTL } } });
    yield say("Start", 0);
    yield say("Experiment Viewed", 1, { experiment_id: "one", variation_id: number % 4 < 2 ? "old" : "new" });
    if (number % 10 < (late && rep ? 2 : 6)) yield say("Act", 30);
    if (number % 3 === 0) yield say("Read", 40, { pages: 1 + number % 5 });
  }
}

let question;
before(async () => {
  chrome = await browser();
  server = await Gangway.start({ files: FILES });
  const begin = Math.floor(Date.now() / DAY) * DAY - 25 * DAY;
  const day = (time) => new Date(time).toISOString().slice(0, 10);
  const batch = [...people(begin)];
  for (let at = 0; at < batch.length; at += 200) {
    const answer = await fetch(`${server.url}/v1/batch`, { method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ batch: batch.slice(at, at + 200) }) });
    assert.equal(answer.status, 200);
  }
  await server.folded();
  question = `from=${day(begin)}&to=${day(begin + 7 * DAY)}&as_of=-1s`;
});
after(async () => {
  await chrome?.close();
  await server?.close();
});

async function open(path, options = {}) {
  const context = await chrome.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on("console", (line) => {
    if (["error", "warning"].includes(line.type())) page.faults.push(line.text());
  });
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.answer = await page.goto(server.url + path);
  return page;
}

async function close(page) {
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

const paths = () => [`/explain?metric=pages&${question}`,
  `/explain?metric=activated&${question}&experiment=one`, `/explain?metric=none&${question}`];

test("axe-core finds nothing, in light and dark", async () => {
  for (const [index, path] of paths().entries()) {
    const page = await open(path, { colorScheme: index % 2 ? "dark" : "light" });
    assert.equal(page.answer.status(), 200);
    await page.evaluate(() => document.querySelectorAll("details").forEach((one) => {
      one.open = true;
    }));
    await page.evaluate(readFileSync(pathOf("axe-core/axe.min.js"), "utf8"));
    const { violations } = await page.evaluate(() => window.axe.run(document));
    assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes[0].html}`), [], path);
    await close(page);
  }
});

test("nothing scrolls sideways on a phone", async () => {
  for (const path of paths()) {
    const page = await open(path, { viewport: { width: 390, height: 844 } });
    await page.evaluate(() => document.querySelectorAll("details").forEach((one) => {
      one.open = true;
    }));
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 390, path);
    await close(page);
  }
});

test("the form asks without scripts, by keyboard, and keeps what was asked", async () => {
  const page = await open("/explain", { javaScriptEnabled: false });
  await page.selectOption("select[name=metric]", "activated");
  const asked = Object.fromEntries(new URLSearchParams(question));
  await page.fill("input[name=from]", asked.from);
  await page.fill("input[name=to]", asked.to);
  await page.focus("button");
  await page.keyboard.press("Enter");
  await page.waitForURL(/metric=activated/);
  assert.match(await page.innerText(".answer"), /went from/);
  assert.equal(await page.inputValue("select[name=metric]"), "activated");
  assert.equal(await page.inputValue("input[name=to]"), asked.to);
  await close(page);
});

test("the figures are those of the JSON; hostile names stay names", async () => {
  for (const more of ["", "&experiment=one"]) {
    const page = await open(`/explain?metric=activated&${question}${more}`);
    const document_ = await (await fetch(
      `${server.url}/v1/explain?metric=activated&${question}${more}`)).json();
    const rows = await page.$$eval("figure.parts tbody tr", (all) => all.map((row) =>
      [row.cells[0].textContent, row.cells[2].firstChild.textContent.trim()]));
    const points = (value) => {
      const digits = Math.abs(100 * value) >= 0.1 || Math.abs(100 * value) < 1e-10 ? 2 : 3;
      return `${value < 0 && Math.abs(100 * value) >= 0.005 ? "-" : "+"}${
        Math.abs(100 * value).toFixed(digits)} points`;
    };
    const want = document_.segments.flatMap((segment) => ["within", "weight", "mix"]
      .filter((part) => segment[part])
      .map((part) => [`${segment.segment}: ${part}`, points(segment[part].value)]));
    assert.deepEqual(rows, want);
    assert.ok(rows.length >= (more ? 4 : 2));
    assert.equal(await page.title(), "Explain \u00b7 Gangway");
    assert.ok((await page.innerText(".answer")).includes("<script>"));
    assert.ok(!(await page.content()).includes(RTL));
    assert.equal(await page.locator("nav [aria-current]").innerText(), "Explain");
    const json = await page.getByRole("link", { name: "The same as JSON" }).getAttribute("href");
    assert.equal((await (await fetch(server.url + json)).json()).metric, "activated");
    await close(page);
  }
});

test("what cannot be answered is said beside the form", async () => {
  const page = await open(`/explain?metric=none&${question}`);
  assert.match(await page.innerText("[role=alert]"), /no metric 'none'/);
  assert.equal(await page.locator("form.ask").count(), 1);
  await close(page);
});
