// @amplitude/analytics-browser in Chromium, unchanged, on a page of another origin.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, test } from "node:test";

import { browser, Gangway, pathOf, serve, tap, versionOf } from "../support/gangway.mjs";

const name = `@amplitude/analytics-browser ${versionOf("@amplitude/analytics-browser")} in Chromium`;

let server, line, site, chromium, page;
before(async () => {
  site = await serve({
    "/": { type: "text/html",
      body: `<!doctype html><title>Docs</title><link rel=icon href=data:,>
        <script src=sdk.js></script>` },
    "/next": { type: "text/html", body: "<!doctype html><title>Next</title>" },
    "/sdk.js": { type: "text/javascript",
      body: readFileSync(pathOf("@amplitude/analytics-browser/lib/scripts/amplitude-min.js")) },
  });
  server = await Gangway.start({ options: ["--cors-origin", site.url] });
  line = await tap(server);
  chromium = await browser();
});
beforeEach(async () => {
  line.calls.splice(0);
  const context = await chromium.newContext({ locale: "de-DE" });
  page = await context.newPage();
});
after(async () => {
  await chromium?.close();
  await line?.close();
  await server?.close();
  await site?.close();
});

/** `fetchRemoteConfig` would ask a server of the vendor, which there is none of here. */
async function load(more = {}) {
  await page.goto(site.url);
  await page.evaluate(([serverUrl, settings]) => globalThis.amplitude.init("key", { serverUrl,
    fetchRemoteConfig: false, flushIntervalMillis: 100, ...settings }).promise,
  [`${line.url}/2/httpapi`, more]);
}
const of = (user) => (message) => message.userId === user;

test(`${name}: a visitor becomes a user, and every call arrives`, async () => {
  await load();
  await page.evaluate(() => {
    const { amplitude } = globalThis;
    amplitude.track("Visitor Came", { value: 2.5 });
    amplitude.setUserId("u1");
    amplitude.identify(new amplitude.Identify().set("role", "owner").setOnce("from", "ad"));
    amplitude.setGroup("company", "acme");
    amplitude.groupIdentify("company", "acme", new amplitude.Identify().set("plan", "pro"));
    return amplitude.track("Contact Created", { name: "J\u00f6\u{1F600}" }).promise;
  });
  const kept = await server.messages(5, (message) => message.anonymousId);
  const find = (which) => kept.find(which);
  const created = find((message) => message.event === "Contact Created");
  const device = created.anonymousId;
  assert.ok(device && kept.every((message) => message.anonymousId === device));
  assert.equal(created.userId, "u1");
  assert.deepEqual(created.properties, { name: "J\u00f6\u{1F600}" });
  assert.equal(created.context.locale, "de-DE");
  const came = find((message) => message.event === "Visitor Came");
  assert.deepEqual(came.properties, { value: 2.5 });
  const identify = find((message) => message.traits?.role);
  assert.deepEqual([identify.type, identify.userId, identify.traits],
    ["identify", "u1", { role: "owner", from: "ad" }]);
  const group = find((message) => message.type === "group");
  assert.deepEqual([group.groupId, group.traits], ["acme", { plan: "pro" }]);
  assert.ok(find((message) => message.type === "page" && message.context.page.path === "/"));
  assert.ok(!/Mozilla|http:/.test(JSON.stringify(kept)), "what the page adds is not kept");
});

test(`${name}: exposures count in the report`, async () => {
  const variant = await server.variantOf("u77");
  await load({ autocapture: false });
  await page.evaluate((shown) => {
    globalThis.amplitude.setUserId("u77");
    return globalThis.amplitude.track("$exposure", { flag_key: "one", variant: shown }).promise;
  }, variant);
  const report = await server.report();
  assert.equal(report.variants.find((one) => one.variant === variant).exposed, 1);
});

test(`${name}: what waits is sent by a beacon as the page goes away`, async () => {
  await load({ autocapture: false, flushIntervalMillis: 3600000 });
  await page.evaluate(() => {
    const { amplitude } = globalThis;
    amplitude.setUserId("leaver");
    window.addEventListener("pagehide", () => {
      amplitude.setTransport("beacon");
      amplitude.flush();
    });
    for (let i = 0; i < 5; i++) amplitude.track(`E${i}`);
    return new Promise((done) => setTimeout(done, 200));
  });
  await page.goto(`${site.url}/next`);
  await server.messages(5, of("leaver"));
});

test(`${name}: a bad event is dropped and the good ones stay`, async () => {
  await load({ autocapture: false });
  const codes = await page.evaluate(async () => {
    const { amplitude } = globalThis;
    amplitude.setUserId("good");
    const calls = [amplitude.track("Before"),
      amplitude.track("Large", { a: Array(40).fill("x".repeat(1000)) }),
      amplitude.track("After")];
    return (await Promise.all(calls.map((call) => call.promise))).map((one) => one.code);
  });
  assert.deepEqual(codes, [200, 400, 200]);
  assert.deepEqual(server.journal().filter(of("good")).map((message) => message.event),
    ["Before", "After"]);
});
