// @segment/analytics-node, unchanged, against the program.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { Gangway, packageOf, tap, versionOf, withClock } from "../support/gangway.mjs";

const { Analytics } = packageOf("@segment/analytics-node");
const name = `@segment/analytics-node ${versionOf("@segment/analytics-node")}`;

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

const client = (more = {}) => new Analytics({ writeKey: "WK", host: line.url, ...more });
const of = (user) => (message) => message.userId === user;

test(`${name}: every kind of call arrives as it was sent`, async () => {
  const analytics = client();
  const timestamp = new Date("2026-03-01T10:00:00.123Z");
  const context = { locale: "de-DE", page: { path: "/a", url: "http://x/a?mail=m" }, ip: "1.2.3.4" };
  analytics.identify({ userId: "u1", anonymousId: "a1", traits: { role: "owner", seats: 3 } });
  analytics.group({ userId: "u1", groupId: "acme", traits: { plan: "pro" } });
  analytics.track({ userId: "u1", event: "Contact Created", timestamp, context,
    properties: { value: 12.5, name: "J\u00f6\u{1F600}", list: [1, null, true], deep: { a: "b" } } });
  analytics.page({ userId: "u1", category: "Docs", name: "Home", properties: { path: "/" } });
  analytics.screen({ anonymousId: "a1", name: "Start" });
  analytics.alias({ userId: "u1", previousId: "a0" });
  await analytics.closeAndFlush();

  const kept = server.journal();
  assert.deepEqual(kept.map((message) => message.type),
    ["identify", "group", "track", "page", "screen", "alias"]);
  const [identify, group, track, page, screen, alias] = kept;
  assert.deepEqual([identify.userId, identify.anonymousId], ["u1", "a1"]);
  assert.deepEqual(identify.traits, { role: "owner", seats: 3 });
  assert.deepEqual([group.userId, group.groupId, group.traits], ["u1", "acme", { plan: "pro" }]);
  assert.equal(track.event, "Contact Created");
  assert.deepEqual(track.properties,
    { value: 12.5, name: "J\u00f6\u{1F600}", list: [1, null, true], deep: { a: "b" } });
  assert.equal(Date.parse(track.timestamp), timestamp.getTime());
  assert.deepEqual(track.context, { locale: "de-DE", page: { path: "/a" } });
  assert.deepEqual(page.properties, { path: "/", name: "Home", category: "Docs" });
  assert.deepEqual([screen.userId, screen.anonymousId, screen.properties.name],
    [undefined, "a1", "Start"]);
  assert.deepEqual([alias.userId, alias.previousId], ["u1", "a0"]);
  const sent = line.calls.flatMap((call) => JSON.parse(call.body).batch);
  assert.deepEqual(kept.map((message) => message.messageId), sent.map((one) => one.messageId));
  assert.equal(line.calls[0].headers["content-type"], "application/json");
});

test(`${name}: exposures count in the report`, async () => {
  const analytics = client();
  const exposed = { old: 0, new: 0 };
  for (let i = 0; i < 30; i++) {
    const variant = await server.variantOf(`e${i}`);
    exposed[variant]++;
    analytics.track({ userId: `e${i}`, event: "Experiment Viewed",
      properties: { experiment_id: "one", variation_id: variant } });
  }
  await analytics.closeAndFlush();
  const report = await server.report();
  assert.deepEqual(Object.fromEntries(report.variants.map((one) => [one.variant, one.exposed])),
    exposed);
  assert.equal(report.health.exposure_sources["Experiment Viewed"], 30);
  assert.equal(report.health.mismatch, 0);
});

test(`${name}: an answer that is lost costs nothing and doubles nothing`, async () => {
  const analytics = client({ maxRetries: 5 });
  line.loseAnswers = 1;
  for (let i = 0; i < 10; i++) analytics.track({ userId: "lost", event: `E${i}` });
  await analytics.closeAndFlush({ timeout: 30000 });
  assert.equal(line.calls.length, 2);
  assert.equal(JSON.parse(line.calls[1].answer).duplicates, 10);
  assert.equal(server.journal().filter(of("lost")).length, 10);
  const again = await (await line.again(line.calls[1])).json();
  assert.deepEqual([again.accepted, again.duplicates], [0, 10]);
  assert.equal(server.journal().filter(of("lost")).length, 10);
});

