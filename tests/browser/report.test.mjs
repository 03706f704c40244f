// A report that was saved as one file, opened from a disk by a real browser: what is drawn, that
// nothing is fetched or forbidden, names that mean harm, a phone, a screen reader, paper.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { browser, until } from "../support/gangway.mjs";
import { Pages, axe, savedReports, schemes } from "../support/pages.mjs";

const NAMES = ["cookie-cats", "setup-steps", "first-value", "adjusted-early",
  ...process.env.GANGWAY_LONG === "1" ? ["value-kinds", "accounts", "holdout"] : []];
const HOSTILE = "<img src=x onerror=\"document.title='taken'\"></script>\u202eevil";
const HEAVIEST = 1_500_000; // bytes of a saved file

let chrome;
let pages;
let saved;

before(async () => {
  saved = savedReports();
  chrome = await browser();
  pages = new Pages(chrome);
});
after(async () => {
  await chrome?.close();
  saved?.remove();
});

const drawn = (page) =>
  page.waitForFunction(() => document.documentElement.dataset.charts === "drawn");

async function opened(address, options) {
  const page = await pages.open(address, options);
  await drawn(page);
  return page;
}

/** Nothing went wrong on the page, and it asked for nothing but itself. */
async function close(page) {
  assert.deepEqual(page.asked.filter((url) => url !== page.url()), []);
  await pages.close(page);
}

test("the file as the program wrote it is drawn, and is not heavy", async () => {
  const page = await opened(saved.own);
  assert.ok(await page.locator("figure.drawn svg").count() >= 2);
  assert.ok(saved.shell.length < HEAVIEST, `${saved.shell.length} bytes`);
  await close(page);
});

const kinds = new Set();

async function allIsDrawn(page) {
  for (const kind of await page.locator("figure.drawn").evaluateAll((figures) =>
    figures.map((figure) => figure.dataset.chart))) kinds.add(kind);
  const empty = await page.locator("figure.drawn svg").evaluateAll((pictures) =>
    pictures.filter((svg) => !svg.querySelector("path, rect, line, text")).length);
  assert.equal(empty, 0);
  const numbers = await page.locator("figure svg").evaluateAll((pictures) =>
    pictures.filter((svg) => /NaN|undefined/.test(svg.outerHTML)).length);
  assert.equal(numbers, 0, "a picture without numbers");
}

async function nothingIsSideways(page) {
  await page.setViewportSize({ width: 390, height: 844 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  const reached = () => page.locator(".scroll").evaluateAll((boxes) =>
    boxes.every((box) => box.scrollWidth <= box.clientWidth || box.tabIndex === 0));
  await until("wide tables to be reached by keyboard", reached);
}

async function allIsOnPaper(page) {
  await page.setViewportSize({ width: 680, height: 960 });
  await page.emulateMedia({ media: "print" });
  const wide = await page.locator(".report table").evaluateAll((tables) => tables
    .filter((table) => table.offsetParent && table.getBoundingClientRect().right > innerWidth + 1)
    .map((table) => `${table.className} ${table.caption?.textContent}`));
  assert.deepEqual(wide, []);
  const paper = await page.pdf({ format: "A4", printBackground: false });
  assert.equal(paper.subarray(0, 5).toString(), "%PDF-");
}

for (const [n, name] of NAMES.entries()) {
  for (const colorScheme of schemes(n)) {
    test(`${name}, ${colorScheme}`, async (context) => {
      const page = await opened(saved.with(name), { colorScheme });
      await context.test("every chart is drawn", () => allIsDrawn(page));
      await context.test("axe-core finds nothing", async () => assert.deepEqual(await axe(page), []));
      await context.test("a phone needs no scrolling sideways, and a wide table is reached by keyboard",
        () => nothingIsSideways(page));
      await context.test("on paper every table is whole", () => allIsOnPaper(page));
      await context.test("nothing is fetched, no policy broken", () => close(page));
    });
  }
}

test("every kind of chart was among them", () => {
  assert.deepEqual([...kinds].sort(),
    ["forest", "funnel", "interval", "over-time", "retention", "survival"]);
});

test("the pictures say how to read them, and have their table", async () => {
  const page = await opened(saved.with("first-value"));
  for (const figure of await page.locator("figure.drawn").all()) {
    assert.ok((await figure.locator("figcaption").textContent()).length > 30);
    assert.match(await figure.locator('svg[role="img"]').first().getAttribute("aria-label"), /table/);
    assert.ok(await figure.evaluate((one) => (one.closest(".pair") ?? one.parentElement).querySelector("table") !== null));
  }
  await close(page);
});

test("a point of a forest stands where its figure is", async () => {
  const page = await opened(saved.with("first-value"));
  const document = saved.document("first-value");
  const values = document.metrics[0].segments[0].values;
  const [left, right] = values.map((value) => value.comparisons[0].difference.estimate);
  const places = await page.locator('figure[data-chart="forest"]').first()
    .locator('g[data-mark="dot"] path, g[data-mark="dot"] circle')
    .evaluateAll((dots) => dots.map((dot) => dot.getBoundingClientRect().x));
  assert.equal(places.length, 2 * values.length); // measured and drawn toward the whole
  assert.equal(Math.sign(places[2] - places[0]), Math.sign(right - left));
  await close(page);
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
    const page = await opened(saved.with(name, rename));
    assert.equal(await page.locator("img").count(), 0);
    assert.notEqual(await page.title(), "taken");
    assert.ok(await page.locator("figure.drawn").count() > 0);
    const texts = await page.locator("figure.drawn svg text, figure.drawn bdi").allTextContents();
    assert.ok(texts.some((one) => one.includes("<img")));
    assert.ok(!texts.some((one) => one.includes("\u202e")), "an override in a picture");
    await close(page);
  }
});
