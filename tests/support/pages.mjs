// Pages of one browser that are used again: a new page costs half a second of a processor, one that
// goes to another address a tenth.
//
//     const pages = new Pages(chrome);
//     const page = await pages.open(url, { viewport: { width: 390, height: 844 } });
//     ... page.answer, page.faults ...
//     await pages.close(page);         fails by what went wrong on the page
//
// `viewport` and `colorScheme` are set on a page that is there; other options of a context make one
// of their own. Reports that are saved: savedReports() below.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { SOURCE, pathOf } from "./gangway.mjs";

const PROGRAM = process.env.GANGWAY || join(SOURCE, "build/debug/gangway");
const DESKTOP = { width: 1280, height: 900 };

export class Pages {
  #free = new Map();
  #chrome;

  constructor(chrome) {
    this.#chrome = chrome;
  }

  async #fresh(options) {
    const page = await (await this.#chrome.newContext({ viewport: DESKTOP, ...options })).newPage();
    page.on("console", (line) => {
      if (["error", "warning"].includes(line.type())) page.faults.push(line.text());
    });
    page.on("pageerror", (error) => page.faults.push(String(error)));
    page.on("dialog", (dialog) => {
      page.faults.push("a dialog");
      dialog.dismiss();
    });
    page.on("request", (request) => page.asked.push(request.url()));
    await page.addInitScript(() => {
      window.violations = [];
      document.addEventListener("securitypolicyviolation", (event) =>
        window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    });
    return page;
  }

  /** A page of that address; what went wrong on it is in `faults`, what it asked for in `asked`. */
  async open(url, { viewport = DESKTOP, colorScheme = "light", ...options } = {}) {
    const kind = JSON.stringify(options);
    const free = this.#free.get(kind) ?? [];
    this.#free.set(kind, free);
    const page = free.pop() ?? await this.#fresh(options);
    page.free = free;
    page.faults = [];
    page.asked = [];
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, media: "screen" });
    page.answer = await page.goto(url);
    return page;
  }

  /** Holds the page to what was expected of it, an answer with that status, and has it back. */
  async close(page, expected = 200) {
    assert.deepEqual(await page.evaluate(() => window.violations), []);
    const status = `status of ${expected}`;
    assert.deepEqual(page.faults.filter((one) => expected === 200 || !one.includes(status)), []);
    await this.giveBack(page);
  }

  async giveBack(page) {
    await page.unrouteAll();
    page.free.push(page);
  }
}

/** What axe-core objects to on a page, a line each. */
export async function axe(page) {
  await page.evaluate(readFileSync(pathOf("axe-core/axe.min.js"), "utf8"));
  await page.evaluate(() => { // sections far below are laid out as well
    for (const one of document.querySelectorAll("section")) one.style.contentVisibility = "visible";
  });
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map((one) =>
    `${one.id}: ${one.nodes.slice(0, 2).map((node) => node.html).join(" ")}`);
}

/** In the short form of the tests the n-th of what is looked at has one of the two schemes. */
export const schemes = (n) =>
  process.env.GANGWAY_LONG === "1" ? ["light", "dark"] : [n % 2 === 0 ? "light" : "dark"];

const GOLDEN = join(SOURCE, "tests/golden");
const DATA = '<script type="application/json" id="document">';

/**
 * Reports as the program saves them. The shell (policy, style, scripts) is a file that the program
 * wrote; into it go the reviewed articles of tests/golden with their documents, so that every kind
 * of chart comes up.
 *
 *     const saved = savedReports();
 *     saved.own                              address of the file as the program wrote it
 *     saved.with("first-value", change)      address of a golden report, its document changed
 */
export function savedReports() {
  const folder = mkdtempSync(join(tmpdir(), "gangway-report-"));
  const messages = join(folder, "messages");
  const store = join(folder, "store");
  const own = join(folder, "shell.html");
  writeFileSync(messages, execFileSync("python3",
    [join(SOURCE, "seeds/cookie-cats/generate.py"), "--players", "2000"], { maxBuffer: 1 << 28 }));
  execFileSync(PROGRAM, ["import", "--experiments", join(SOURCE, "experiments"), "--store", store,
    messages], { stdio: "pipe" });
  execFileSync(PROGRAM, ["report", "cookie-cats", "--format", "html", "--store", store, "--output",
    own], { stdio: "pipe" });
  const shell = readFileSync(own, "utf8");
  const from = shell.indexOf("<article");
  const to = shell.indexOf("</script>\n", shell.indexOf(DATA)) + "</script>\n".length;
  let count = 0;
  return {
    shell,
    own: pathToFileURL(own).href,
    document: (name) => JSON.parse(readFileSync(join(GOLDEN, `${name}.json`), "utf8")),
    with(name, change = (document) => document) {
      const article = readFileSync(join(GOLDEN, `${name}.html`), "utf8");
      const data = JSON.stringify(change(this.document(name))).replaceAll("<", "\\u003c");
      const path = join(folder, `${name}-${count++}.html`);
      writeFileSync(path, `${shell.slice(0, from)}${article}${DATA}${data}</script>\n${shell.slice(to)}`);
      return pathToFileURL(path).href;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
