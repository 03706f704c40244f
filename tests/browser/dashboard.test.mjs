// The dashboard as a person meets it, in a real browser: every page, by keyboard, for a screen
// reader (axe-core), in light and dark, with names that mean harm, with keys, without scripts, and
// while figures come in. The people are those of seeds/crm-90-days, a thousand of them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Gangway, SOURCE, browser, experiment, until } from "../support/gangway.mjs";
import { Pages, axe, schemes } from "../support/pages.mjs";
import { LETTERS, SHARE, assertScreen, difference } from "../support/screens.mjs";

const SEED = join(SOURCE, "seeds/crm-90-days");
const PROGRAM = process.env.GANGWAY || join(SOURCE, "build/debug/gangway");
const HOSTILE = "<script>document.title='taken'</script><img src=x onerror=alert(1)>";
const RTL = "\u05e9\u05dc\u05d5\u05dd \u202eevil";
const ANEW = "\u05e9 anew"; // at the same place of the order
const LONG = "w".repeat(120);

const named = (key, name, owner) =>
  experiment({ key }).replace(`name: ${key}`, `name: ${JSON.stringify(name)}`)
    .replace("owner: tests", `owner: ${JSON.stringify(owner)}`);

let seeded; // with people
let hostile; // with names
let empty;
let chrome;
let pages;

/** A server whose store has the seed's people. */
async function seededServer() {
  const files = Object.fromEntries(readdirSync(join(SEED, "experiments"))
    .map((name) => [name, readFileSync(join(SEED, "experiments", name), "utf8")]));
  files["metrics.yaml"] = `core_actions:
  candidates: [Contacts Imported, {event: Deal Created, times: 2}, ${JSON.stringify(HOSTILE)}]
  landmark: 7d
  retained: retained_week_4
${files["metrics.yaml"]}`;
  const server = await Gangway.start({ files });
  await server.stop();
  const lines = execFileSync("python3", [join(SEED, "generate.py"), "--users", "1000"],
    { maxBuffer: 1 << 28 });
  const path = join(server.folder, "people.ndjson");
  writeFileSync(path, lines);
  rmSync(server.store, { recursive: true, force: true });
  execFileSync(PROGRAM, ["import", "--experiments", server.experiments, "--store", server.store, path],
    { stdio: "pipe" });
  await server.begin();
  await server.folded();
  return server;
}

before(async () => {
  chrome = await browser();
  pages = new Pages(chrome);
  seeded = await seededServer();
  hostile = await Gangway.start({ files: {
    "one.yaml": named("one", HOSTILE, RTL), "two.yaml": named("two", LONG, HOSTILE),
    "three.yaml": named("three", RTL, LONG) } });
  empty = await Gangway.start({ files: {} });
  empty.remove("metrics.yaml");
});
after(async () => {
  await chrome?.close();
  for (const server of [seeded, hostile, empty]) await server?.close();
});

const open = (url, options) => pages.open(url, options);
const close = (page, expected) => pages.close(page, expected);

/** Until every chart is drawn that there is something to draw of: as before printing. */
async function drawnAll(page) {
  if (await page.locator("meta[name=draws-with]").count() === 0) return;
  await page.evaluate(async () => {
    const shown = () => [...document.querySelectorAll("figure.waits")].find((one) => one.checkVisibility());
    for (let one = shown(); one; one = shown()) {
      one.scrollIntoView();
      while (one.matches(".waits")) await new Promise(requestAnimationFrame);
    }
    scrollTo(0, 0);
  });
}

/** By the keyboard. */
async function press(locator) {
  await locator.focus();
  await locator.page().keyboard.press("Enter");
}

/** As a page that was in the background and is looked at again. */
const look = (page) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

