// A report that was saved as one file, opened from a disk by a real browser: what is drawn, that
// nothing is fetched or forbidden, names that mean harm, a phone, a screen reader, paper.
//
// The shell (policy, style, scripts) is a file that the program wrote; into it go the reviewed
// articles of tests/golden with their documents, so that every kind of chart comes up.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { SOURCE, browser, pathOf } from "../support/gangway.mjs";

const PROGRAM = process.env.GANGWAY || join(SOURCE, "build/debug/gangway");
const GOLDEN = join(SOURCE, "tests/golden");
const NAMES = ["cookie-cats", "setup-steps", "first-value", "adjusted-early"];
const DATA = '<script type="application/json" id="document">';
const HOSTILE = "<img src=x onerror=\"document.title='taken'\"></script>\u202eevil";
const HEAVIEST = 1_500_000; // bytes of a saved file

let folder;
let chrome;
let shell;

function saved(name, change = (document) => document) {
  const article = readFileSync(join(GOLDEN, `${name}.html`), "utf8");
  const document = change(JSON.parse(readFileSync(join(GOLDEN, `${name}.json`), "utf8")));
  const data = JSON.stringify(document).replaceAll("<", "\\u003c");
  const path = join(folder, `${name}-${Math.random().toString(36).slice(2)}.html`);
  const from = shell.indexOf("<article");
  const to = shell.indexOf("</script>\n", shell.indexOf(DATA)) + "</script>\n".length;
  writeFileSync(path, `${shell.slice(0, from)}${article}${DATA}${data}</script>\n${shell.slice(to)}`);
  return pathToFileURL(path).href;
}

/** A page of that file, drawn; what went wrong on it is in `faults`. */
async function opened(address, options = {}) {
  const page = await chrome.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  page.faults = [];
  page.on("console", (message) => page.faults.push(message.text()));
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("request", (request) => {
    if (request.url() !== address) page.faults.push(`asked for ${request.url()}`);
  });
  await page.addInitScript(() => addEventListener("securitypolicyviolation",
    (event) => console.error(`forbidden: ${event.violatedDirective} ${event.sample}`)));
  await page.goto(address);
  await page.waitForFunction(() => document.documentElement.dataset.charts === "drawn");
  return page;
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "gangway-report-"));
  const store = join(folder, "store");
  const messages = join(folder, "messages");
  writeFileSync(messages, execFileSync("python3",
    [join(SOURCE, "seeds/cookie-cats/generate.py"), "--players", "2000"], { maxBuffer: 1 << 28 }));
  execFileSync(PROGRAM, ["import", "--experiments", join(SOURCE, "experiments"), "--store", store,
    messages], { stdio: "pipe" });
  execFileSync(PROGRAM, ["report", "cookie-cats", "--format", "html", "--store", store, "--output",
    join(folder, "shell.html")], { stdio: "pipe" });
  shell = readFileSync(join(folder, "shell.html"), "utf8");
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  rmSync(folder, { recursive: true, force: true });
});

test("the file as the program wrote it is drawn, and is not heavy", async () => {
  const page = await opened(pathToFileURL(join(folder, "shell.html")).href);
  assert.deepEqual(page.faults, []);
  assert.ok(await page.locator("figure.drawn svg").count() >= 2);
  assert.ok(shell.length < HEAVIEST, `${shell.length} bytes`);
  await page.close();
});

test("every kind of chart is drawn, nothing is fetched, no policy broken", async () => {
  const drawn = new Set();
  for (const name of NAMES) {
    const page = await opened(saved(name));
    assert.deepEqual(page.faults, [], name);
    for (const kind of await page.locator("figure.drawn").evaluateAll((figures) =>
      figures.map((figure) => figure.dataset.chart))) drawn.add(kind);
    const empty = await page.locator("figure.drawn svg").evaluateAll((pictures) =>
      pictures.filter((svg) => !svg.querySelector("path, rect, line, text")).length);
    assert.equal(empty, 0, name);
    const numbers = await page.locator("figure svg").evaluateAll((pictures) =>
      pictures.filter((svg) => /NaN|undefined/.test(svg.outerHTML)).length);
    assert.equal(numbers, 0, `${name}: a picture without numbers`);
    await page.close();
  }
  assert.deepEqual([...drawn].sort(),
    ["forest", "funnel", "interval", "over-time", "retention", "survival"]);
});

