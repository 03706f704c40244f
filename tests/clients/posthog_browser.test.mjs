// posthog-js in Chromium, unchanged, on a page of another origin: gzip as text/plain without a
// header for it, and beacons when the page goes away.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, test } from "node:test";

import { browser, Gangway, pathOf, serve, tap, until, versionOf } from "../support/gangway.mjs";

const name = `posthog-js ${versionOf("posthog-js")} in Chromium`;
// By itself it says nothing where a browser is driven by a program.
const options = { advanced_disable_flags: true, disable_session_recording: true,
  opt_out_useragent_filter: true };

let server, line, site, chromium, page;
before(async () => {
  site = await serve({
    "/": { type: "text/html",
      body: `<!doctype html><title>Docs</title><link rel=icon href=data:,>
        <script src=sdk.js></script>` },
    "/next": { type: "text/html", body: "<!doctype html><title>Next</title>" },
    "/sdk.js": { type: "text/javascript",
      body: readFileSync(pathOf("posthog-js/dist/array.full.no-external.js")) },
  });
  server = await Gangway.start({ options: ["--cors-origin", site.url] });
  line = await tap(server);
  chromium = await browser();
});
beforeEach(async () => {
  line.calls.splice(0);
  const context = await chromium.newContext({ locale: "de-DE" });
  const faults = [];
  page = Object.assign(await context.newPage(), { faults });
  page.on("console", (said) => said.type() === "error" && faults.push(said.text()));
  page.on("pageerror", (error) => faults.push(String(error)));
});
after(async () => {
  await chromium?.close();
  await line?.close();
  await server?.close();
  await site?.close();
});

async function load(more = {}, path = "/?utm_source=ad&utm_campaign=spring") {
  await page.goto(site.url + path);
  await page.evaluate(([api_host, settings]) =>
    globalThis.posthog.init("phc_key", { api_host, ...settings }),
  [line.url, { ...options, ...more }]);
}
const of = (user) => (message) => message.userId === user;

test(`${name}: a visitor becomes a user, and every call arrives`, async () => {
  await load();
  await page.evaluate(() => {
    const { posthog } = globalThis;
    posthog.capture("Visitor Came", { value: 2.5 });
    posthog.identify("u1", { role: "owner" }, { from: "ad" });
    posthog.group("company", "acme", { plan: "pro" });
    posthog.capture("Contact Created", { name: "J\u00f6\u{1F600}" });
    posthog.setPersonProperties({ role: "member" });
  });
  const kept = await server.messages(6, (message) => message.context?.page?.path === "/");
  const by = (event) => kept.find((message) => (message.event || message.type) === event);
  const visitor = by("Visitor Came").anonymousId;
  assert.ok(visitor);
  assert.equal(by("Visitor Came").userId, undefined);
  assert.deepEqual(by("Visitor Came").properties, { value: 2.5 });
  assert.deepEqual(by("Visitor Came").context, { locale: "de-DE", page: { path: "/" },
    campaign: { source: "ad", name: "spring" } });
  assert.equal(by("page").anonymousId, visitor);
  const [identify, set] = kept.filter((message) => message.type === "identify");
  assert.deepEqual([identify.userId, identify.anonymousId], ["u1", visitor]);
  assert.equal(identify.traits.role, "owner");
  assert.equal(identify.traits.from, "ad");
  assert.deepEqual([set.userId, set.traits.role], ["u1", "member"]);
  assert.deepEqual([by("group").userId, by("group").groupId, by("group").traits],
    ["u1", "acme", { plan: "pro" }]);
  assert.deepEqual([by("Contact Created").userId, by("Contact Created").context.groupId],
    ["u1", "acme"]);
  assert.deepEqual(by("Contact Created").properties, { name: "J\u00f6\u{1F600}" });
  assert.ok(!/Mozilla|referr|http:/.test(JSON.stringify(kept)), "what the page adds is not kept");

  const [first] = line.calls;
  assert.equal(new URL(first.path, line.url).pathname, "/e/");
  assert.deepEqual([...first.raw.subarray(0, 2)], [0x1f, 0x8b]);
  assert.match(first.headers["content-type"], /^text\/plain/);
  assert.deepEqual(new Set(line.calls.map((call) => call.answer)), new Set(['{"status":1}']));
  assert.deepEqual(page.faults, []);
});

test(`${name}: without compression it is the same`, async () => {
  await load({ disable_compression: true });
  await page.evaluate(() => {
    globalThis.posthog.identify("plain");
    globalThis.posthog.capture("E", { name: "J\u00f6" }, { transport: "XHR",
      send_instantly: true });
  });
  const kept = await server.messages(2, of("plain"));
  assert.deepEqual(kept.find((message) => message.event === "E").properties, { name: "J\u00f6" });
  // The page before this one may still have sent something, compressed.
  const sent = () => line.calls.filter((call) => call.method === "POST")
    .map((call) => Buffer.from(call.raw).toString()).filter((text) => text[0] === "{").join("\n");
  for (const event of ["$identify", "E"]) {
    await until(`${event} as plain text`, () => sent().includes(`"event":"${event}"`));
  }
});

test(`${name}: $feature_flag_called counts in the report`, async () => {
  const variant = await server.variantOf("u77");
  await load();
  await page.evaluate((shown) => {
    globalThis.posthog.identify("u77");
    globalThis.posthog.capture("$feature_flag_called",
      { $feature_flag: "one", $feature_flag_response: shown });
  }, variant);
  await server.messages(1, (message) => message.event === "$feature_flag_called");
  const report = await server.report();
  assert.equal(report.variants.find((one) => one.variant === variant).exposed, 1);
  assert.equal(report.health.exposure_sources.$feature_flag_called, 1);
});

test(`${name}: what waits is sent as the page goes away`, async () => {
  await load();
  await page.evaluate(() => {
    globalThis.posthog.identify("leaver");
    for (let i = 0; i < 5; i++) globalThis.posthog.capture(`E${i}`);
    globalThis.location.href = "/next";
  });
  await page.waitForURL("**/next");
  await server.messages(5, (message) => /^E\d$/.test(message.event) && of("leaver")(message));
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
  await load();
  await page.evaluate(() => globalThis.posthog.identify("ahead"));
  const [message] = await server.messages(1, of("ahead"));
  assert.ok(Date.parse(message.originalTimestamp) > Date.now() + 3000000, "the page's clock");
  assert.ok(Math.abs(Date.parse(message.timestamp) - Date.now()) < 30000, message.timestamp);
});