const PAGES = [
  ["seeded", "/", 200], ["seeded", "/?status=running&sort=units", 200],
  ["seeded", "/?status=draft", 200], ["seeded", "/definitions", 200],
  ["seeded", "/?sort=colour", 400], ["seeded", "/experiments/short-checklist", 200],
  ["seeded", "/experiments/invite-team", 200],
  ["seeded", "/experiments/short-checklist?part=segment-2-1", 200],
  ["seeded", "/experiments/short-checklist?part=over-time-1-9", 404], ["seeded", "/experiments/short-checklis", 404],
  ["hostile", "/experiments/one", 200], ["hostile", "/experiments/two", 200],
  ["hostile", "/", 200], ["hostile", "/definitions", 200], ["empty", "/", 200],
  ["empty", "/definitions", 200], ["seeded", "/core-actions", 200],
  ["empty", "/core-actions", 404],
];
const serverOf = (name) => ({ seeded, hostile, empty })[name];

for (const [index, [name, path, status]] of PAGES.entries()) {
  for (const colorScheme of schemes(index)) {
    test(`${path} (${name}, ${colorScheme}): nothing for axe-core, nor sideways on a phone`, async () => {
      const page = await open(serverOf(name).url + path, { colorScheme });
      assert.equal(page.answer.status(), status);
      assert.deepEqual(await axe(page), []);
      await page.setViewportSize({ width: 390, height: 844 });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 390);
      await close(page, status);
    });
  }
}

test("the figures of core actions are those of the JSON, and it is said what they are", async () => {
  const page = await open(`${seeded.url}/core-actions`);
  const { slices } = await (await fetch(`${seeded.url}/v1/core-actions`)).json();
  assert.match(await page.innerText(".flag"), /association/);
  assert.equal(await page.locator("nav [aria-current]").innerText(), "Core actions");
  const tables = await page.$$eval("table.figures", (all) => all.map((table) =>
    [...table.tBodies[0].rows].map((row) => [...row.cells].slice(0, 4).map((cell) => cell.textContent))));
  const percent = (share) => share === null ? "\u2013"
    : share === 0 ? "0.0%" : `${(100 * share).toPrecision(3)}%`;
  assert.deepEqual(tables.slice(0, slices.length), slices.map((slice) => slice.actions.map((one) =>
    [one.action, one.did_share, one.retained_with, one.retained_without].map((cell, i) =>
      i ? percent(cell) : cell))));
  await page.click("summary");
  assert.ok(await page.locator("details[open] table").first().isVisible());
  await close(page);
});

test("the figures of the list are those of the JSON", async () => {
  const page = await open(`${seeded.url}/`);
  const { experiments } = await (await fetch(`${seeded.url}/v1/experiments`)).json();
  const rows = await page.$$eval("tbody tr", (all) => all.map((row) => ({
    key: row.dataset.key, status: row.querySelector(".status").innerText.trim(),
    units: [...row.querySelectorAll(".units data")].map((one) => Number(one.value)),
    variants: [...row.querySelectorAll(".part bdi")].map((one) => one.textContent),
    mark: row.querySelector(".verdict .badge").className,
    why: [...row.querySelectorAll(".why, .more p")].map((one) => one.textContent).join(" "),
    health: row.querySelector(".health .state").className })));
  assert.equal(rows.length, experiments.length);
  assert.equal(rows.length, 6);
  for (const row of rows) {
    const one = experiments.find((entry) => entry.experiment === row.key);
    const total = Object.values(one.exposed).reduce((sum, count) => sum + count, 0);
    assert.ok(total > 100, "nobody was exposed: nothing is compared");
    assert.deepEqual(row.units, [total, ...row.variants.map((name) => one.exposed[name])]);
    assert.equal(row.status, one.status);
    assert.equal(row.mark, `badge verdict-${one.verdict.code}`);
    assert.equal(row.why, one.verdict.text);
    assert.equal(row.health, `state health-${one.health}`);
  }
  await close(page);
});

test("the page of an experiment names the report's own document, and has the report's figures", async () => {
  const minute = new Date(Math.floor(Date.now() / 60000) * 60000 - 3600000).toISOString();
  const page = await open(`${seeded.url}/experiments/short-checklist?as_of=${minute}`);
  const report = await (await fetch(
    `${seeded.url}/v1/experiments/short-checklist/report?format=json&as_of=${minute}`)).json();
  const named_ = await page.getAttribute("article.report", "data-report");
  const document_ = await (await fetch(seeded.url + named_)).json();
  for (const one of [report, document_]) delete one.delivery;
  assert.deepEqual(document_, report);
  assert.ok((await page.textContent("#verdict")).includes(report.verdict.text.split(". ")[0]));
  assert.match(await page.title(), /^Checklist of three/);
  await close(page);
});