test("the pictures say how to read them, and have their table", async () => {
  const page = await opened(saved("first-value"));
  for (const figure of await page.locator("figure.drawn").all()) {
    assert.ok((await figure.locator("figcaption").textContent()).length > 30);
    assert.match(await figure.locator('svg[role="img"]').first().getAttribute("aria-label"), /table/);
    assert.ok(await figure.evaluate((one) => (one.closest(".pair") ?? one.parentElement).querySelector("table") !== null));
  }
  await page.close();
});

test("a point of a forest stands where its figure is", async () => {
  const page = await opened(saved("first-value"));
  const document = JSON.parse(readFileSync(join(GOLDEN, "first-value.json"), "utf8"));
  const values = document.metrics[0].segments[0].values;
  const [left, right] = values.map((value) => value.comparisons[0].difference.estimate);
  const places = await page.locator('figure[data-chart="forest"]').first()
    .locator('g[data-mark="dot"] path, g[data-mark="dot"] circle')
    .evaluateAll((dots) => dots.map((dot) => dot.getBoundingClientRect().x));
  assert.equal(places.length, 2 * values.length); // measured and drawn toward the whole
  assert.equal(Math.sign(places[2] - places[0]), Math.sign(right - left));
  await page.close();
});

test("names that mean harm are text in pictures too", async () => {
  const rename = (value) => {
    if (Array.isArray(value)) return value.map(rename);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) =>
      [key, ["variant", "value", "step", "event"].includes(key) && typeof one === "string"
        ? one + HOSTILE : rename(one)]));
  };
  for (const name of ["setup-steps", "first-value"]) {
    const page = await opened(saved(name, rename));
    assert.deepEqual(page.faults, []);
    assert.equal(await page.locator("img").count(), 0);
    assert.notEqual(await page.title(), "taken");
    await page.close();
  }
});

test("a phone needs no scrolling sideways, and a wide table is reached by keyboard", async () => {
  for (const name of NAMES) {
    const page = await opened(saved(name), { viewport: { width: 390, height: 844 } });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, name);
    const unreached = await page.locator(".scroll").evaluateAll((boxes) => boxes
      .filter((box) => box.scrollWidth > box.clientWidth && box.tabIndex !== 0).length);
    assert.equal(unreached, 0);
    await page.close();
  }
});

test("axe-core finds nothing, in light and dark", async () => {
  for (const colorScheme of ["light", "dark"]) {
    // In the short form of the tests each file is looked at in one of the two.
    const isShort = process.env.GANGWAY_LONG !== "1";
    for (const name of NAMES.filter((_, i) => !isShort || i % 2 === 0 === (colorScheme === "light"))) {
      const page = await opened(saved(name), { colorScheme, bypassCSP: true });
      await page.addScriptTag({ path: pathOf("axe-core/axe.min.js") });
      const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
      assert.deepEqual(found.violations.map((one) =>
        `${one.id}: ${one.nodes.slice(0, 2).map((node) => node.html).join(" ")}`), [],
      `${name} ${colorScheme}`);
      await page.close();
    }
  }
});

test("on paper every table is whole and the pictures are there", async () => {
  for (const name of NAMES) {
    const page = await opened(saved(name), { viewport: { width: 680, height: 960 } });
    await page.emulateMedia({ media: "print" });
    const wide = await page.locator(".report table").evaluateAll((tables) => tables
      .filter((table) => table.offsetParent && table.getBoundingClientRect().right > innerWidth + 1)
      .map((table) => `${table.className} ${table.caption?.textContent}`));
    assert.deepEqual(wide, [], name);
    const paper = await page.pdf({ format: "A4", printBackground: false });
    assert.equal(paper.subarray(0, 5).toString(), "%PDF-");
    await page.close();
  }
});
