// analytics.js (@segment/analytics-next) in Chromium, unchanged, on a page of another origin: it is
// told no more than where the settings are (`cdnURL`), and finds the rest in them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, test } from "node:test";

import { browser, Gangway, pathOf, serve, versionOf } from "../support/gangway.mjs";

const name = `@segment/analytics-next ${versionOf("@segment/analytics-next")} in Chromium`;

let server, site, chromium, page;
before(async () => {
  site = await serve({
    "/": { type: "text/html",
      body: `<!doctype html><title>Docs</title><link rel=icon href=data:,>
        <script src=ajs.js></script>` },
    "/next": { type: "text/html", body: "<!doctype html><title>Next</title>" },
    "/ajs.js": { type: "text/javascript",
      body: readFileSync(pathOf("@segment/analytics-next/dist/umd/index.js")) },
  });
  server = await Gangway.start({ options: ["--cors-origin", site.url] });
  chromium = await browser();
});
beforeEach(async () => {
  const context = await chromium.newContext({ locale: "de-DE" });
  const faults = [], sent = [];
  page = Object.assign(await context.newPage(), { faults, sent });
  page.on("console", (line) => line.type() === "error" && faults.push(line.text()));
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => request.url().startsWith(server.url) && sent.push(request));
  await page.goto(site.url);
});
after(async () => {
  await chromium?.close();
  await server?.close();
  await site?.close();
});

/** Loads analytics.js as a page does, in `window.analytics`. */
const load = (settings = {}) => page.evaluate(async ([cdnURL, integrations]) => {
  const loaded = globalThis.AnalyticsNext.AnalyticsBrowser.load(
    { writeKey: "WK", cdnURL }, { integrations });
  [globalThis.analytics] = await loaded;
}, [server.url, settings]);
const of = (key, id) => (message) => message[key] === id;

test(`${name}: with no more than cdnURL it finds the server, and every call arrives`, async () => {
  await load();
  await page.evaluate(async () => {
    const { analytics } = globalThis;
    await analytics.page("Docs", { step: 1 });
    await analytics.track("Visitor Came", { value: 2.5 });
    await analytics.identify("u1", { role: "owner" });
    await analytics.group("acme", { plan: "pro" });
    await analytics.track("Contact Created", { name: "J\u00f6\u{1F600}" });
    await analytics.screen("Start");
    await analytics.alias("u1", "a0");
  });
  const kept = await server.messages(7);
  assert.deepEqual(kept.map((message) => message.type),
    ["page", "track", "identify", "group", "track", "screen", "alias"]);
  const [view, came, identify, group, created, , alias] = kept;
  assert.equal(view.properties.name, "Docs");
  assert.equal(view.context.page.path, "/");
  assert.equal(view.context.locale, "de-DE");
  assert.equal(came.userId, undefined);
  assert.deepEqual([identify.userId, identify.anonymousId], ["u1", came.anonymousId]);
  assert.deepEqual(identify.traits, { role: "owner" });
  assert.deepEqual([group.groupId, group.traits], ["acme", { plan: "pro" }]);
  assert.deepEqual(created.properties, { name: "J\u00f6\u{1F600}" });
  assert.deepEqual([alias.userId, alias.previousId], ["u1", "a0"]);
  assert.ok(!JSON.stringify(kept).includes("userAgent"), "what the page adds is not kept");

  const posts = page.sent.filter((request) => request.method() === "POST");
  assert.ok(page.sent.some((request) => request.url().endsWith("/v1/projects/WK/settings")));
  assert.deepEqual(new Set(posts.map((request) => new URL(request.url()).pathname)),
    new Set(["/v1/p", "/v1/t", "/v1/i", "/v1/g", "/v1/s", "/v1/a"]));
  assert.match((await posts[0].allHeaders())["content-type"], /^text\/plain/);
  assert.deepEqual(page.faults, []);
});

test(`${name}: what is on its way as the page goes away arrives`, async () => {
  await load({ "Segment.io": { deliveryStrategy: { config: { keepalive: true } } } });
  const leaves = page.waitForRequest((request) => request.url().endsWith("/v1/t"));
  await page.evaluate(() => {
    globalThis.analytics.setAnonymousId("leaver");
    globalThis.analytics.track("Left");
  });
  await leaves;
  await page.goto(`${site.url}/next`);
  const [left] = await server.messages(1, of("anonymousId", "leaver"));
  assert.equal(left.event, "Left");
});

test(`${name}: a batch that waits is sent when the page is hidden`, async () => {
  await load({ "Segment.io": { deliveryStrategy: { strategy: "batching",
    config: { size: 100, timeout: 3600000 } } } });
  await page.evaluate(async () => {
    globalThis.analytics.setAnonymousId("batcher");
    for (let i = 0; i < 5; i++) globalThis.analytics.track(`E${i}`);
    await new Promise((done) => setTimeout(done, 300));
  });
  assert.equal(server.journal().filter(of("anonymousId", "batcher")).length, 0);
  await page.goto(`${site.url}/next`);
  const kept = await server.messages(5, of("anonymousId", "batcher"));
  assert.equal(kept.length, 5);
});

test(`${name}: exposures of visitors count in the report of an experiment of theirs`, async () => {
  await load();
  const variant = await server.variantOf("u77");
  await page.evaluate(async (shown) => {
    await globalThis.analytics.identify("u77");
    await globalThis.analytics.track("Experiment Viewed",
      { experiment_id: "one", variation_id: shown });
  }, variant);
  await server.messages(1, of("event", "Experiment Viewed"));
  const report = await server.report();
  const exposed = report.variants.find((one) => one.variant === variant).exposed;
  assert.equal(exposed, 1);
});

test(`${name}: a clock an hour off is set right`, async () => {
  await page.addInitScript(() => {
    const real = Date;
    globalThis.Date = class extends real {
      constructor(...parts) {
        if (parts.length) super(...parts);
        else super(real.now() + 3600000);
      }

      static now() {
        return real.now() + 3600000;
      }
    };
  });
  await page.goto(site.url);
  await load();
  await page.evaluate(() => {
    globalThis.analytics.setAnonymousId("ahead");
    return globalThis.analytics.track("E");
  });
  const [message] = await server.messages(1, of("anonymousId", "ahead"));
  assert.ok(Date.parse(message.originalTimestamp) > Date.now() + 3000000, "the page's clock");
  assert.ok(Math.abs(Date.parse(message.timestamp) - Date.now()) < 30000, message.timestamp);
});

test(`${name}: a beacon, which has no headers of its own, is taken`, async () => {
  const taken = await page.evaluate((url) => {
    const batch = [{ type: "track", anonymousId: "beacon", event: "E", messageId: "b1" }];
    return navigator.sendBeacon(`${url}/v1/batch`, JSON.stringify({ batch, writeKey: "WK" })) &&
      navigator.sendBeacon(`${url}/v1/batch`, new Blob([JSON.stringify({ writeKey: "WK",
        batch: [{ ...batch[0], messageId: "b2" }] })], { type: "application/json" }));
  }, server.url);
  assert.ok(taken);
  await server.messages(2, of("anonymousId", "beacon"));
  assert.deepEqual(page.faults, []);
});