test("the page of an experiment is led to from the list, and misspelt ones to the one meant", async () => {
  const page = await open(`${seeded.url}/`);
  await page.click("[data-key=role-tour] th a");
  await page.waitForURL("**/experiments/role-tour");
  await page.goto(`${seeded.url}/experiments/role-tou`);
  await page.click("text=role-tour");
  assert.equal((await page.textContent("h1")).trim(), "A first run by role");
  await close(page, 404);
});

test("figures of an experiment come in with its folds and charts kept", async () => {
  const url = `${seeded.url}/experiments/short-checklist`;
  const page = await open(url);
  await drawnAll(page);
  const drawn = await page.locator("figure.drawn").count();
  await page.locator("main summary").first().focus();
  await page.keyboard.press("Enter");
  const text = await (await fetch(url)).text();
  const changed = text.replace(/data-tag="[^"]*"/, 'data-tag="&quot;new&quot;"')
    .replace("growth-onboarding", "somebody-else");
  await page.route(url, (route) => route.fulfill({ status: 200, body: changed,
    headers: { "content-type": "text/html" } }));
  await look(page);
  await page.waitForFunction(() => document.querySelector("main").textContent.includes("somebody-else"));
  assert.ok(await page.evaluate(() => document.activeElement.parentElement.open));
  assert.equal(await page.locator("figure.drawn").count(), drawn);
  assert.equal(await page.locator("figure.drawn svg").count() > 0, drawn > 0);
  await close(page);
});

test("charts are drawn as they come near, with what is loaded only then", async () => {
  const asked = [];
  const page = await open("about:blank");
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(`${seeded.url}/experiments/short-checklist`);
  await page.waitForLoadState("networkidle");
  const isBuilt = await page.locator("meta[name=draws-with]").count() > 0;
  const first = await page.locator("figure.drawn").count();
  const all = await page.locator("figure.chart").count();
  assert.ok(first < all / 2, `${first} of ${all} are drawn`);
  assert.equal(asked.includes("/assets/plot.umd.min.js"), first > 0);
  if (isBuilt) {
    await drawnAll(page);
    assert.equal(asked.filter((path) => path === "/assets/plot.umd.min.js").length, 1);
    assert.equal(asked.filter((path) => path.endsWith("/report")).length, 1);
  }
  await close(page);
});

test("an experiment leads to what was written of it, and that leads back", async () => {
  const page = await open(`${seeded.url}/experiments/role-tour`);
  await page.click("text=What was written");
  await page.waitForURL("**/definitions#experiment-role-tour");
  const top = await page.locator("#experiment-role-tour").evaluate((one) => one.getBoundingClientRect().top);
  assert.ok(Math.abs(top) < 100, `it stands at ${top}`);
  await page.click("#experiment-role-tour .under a");
  await page.waitForURL("**/experiments/role-tour");
  await close(page);
});

