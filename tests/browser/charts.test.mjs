// What each kind of chart looks like, wide and on a phone, by reviewed documents of tests/golden in
// a saved report: held to pictures that somebody has looked at (tests/support/screens.mjs).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { browser } from "../support/gangway.mjs";
import { Pages, savedReports } from "../support/pages.mjs";
import { LETTERS, assertScreen } from "../support/screens.mjs";

const CHARTS = [
  ["interval", "setup-steps", 'figure[data-chart="interval"]'],
  ["forest", "first-value", 'figure[data-chart="forest"]'],
  ["forest-of-two", "value-kinds", 'figure[data-chart="forest"]'],
  ["over-time", "adjusted-early", 'figure[data-chart="over-time"]'],
  ["over-time-bare", "cookie-cats", 'figure[data-chart="over-time"]'], // no bands: read once only
  ["survival", "first-value", 'figure[data-chart="survival"]'],
  ["retention", "first-value", 'figure[data-chart="retention"]'],
  ["funnel", "first-value", 'figure[data-chart="funnel"]'],
];

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

/** What of a picture is cut off, or lies on another text of it. */
const faultsOf = (figure) => figure.evaluate((one) => {
  const found = [];
  for (const svg of one.querySelectorAll('svg[role="img"]')) {
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].filter((text) => text.textContent.trim())
      .map((text) => [text.textContent, text.getBoundingClientRect()]);
    for (const [words, box] of texts) {
      if (box.left < frame.left - 1 || box.right > frame.right + 1 ||
          box.top < frame.top - 1 || box.bottom > frame.bottom + 1) found.push(`cut off: ${words}`);
    }
    for (const [at, [words, box]] of texts.entries()) {
      for (const [other, place] of texts.slice(at + 1)) {
        if (box.left < place.right + 2 && place.left < box.right + 2 &&
            box.top < place.bottom - 2 && place.top < box.bottom - 2) found.push(`${words} on ${other}`);
      }
    }
  }
  return found;
});

/** At the corner of the window, on whole pixels, whatever stands above it on the page. */
const toCorner = (figure) => figure.evaluate((one) => {
  for (const section of document.querySelectorAll("section")) section.style.contentVisibility = "visible";
  const width = `${one.parentElement.clientWidth}px`;
  Object.assign(one.style, { position: "fixed", left: 0, top: 0, zIndex: 9, margin: 0, width,
    background: "var(--ground)" });
});

for (const width of [1280, 390]) {
  for (const [kind, name, where] of CHARTS) {
    test(`${kind} looks as it did, ${width} wide, and no word is cut off or on another`, async () => {
      const page = await pages.open(saved.with(name),
        { viewport: { width, height: 900 }, bypassCSP: true });
      await page.addStyleTag({ content: LETTERS });
      await page.evaluate(() => document.fonts.ready);
      const figure = page.locator(where).first();
      await figure.scrollIntoViewIfNeeded();
      await page.waitForFunction((one) => document.querySelector(one).classList.contains("drawn"), where);
      await toCorner(figure);
      assert.deepEqual(await faultsOf(figure), []);
      await assertScreen(`chart-${kind}-${width}`, page, figure);
      await pages.giveBack(page);
    });
  }
}