for (const [words, shift] of [["ahead", 3600000], ["behind", -3600000]]) {
  test(`${name}: a clock an hour ${words} is set right`, async () => {
    await withClock(shift, async () => {
      const analytics = client();
      analytics.track({ userId: `clock${shift}`, event: "E" });
      await analytics.closeAndFlush();
    });
    const [message] = server.journal().filter(of(`clock${shift}`));
    assert.ok(Math.abs(Date.parse(message.timestamp) - Date.now()) < 30000, message.timestamp);
    assert.ok(Math.abs(Date.parse(message.sentAt) - Date.now() - shift) < 30000, message.sentAt);
  });
}

test(`${name}: one bad event is named and the good ones stay`, async () => {
  const analytics = client();
  analytics.track({ userId: "good", event: "Before" });
  analytics.track({ userId: "null", event: "Bad", messageId: "the-bad-one" });
  analytics.track({ userId: "good", event: "After" });
  await analytics.closeAndFlush();
  assert.deepEqual(server.journal().filter(of("good")).map((message) => message.event),
    ["Before", "After"]);
  const { accepted, rejected } = JSON.parse(line.calls[0].answer);
  assert.equal(accepted, 2);
  assert.deepEqual(rejected.map((one) => [one.index, one.messageId, one.reason]),
    [[1, "the-bad-one", "placeholder"]]);
});

// The SDK has limits of its own, but counts escapes instead of bytes: a plain text passes them.
test(`${name}: an event past 32 KB is named and loses itself alone`, async () => {
  const analytics = client();
  analytics.track({ userId: "large", event: "Fits", properties: { a: "x".repeat(32000) } });
  analytics.track({ userId: "large", event: "Large", properties: { a: "x".repeat(33000) } });
  analytics.track({ userId: "large", event: "After" });
  await analytics.closeAndFlush();
  assert.deepEqual(server.journal().filter(of("large")).map((message) => message.event),
    ["Fits", "After"]);
  assert.deepEqual(JSON.parse(line.calls[0].answer).rejected.map((one) => [one.index, one.reason]),
    [[1, "too_large"]]);
});

test(`${name}: batches of its default size fit, however large their events may be`, async () => {
  const analytics = client();
  for (let i = 0; i < 60; i++) {
    analytics.track({ userId: "much", event: `E${i}`, properties: { a: "x".repeat(32200) } });
  }
  await analytics.closeAndFlush();
  assert.deepEqual(line.calls.map((call) => call.status), [200, 200, 200, 200]);
  assert.ok(line.calls[0].raw.length > 480000, "close to the limit of 512 000 bytes");
  assert.equal(server.journal().filter(of("much")).length, 60);
});

test(`${name}: a batch past 500 KB is a 413, and the SDK says that it is lost`, async () => {
  const analytics = client({ maxEventsInBatch: 1000 });
  const failed = [];
  analytics.on("error", (error) => failed.push(String(error.reason)));
  for (let i = 0; i < 20; i++) {
    analytics.track({ userId: "over", event: `E${i}`, properties: { a: "x".repeat(30000) } });
  }
  await analytics.closeAndFlush();
  assert.deepEqual(line.calls.map((call) => call.status), [413]);
  assert.equal(failed.length, 20);
  assert.match(failed[0], /413/);
  assert.equal(server.journal().filter(of("over")).length, 0);
});

test(`${name}: 429 with Retry-After is waited for`, async () => {
  const limited = await Gangway.start({ options: ["--rate-limit", "1/s"] });
  const relay = await tap(limited);
  try {
    const analytics = new Analytics({ writeKey: "WK", host: relay.url, maxEventsInBatch: 1 });
    for (let i = 0; i < 3; i++) analytics.track({ userId: "slow", event: `E${i}` });
    await analytics.closeAndFlush({ timeout: 60000 });
    const refused = relay.calls.filter((call) => call.status === 429);
    assert.ok(refused.length > 0, "the limit was met");
    assert.equal(limited.journal().length, 3);
  } finally {
    await relay.close();
    await limited.close();
  }
});

test(`${name}: nothing is lost when the server is started again`, async () => {
  const stopping = await Gangway.start();
  try {
    const analytics = new Analytics({ writeKey: "WK", host: stopping.url, maxEventsInBatch: 1,
      maxRetries: 10 });
    for (let i = 0; i < 5; i++) analytics.track({ userId: "r", event: `Before ${i}` });
    const stopped = stopping.stop();
    for (let i = 0; i < 5; i++) analytics.track({ userId: "r", event: `Meanwhile ${i}` });
    assert.equal(await stopped, 0);
    await stopping.begin();
    await analytics.closeAndFlush({ timeout: 60000 });
    assert.equal(new Set(stopping.journal().map((message) => message.event)).size, 10);
    assert.equal(stopping.journal().length, 10);
  } finally {
    await stopping.close();
  }
});