test("what is folded away comes when it is opened, and stays as figures come in", async () => {
  const url = `${seeded.url}/experiments/short-checklist`;
  const page = await open(url);
  const fold = page.locator("#over-time details").first();
  assert.equal(await fold.locator("tr").count(), 0);
  await press(fold.locator("summary"));
  await fold.locator("table").waitFor();
  const rows = await fold.locator("tr").count();
  assert.ok(rows > 20, `${rows} rows`);
  assert.equal(await fold.locator(".part").count(), 0);
  const segment = page.locator("details.segment[data-part]").first();
  await press(segment.locator("summary"));
  await segment.locator("table").waitFor();
  await press(segment.locator("summary"));

  // Other words, the same figures: nothing is fetched.
  const text = await (await fetch(url)).text();
  const answer = { words: "somebody-else", figures: "0123456789abcdef" };
  const asked = [];
  await page.route(url, (route) => route.fulfill({ status: 200, headers: { "content-type": "text/html" },
    body: text.replace(/data-tag="[^"]*"/, `data-tag="${answer.words}"`).replaceAll("growth-onboarding", answer.words) }));
  await page.route("**/*part=*", (route) => {
    asked.push(route.request().url());
    route.continue();
  });
  await fold.locator("table").evaluate((table) => { table.dataset.kept = "yes"; });
  const came = (words) => page.waitForFunction((it) =>
    document.querySelector("main").textContent.includes(it), words);
  await look(page);
  await came("somebody-else");
  assert.equal(await fold.locator("table[data-kept]").count(), 1);
  assert.deepEqual(asked, []);

  // Other figures: what is open is fetched anew and changed in place, what is shut when it is opened.
  await page.unroute(url);
  await page.route(url, (route) => route.fulfill({ status: 200, headers: { "content-type": "text/html" },
    body: text.replace(/data-tag="[^"]*"/, 'data-tag="other"')
      .replace(/data-figures="[^"]*"/, `data-figures="${answer.figures}"`) }));
  await look(page);
  await until("the part", () => asked.length === 1);
  assert.match(asked[0], /part=over-time-1-1$/);
  await page.waitForFunction(() => !document.querySelector("#over-time details table[data-kept]"));
  assert.equal(await fold.locator("tr").count(), rows);
  assert.ok(await fold.evaluate((one) => one.open));
  assert.equal(await segment.locator("table").count(), 0);
  await press(segment.locator("summary"));
  await segment.locator("table").waitFor();
  await close(page);
});

test("a part that does not come leaves its link, and is asked for again", async () => {
  const page = await open(`${seeded.url}/experiments/short-checklist`);
  const fold = page.locator("#over-time details").first();
  await page.route("**/*part=*", (route) => route.fulfill({ status: 503, body: "" }));
  await press(fold.locator("summary"));
  await fold.locator(".part a").waitFor();
  await page.unroute("**/*part=*");
  await press(fold.locator("summary"));
  await press(fold.locator("summary"));
  await fold.locator("table").waitFor();
  await close(page, 503);
});

test("without scripts what is folded away is a link to a page of its own", async () => {
  const page = await open(`${seeded.url}/experiments/short-checklist`, { javaScriptEnabled: false });
  const name = await page.textContent("h1");
  await press(page.locator("#over-time details").first().locator("summary"));
  await press(page.locator("#over-time details").first().locator("a"));
  await page.waitForURL(/part=/);
  assert.match(page.url(), /part=over-time-1-1/);
  assert.ok(await page.locator("tr").count() > 20);
  await page.click(".key a");
  assert.equal(await page.textContent("h1"), name);
  await page.context().close();
});

test("files that pages name are kept by the browser, under the digest of their bytes", async () => {
  const text = await (await fetch(`${seeded.url}/experiments/short-checklist`)).text();
  const paths = [...text.matchAll(/"(\/assets\/[^"]*\?v=[^"]*)"/g)].map((one) => one[1]);
  assert.ok(paths.length >= 3, paths.join(" "));
  for (const path of paths) {
    const kept = await fetch(seeded.url + path);
    assert.match(kept.headers.get("cache-control"), /immutable/);
    for (const other of [path.replace(/\?v=.*/, ""), path.slice(0, -1), `${path}0`,
      path.replace(/v=.*/, "v=0123456789abcdef")]) {
      const asked = await fetch(seeded.url + other);
      assert.equal(asked.status, 200);
      assert.equal(asked.headers.get("cache-control"), "no-cache", other);
      assert.equal(await asked.text() === await (await fetch(seeded.url + path)).text(), true);
    }
  }
});

test("links choose and order without any script", async () => {
  const page = await open(`${seeded.url}/`, { javaScriptEnabled: false });
  const keys = () => page.$$eval("tbody tr", (rows) => rows.map((row) => row.dataset.key));
  await page.click("text=growth-teams");
  assert.deepEqual(await keys(), ["invite-team"]);
  assert.equal(await page.getAttribute("nav[aria-label='By owner'] [aria-current]", "href"),
    "/?owner=growth-teams");
  await page.click("text=All owners");
  await page.click("thead >> text=Units exposed");
  assert.equal(await page.getAttribute("th.units", "aria-sort"), "descending");
  const units = await page.$$eval("td.units > data", (all) => all.map((one) => Number(one.value)));
  assert.equal(units.length, 6);
  assert.deepEqual(units, [...units].sort((a, b) => b - a));
  await page.click("thead >> text=Experiment");
  const names = await page.$$eval("tbody th a", (all) => all.map((one) => one.textContent));
  assert.deepEqual(names, [...names].sort());
  await pages.giveBack(page);
});

test("the keyboard goes past the links, through them in order, and opens what is folded", async () => {
  const page = await open(`${seeded.url}/`);
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the page");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.goto(`${seeded.url}/`); // a reload would begin at #main
  const passed = [];
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press("Tab");
    passed.push(await focused());
  }
  assert.deepEqual(passed.slice(0, 7),
    ["Skip to the page", "Gangway", "Experiments", "Core actions", "Explain", "Definitions", "All 6"]);
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(outline, "none");
  await page.focus("tbody summary");
  await page.keyboard.press("Enter");
  assert.ok(await page.evaluate(() => document.activeElement.parentElement.open));
  await close(page);
});

test("names that mean harm are text, and turn nothing around", async () => {
  for (const path of ["/", "/definitions", "/experiments/one", "/?owner=%3Cscript%3E"]) {
    const page = await open(hostile.url + path, { viewport: { width: 390, height: 844 } });
    assert.notEqual(await page.title(), "taken");
    assert.equal(await page.evaluate(() => document.querySelectorAll("main script:not(#document), main img").length), 0);
    const text = await page.evaluate(() => document.body.innerText);
    assert.ok(!text.includes("\u202e"));
    if (!path.includes("?")) assert.ok(text.includes(HOSTILE));
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 390);
    await close(page);
  }
});

test("a page comes to what is new without a flash, with focus, scroll and folds kept", async () => {
  const page = await open(`${hostile.url}/`, { viewport: { width: 1000, height: 420 } });
  await page.focus("[data-key=two] th a");
  await page.evaluate(() => {
    scrollTo(0, 60);
    window.kept = [...document.querySelectorAll("tbody tr")];
    window.changes = [];
    new MutationObserver((all) => all.forEach((one) => window.changes.push(
      (one.target.nodeType === 1 ? one.target : one.target.parentElement).closest("[data-key]")?.dataset.key)))
      .observe(document.getElementById("main"),
        { subtree: true, childList: true, characterData: true, attributes: true });
  });
  const scroll = await page.evaluate(() => scrollY);
  hostile.write("three.yaml", named("three", ANEW, LONG));
  await until("the new name on the page", async () => {
    await look(page);
    return (await page.textContent("[data-key=three] th a")) === ANEW;
  });
  assert.deepEqual(await page.evaluate(() => [...new Set(window.changes)]), ["three"]);
  assert.ok(await page.evaluate(() =>
    window.kept.every((row) => row.isConnected) && document.activeElement.closest("tr").dataset.key === "two"));
  assert.equal(await page.evaluate(() => scrollY), scroll);
  hostile.write("three.yaml", named("three", RTL, LONG));
  await close(page);
});

test("what is open stays open, and a changed state is told to who cannot see it", async () => {
  const page = await open(`${seeded.url}/`);
  await page.click("tbody tr:first-child summary");
  const url = `${seeded.url}/`;
  const text = await (await fetch(url)).text();
  const changed = text.replace(/data-tag="[^"]*"/, 'data-tag="&quot;new&quot;"')
    .replace(/ (ok|warning)<\/span>/, " alarm</span>").replace("And besides", "And now");
  await page.route(url, (route) => route.fulfill({ status: 200, body: changed,
    headers: { "content-type": "text/html", etag: '"new"' } }));
  await look(page);
  await page.waitForFunction(() => document.getElementById("live").textContent);
  assert.match(await page.textContent("#live"), /alarm/);
  assert.equal(await page.getAttribute("#live", "role"), "status");
  assert.ok(await page.evaluate(() => document.querySelector("tbody details").open));
  await close(page);
});

test("a page that nobody sees asks nothing; one that is seen asks with its tag", async () => {
  const context = await chrome.newContext();
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(`${seeded.url}/`);
  const asked = [];
  page.on("response", (answer) => {
    if (new URL(answer.url()).pathname !== "/") return;
    asked.push([answer.status(), answer.request().headers()["if-none-match"]]);
  });
  await page.clock.runFor(11000);
  await until("the question", () => asked.length === 1);
  assert.equal(asked[0][0], 304);
  assert.equal(asked[0][1], await page.evaluate(() => document.documentElement.dataset.tag));
  await page.evaluate(() => Object.defineProperty(document, "visibilityState", { value: "hidden" }));
  await page.clock.runFor(120000);
  assert.equal(asked.length, 1);
  await context.close();
});

test("a server that is away is told, and looked for again", async () => {
  const page = await open(`${seeded.url}/`);
  await page.route("**/*", (route) => route.abort());
  for (let i = 0; i < 3; i++) {
    await look(page);
    await page.waitForTimeout(50);
  }
  await page.waitForFunction(() => document.getElementById("fresh").textContent.startsWith("No answer"));
  await page.unroute("**/*");
  await look(page);
  await page.waitForFunction(() => document.getElementById("fresh").textContent.startsWith("Live"));
  await pages.giveBack(page);
});

test("definitions say what was understood, and which names nobody has sent", async () => {
  const page = await open(`${seeded.url}/definitions`);
  const article = page.locator("#experiment-short-checklist");
  assert.equal(await article.locator("pre").textContent(),
    readFileSync(join(SEED, "experiments/short-checklist.yaml"), "utf8"));
  assert.match(await article.locator("dl").innerText(), /within 7 days of first exposure/);
  assert.equal(await page.locator(".flag").count(), 0, "all names of the seed were received");
  await close(page);
  const other = await open(`${hostile.url}/definitions`);
  assert.match(await other.locator("#metrics .flag").innerText(), /Never received: event Contact Created/);
  await close(other);
});

test("with keys: pages ask for one and take it as a password, styles and scripts ask for none", async () => {
  const server = await Gangway.start();
  try {
    const key = (role) =>
      server.run("key", "add", "--role", role, "--name", role).trim().split("\n").at(-1);
    const analyst = key("analyst");
    const client = key("client");
    await until("keys in force", async () => (await fetch(`${server.url}/`)).status === 401);
    const refused = await fetch(`${server.url}/`);
    assert.match(refused.headers.get("www-authenticate"), /^Basic /);
    assert.match(refused.headers.get("content-type"), /^text\/html/);
    assert.equal((await fetch(`${server.url}/assets/dashboard.css`)).status, 200);
    const with_ = (password) => ({ httpCredentials: { username: "ana", password } });
    const page = await open(`${server.url}/`, with_(analyst));
    assert.equal(page.answer.status(), 200);
    await look(page);
    assert.equal(await page.textContent("h1"), "Experiments");
    await close(page, 401);
    const other = await open(`${server.url}/definitions`, with_(client));
    assert.equal(other.answer.status(), 403);
    assert.equal(await other.textContent("h1"), "The key may not do this");
    await close(other, 403);
  } finally {
    await server.close();
  }
});

/* The top of a page stands for it. */
for (const [width, height] of [[1280, 640], [390, 700]]) {
  for (const [name, path, on] of [["overview", "/", "seeded"], ["definitions", "/definitions", "seeded"],
    ["experiment", "/experiments/short-checklist?as_of=2026-10-10", "seeded"], ["first-run", "/", "empty"]]) {
    test(`${name} looks as it did, ${width} wide`, async () => {
      const page = await open(serverOf(on).url + path,
        { viewport: { width, height }, bypassCSP: true });
      await page.addStyleTag({ content: LETTERS });
      await page.evaluate(() => document.fonts.ready);
      await assertScreen(`${name}-${width}`, page);
      await pages.giveBack(page);
    });
  }
}

test("a screen that differs is found", async () => {
  const page = await open(`${seeded.url}/`, { viewport: { width: 390, height: 844 } });
  const before_ = await page.screenshot();
  await page.evaluate(() => document.querySelector("tbody tr").remove());
  assert.ok(await difference(page, [before_, await page.screenshot()]) > SHARE);
  assert.equal(await difference(page, [before_, before_]), 0);
  await pages.giveBack(page);
});
