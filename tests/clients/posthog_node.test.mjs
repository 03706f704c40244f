// posthog-node, unchanged, against the program: POST /batch/, packed by gzip.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { Gangway, packageOf, tap, versionOf, withClock } from "../support/gangway.mjs";

const { PostHog } = packageOf("posthog-node");
const name = `posthog-node ${versionOf("posthog-node")}`;

let server;
let line;
before(async () => {
  server = await Gangway.start();
  line = await tap(server);
});
beforeEach(() => line.calls.splice(0));
after(async () => {
  await line.close();
  await server.close();
});

const client = (more = {}) =>
  new PostHog("phc_key", { host: line.url, flushInterval: 60000, fetchRetryDelay: 100, ...more });
const of = (user) => (message) => message.userId === user;
const batches = () => line.calls.map((call) => JSON.parse(call.body).batch);

test(`${name}: every kind of call arrives as it was sent`, async () => {
  const posthog = client();
  const timestamp = new Date("2026-03-01T10:00:00.123Z");
  posthog.identify({ distinctId: "u1", properties: { role: "owner", $set_once: { from: "ad" } } });
  posthog.groupIdentify({ groupType: "company", groupKey: "acme", properties: { plan: "pro" } });
  posthog.groupIdentify({ groupType: "company", groupKey: "acme", properties: { plan: "max" },
    distinctId: "u1" });
  posthog.capture({ distinctId: "u1", event: "Contact Created", timestamp,
    groups: { company: "acme" }, properties: { value: 12.5, name: "J\u00f6\u{1F600}" } });
  posthog.capture({ distinctId: "u1", event: "$pageview",
    properties: { $pathname: "/docs", $current_url: "http://x/docs?mail=m", step: "one" } });
  posthog.alias({ distinctId: "u1", alias: "a0" });
  await posthog.shutdown();
  assert.equal(line.calls[0].path, "/batch/");
  assert.equal(line.calls[0].headers["content-encoding"], "gzip");
  assert.deepEqual(line.calls.map((call) => JSON.parse(call.answer)), line.calls.map(() => ({
    status: 1 })));

  const kept = server.journal();
  assert.deepEqual(kept.map((message) => message.type).sort(),
    ["alias", "group", "group", "identify", "page", "track"]);
  const by = Object.fromEntries(kept.map((message) => [message.type, message]));
  assert.deepEqual([by.identify.userId, by.identify.traits], ["u1", { role: "owner", from: "ad" }]);
  const groups = kept.filter((message) => message.type === "group");
  assert.deepEqual(groups.map((one) => [one.groupId, one.userId, one.traits]),
    [["acme", undefined, { plan: "pro" }], ["acme", "u1", { plan: "max" }]]);
  assert.equal(by.track.event, "Contact Created");
  assert.deepEqual(by.track.properties, { value: 12.5, name: "J\u00f6\u{1F600}" });
  assert.deepEqual(by.track.context, { groupId: "acme" });
  assert.equal(Date.parse(by.track.timestamp), timestamp.getTime());
  assert.deepEqual([by.page.properties, by.page.context], [{ step: "one" }, { page: { path:
    "/docs" } }]);
  assert.deepEqual([by.alias.userId, by.alias.previousId], ["u1", "a0"]);
  assert.deepEqual(kept.map((message) => message.messageId).sort(),
    batches().flat().map((one) => one.uuid).sort());
});

test(`${name}: without compression, and at once, it is the same`, async () => {
  const posthog = client({ disableCompression: true });
  await posthog.captureImmediate({ distinctId: "plain", event: "E" });
  await posthog.shutdown();
  assert.equal(line.calls[0].headers["content-encoding"], undefined);
  assert.equal(server.journal().filter(of("plain")).length, 1);
});

test(`${name}: $feature_flag_called is an exposure, and counts in the report`, async () => {
  const posthog = client();
  const exposed = { old: 0, new: 0 };
  for (let i = 0; i < 30; i++) {
    const variant = await server.variantOf(`e${i}`);
    exposed[variant]++;
    posthog.capture({ distinctId: `e${i}`, event: "$feature_flag_called",
      properties: { $feature_flag: "one", $feature_flag_response: variant } });
  }
  await posthog.shutdown();
  const report = await server.report();
  assert.deepEqual(Object.fromEntries(report.variants.map((one) => [one.variant, one.exposed])),
    exposed);
  assert.equal(report.health.exposure_sources.$feature_flag_called, 30);
  assert.equal(report.health.mismatch, 0);
});

test(`${name}: an answer that is lost costs nothing and doubles nothing`, async () => {
  const posthog = client();
  line.loseAnswers = 1;
  for (let i = 0; i < 10; i++) posthog.capture({ distinctId: "lost", event: `E${i}` });
  await posthog.shutdown();
  assert.equal(line.calls.length, 2);
  assert.equal(server.journal().filter(of("lost")).length, 10);
  assert.deepEqual(await (await line.again(line.calls[1])).json(), { status: 1 });
  assert.equal(server.journal().filter(of("lost")).length, 10);
});

for (const [words, shift] of [["ahead", 3600000], ["behind", -3600000]]) {
  test(`${name}: a clock an hour ${words} is set right`, async () => {
    await withClock(shift, async () => {
      const posthog = client();
      posthog.capture({ distinctId: `clock${shift}`, event: "E" });
      await posthog.shutdown();
    });
    const [message] = server.journal().filter(of(`clock${shift}`));
    assert.ok(Math.abs(Date.parse(message.timestamp) - Date.now()) < 30000, message.timestamp);
  });
}

test(`${name}: one bad event and one past 32 KB are named and the good ones stay`, async () => {
  const posthog = client();
  posthog.capture({ distinctId: "good", event: "Before" });
  posthog.capture({ distinctId: "null", event: "Bad" });
  posthog.capture({ distinctId: "good", event: "Large", properties: { a: "x".repeat(33000) } });
  posthog.capture({ distinctId: "good", event: "After" });
  await posthog.shutdown();
  assert.deepEqual(server.journal().filter(of("good")).map((message) => message.event),
    ["Before", "After"]);
  const { status, rejected } = JSON.parse(line.calls[0].answer);
  assert.equal(status, 1);
  assert.deepEqual(rejected.map((one) => [one.messageId, one.reason]),
    [[batches()[0][1].uuid, "placeholder"], [batches()[0][2].uuid, "too_large"]]);
});

test(`${name}: a batch past 500 KB is halved until it gets through`, async () => {
  const posthog = client({ flushAt: 40 });
  for (let i = 0; i < 40; i++) {
    posthog.capture({ distinctId: "much", event: `E${i}`, properties: { a: "x".repeat(30000) } });
  }
  await posthog.shutdown();
  const seen = server.journal().filter(of("much")).map((message) => message.event);
  assert.equal(new Set(seen).size, 40);
  assert.equal(seen.length, 40);
  assert.equal(line.calls[0].status, 413);
  assert.equal(line.calls.at(-1).status, 200);
});

test(`${name}: 429 is tried again`, async () => {
  const limited = await Gangway.start({ options: ["--rate-limit", "1/s"] });
  const relay = await tap(limited);
  try {
    const posthog = client({ host: relay.url, fetchRetryCount: 10, fetchRetryDelay: 1000 });
    await Promise.all([0, 1, 2].map((i) =>
      posthog.captureImmediate({ distinctId: "slow", event: `E${i}` })));
    await posthog.shutdown();
    assert.ok(relay.calls.some((call) => call.status === 429), "the limit was met");
    assert.equal(limited.journal().length, 3);
  } finally {
    await relay.close();
    await limited.close();
  }
});
