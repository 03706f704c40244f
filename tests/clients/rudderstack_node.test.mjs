// @rudderstack/rudder-sdk-node, unchanged, against the program.  It packs its batches by gzip and
// labels them application/x-www-form-urlencoded.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { Gangway, packageOf, sleep, tap, versionOf, withClock } from "../support/gangway.mjs";

const Analytics = packageOf("@rudderstack/rudder-sdk-node");
const name = `@rudderstack/rudder-sdk-node ${versionOf("@rudderstack/rudder-sdk-node")}`;

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
  new Analytics("WK", { dataPlaneUrl: line.url, flushAt: 20, flushInterval: 60000,
    logLevel: "none", ...more });
// It may forget the callback of a flush after another that failed: what arrives is waited for.
const flush = (analytics) => Promise.race([
  new Promise((done) => analytics.flush(done).catch(done)), sleep(3000)]);
const of = (user) => (message) => message.userId === user;

test(`${name}: every kind of call arrives as it was sent`, async () => {
  const analytics = client();
  const timestamp = new Date("2026-03-01T10:00:00.123Z");
  analytics.identify({ userId: "u1", anonymousId: "a1", traits: { role: "owner", seats: 3 } });
  analytics.group({ userId: "u1", groupId: "acme", traits: { plan: "pro" } });
  analytics.track({ userId: "u1", event: "Contact Created", timestamp,
    properties: { value: 12.5, name: "J\u00f6\u{1F600}" } });
  analytics.page({ userId: "u1", name: "Home", properties: { path: "/" } });
  analytics.screen({ anonymousId: "a1", name: "Start" });
  analytics.alias({ userId: "u1", previousId: "a0" });
  await flush(analytics);
  await server.messages(6);
  const { headers, body } = line.calls[0];
  assert.equal(headers["content-encoding"], "gzip");
  assert.equal(headers["content-type"], "application/x-www-form-urlencoded");

  const kept = server.journal();
  assert.deepEqual(kept.map((message) => message.type).sort(),
    ["alias", "group", "identify", "page", "screen", "track"]);
  const by = Object.fromEntries(kept.map((message) => [message.type, message]));
  assert.deepEqual([by.identify.userId, by.identify.anonymousId], ["u1", "a1"]);
  const traits = { ...by.identify.traits, ...by.identify.context?.traits };
  assert.deepEqual(traits, { role: "owner", seats: 3 });
  assert.deepEqual([by.group.groupId, by.group.traits], ["acme", { plan: "pro" }]);
  assert.deepEqual(by.track.properties, { value: 12.5, name: "J\u00f6\u{1F600}" });
  assert.equal(Date.parse(by.track.timestamp), timestamp.getTime());
  assert.equal(by.page.properties.name, "Home");
  assert.equal(by.screen.anonymousId, "a1");
  assert.equal(by.alias.previousId, "a0");
  const sent = line.calls.flatMap((call) => JSON.parse(call.body).batch);
  assert.deepEqual(kept.map((message) => message.messageId).sort(),
    sent.map((one) => one.messageId).sort());
  assert.ok(body.length > 0);
});

test(`${name}: without gzip it is the same`, async () => {
  const analytics = client({ gzip: false });
  analytics.track({ userId: "plain", event: "E" });
  await flush(analytics);
  assert.equal((await server.messages(1, of("plain"))).length, 1);
  assert.equal(line.calls[0].headers["content-encoding"], undefined);
});

test(`${name}: exposures count in the report`, async () => {
  const analytics = client();
  const exposed = { old: 0, new: 0 };
  for (let i = 0; i < 20; i++) {
    const variant = await server.variantOf(`e${i}`);
    exposed[variant]++;
    analytics.track({ userId: `e${i}`, event: "Experiment Viewed",
      properties: { experiment_id: "one", variation_id: variant } });
  }
  await flush(analytics);
  await server.messages(20, (message) => message.event === "Experiment Viewed");
  const report = await server.report();
  assert.deepEqual(Object.fromEntries(report.variants.map((one) => [one.variant, one.exposed])),
    exposed);
  assert.equal(report.health.mismatch, 0);
});

test(`${name}: an answer that is lost costs nothing and doubles nothing`, async () => {
  const analytics = client();
  line.loseAnswers = 1;
  for (let i = 0; i < 10; i++) analytics.track({ userId: "lost", event: `E${i}` });
  await flush(analytics);
  await server.messages(10, of("lost"));
  const sent = line.calls.at(-1);
  const again = await (await line.again(sent)).json();
  assert.deepEqual([again.accepted, again.duplicates], [0, JSON.parse(sent.body).batch.length]);
  assert.equal(server.journal().filter(of("lost")).length, 10);
});

for (const [words, shift] of [["ahead", 3600000], ["behind", -3600000]]) {
  test(`${name}: a clock an hour ${words} is set right`, async () => {
    await withClock(shift, async () => {
      const analytics = client();
      analytics.track({ userId: `clock${shift}`, event: "E" });
      await flush(analytics);
    });
    const [message] = await server.messages(1, of(`clock${shift}`));
    assert.ok(Math.abs(Date.parse(message.timestamp) - Date.now()) < 30000, message.timestamp);
  });
}

test(`${name}: one bad event and one past 32 KB are named and the good ones stay`, async () => {
  const analytics = client();
  analytics.track({ userId: "good", event: "Before" });
  analytics.track({ userId: "undefined", event: "Bad" });
  analytics.track({ userId: "good", event: "Fits", properties: { a: "x".repeat(32000) } });
  analytics.track({ userId: "good", event: "Large", properties: { a: "x".repeat(33000) } });
  analytics.track({ userId: "good", event: "After" });
  await flush(analytics);
  await server.messages(3, of("good"));
  assert.deepEqual(server.journal().filter(of("good")).map((message) => message.event),
    ["Before", "Fits", "After"]);
  const rejected = line.calls.flatMap((call) => JSON.parse(call.answer).rejected);
  assert.deepEqual(rejected.map((one) => one.reason), ["placeholder", "too_large"]);
});

test(`${name}: 429 is tried again`, async () => {
  const limited = await Gangway.start({ options: ["--rate-limit", "1/s"] });
  const relay = await tap(limited);
  try {
    const analytics = client({ dataPlaneUrl: relay.url, flushAt: 1, retryCount: 10 });
    for (let i = 0; i < 3; i++) analytics.track({ userId: "slow", event: `E${i}` });
    await limited.messages(3, of("slow"));
    await flush(analytics);
    assert.ok(relay.calls.some((call) => call.status === 429), "the limit was met");
    assert.equal(limited.journal().length, 3);
  } finally {
    await relay.close();
    await limited.close();
  }
});
