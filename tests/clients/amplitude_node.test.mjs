// @amplitude/analytics-node, unchanged, against the program: POST /2/httpapi, and /batch.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { Gangway, packageOf, tap, versionOf, withClock } from "../support/gangway.mjs";

const { createInstance, Identify, Types } = packageOf("@amplitude/analytics-node");
const name = `@amplitude/analytics-node ${versionOf("@amplitude/analytics-node")}`;

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

const quiet = Types?.LogLevel?.None ?? 0;
async function client(more = {}) {
  const amplitude = createInstance();
  await amplitude.init("key", { serverUrl: `${line.url}/2/httpapi`, flushIntervalMillis: 50,
    logLevel: quiet, ...more }).promise;
  return amplitude;
}
const of = (user) => (message) => message.userId === user;
const events = () => line.calls.flatMap((call) => JSON.parse(call.body).events);
const setting = (values) => Object.entries(values)
  .reduce((identify, [key, value]) => identify.set(key, value), new Identify());

test(`${name}: every kind of call arrives as it was sent`, async () => {
  const amplitude = await client();
  const time = Date.parse("2026-03-01T10:00:00.123Z");
  await Promise.all([
    amplitude.identify(setting({ role: "owner", seats: 3 }).setOnce("from", "ad"),
      { user_id: "u1", device_id: "d1" }),
    amplitude.groupIdentify("company", "acme", setting({ plan: "pro" }), { user_id: "u1" }),
    amplitude.setGroup("company", "acme", { user_id: "u1" }),
    amplitude.track("Contact Created", { value: 12.5, name: "J\u00f6\u{1F600}" },
      { user_id: "u1", device_id: "d1", time, groups: { company: "acme" } }),
    amplitude.track("Visitor Came", undefined, { device_id: "d1" }),
  ].map((call) => call.promise));

  const kept = server.journal();
  const [identify] = kept.filter((message) => message.traits?.role);
  assert.deepEqual([identify.type, identify.userId, identify.anonymousId, identify.traits],
    ["identify", "u1", "d1", { role: "owner", seats: 3, from: "ad" }]);
  const [group] = kept.filter((message) => message.type === "group");
  assert.deepEqual([group.userId, group.groupId, group.traits], ["u1", "acme", { plan: "pro" }]);
  assert.ok(kept.some((message) => message.type === "identify" &&
    message.context?.groupId === "acme"), "setGroup ties the user to the account");
  const [track] = kept.filter((message) => message.event === "Contact Created");
  assert.deepEqual([track.userId, track.anonymousId], ["u1", "d1"]);
  assert.deepEqual(track.properties, { value: 12.5, name: "J\u00f6\u{1F600}" });
  assert.equal(track.context.groupId, "acme");
  assert.equal(Date.parse(track.timestamp), time);
  const [visitor] = kept.filter((message) => message.event === "Visitor Came");
  assert.deepEqual([visitor.userId, visitor.anonymousId], [undefined, "d1"]);
  assert.deepEqual(kept.map((message) => message.messageId).sort(),
    events().map((event) => event.insert_id).sort());
  const { code, events_ingested: ingested } = JSON.parse(line.calls[0].answer);
  assert.deepEqual([code, ingested], [200, JSON.parse(line.calls[0].body).events.length]);
});

test(`${name}: the batch route, which PostHog has too, is taken as well`, async () => {
  const amplitude = await client({ useBatch: true, serverUrl: `${line.url}/batch` });
  const { code } = await amplitude.track("E", {}, { user_id: "batch" }).promise;
  assert.equal(code, 200);
  assert.equal(line.calls[0].path, "/batch");
  assert.equal(server.journal().filter(of("batch")).length, 1);
});

test(`${name}: exposures count in the report, under both names`, async () => {
  const amplitude = await client();
  const exposed = { old: 0, new: 0 };
  const calls = [];
  for (let i = 0; i < 20; i++) {
    const user = { user_id: `e${i}` };
    const variant = await server.variantOf(`e${i}`);
    exposed[variant]++;
    calls.push(i % 2
      ? amplitude.track("Experiment Viewed", { experiment_id: "one", variation_id: variant }, user)
      : amplitude.track("$exposure", { flag_key: "one", variant }, user));
  }
  await Promise.all(calls.map((call) => call.promise));
  const report = await server.report();
  assert.deepEqual(Object.fromEntries(report.variants.map((one) => [one.variant, one.exposed])),
    exposed);
  assert.equal(report.health.mismatch, 0);
});

// This SDK does not try again after a broken connection, and says so with the code 0.
test(`${name}: an answer that is lost costs nothing, and sent again it doubles nothing`, async () => {
  const amplitude = await client();
  line.loseAnswers = 1;
  const sent = await Promise.all(Array.from({ length: 10 }, (_, i) =>
    amplitude.track(`E${i}`, {}, { user_id: "lost" }).promise));
  assert.ok(sent.some((one) => one.code === 0));
  assert.equal(server.journal().filter(of("lost")).length, 10);
  const again = await Promise.all(sent.map(({ event }) =>
    amplitude.track({ ...event, extra: undefined }).promise));
  assert.deepEqual(new Set(again.map((one) => one.code)), new Set([200]));
  assert.equal((await (await line.again(line.calls.at(-1))).json()).code, 200);
  assert.equal(server.journal().filter(of("lost")).length, 10);
});

for (const [words, shift] of [["ahead", 3600000], ["behind", -3600000]]) {
  test(`${name}: a clock an hour ${words} is set right`, async () => {
    await withClock(shift, async () => {
      const amplitude = await client();
      await amplitude.track("E", {}, { user_id: `clock${shift}` }).promise;
    });
    const [message] = server.journal().filter(of(`clock${shift}`));
    assert.ok(Math.abs(Date.parse(message.timestamp) - Date.now()) < 30000, message.timestamp);
  });
}

test(`${name}: bad and large events are named, dropped by the SDK, and the good ones stay`,
  async () => {
    const amplitude = await client({ flushIntervalMillis: 1000 });
    const sent = await Promise.all([
      amplitude.track("Before", {}, { user_id: "good" }),
      amplitude.track("Bad", {}, { user_id: "null" }),
      amplitude.track("Large", { a: Array(40).fill("x".repeat(1000)) }, { user_id: "good" }),
      amplitude.track("After", {}, { user_id: "good" }),
    ].map((call) => call.promise));
    assert.deepEqual(sent.map((one) => one.code), [200, 400, 400, 200]);
    assert.deepEqual(server.journal().filter(of("good")).map((message) => message.event),
      ["Before", "After"]);
    const refused = JSON.parse(line.calls[0].answer);
    assert.deepEqual(refused.events_with_invalid_fields, { event: [2], user_id: [1] });
    assert.equal(refused.events_ingested, 2);
  });

test(`${name}: a batch past 500 KB is halved until it gets through`, async () => {
  const amplitude = await client({ flushQueueSize: 40, flushMaxRetries: 10 });
  const sent = await Promise.all(Array.from({ length: 40 }, (_, i) =>
    amplitude.track(`E${i}`, { a: Array(30).fill("x".repeat(1000)) }, { user_id: "much" })
      .promise));
  assert.ok(sent.every((one) => one.code === 200));
  assert.ok(line.calls.some((call) => call.status === 413));
  const seen = server.journal().filter(of("much")).map((message) => message.event);
  assert.equal(new Set(seen).size, 40);
  assert.equal(seen.length, 40);
});

test(`${name}: 429 is tried again`, async () => {
  const limited = await Gangway.start({ options: ["--rate-limit", "1/s"] });
  const relay = await tap(limited);
  try {
    const amplitude = await client({ serverUrl: `${relay.url}/2/httpapi`, flushQueueSize: 1,
      flushIntervalMillis: 300, flushMaxRetries: 30 });
    const sent = await Promise.all([0, 1, 2].map((i) =>
      amplitude.track(`E${i}`, {}, { user_id: "slow" }).promise));
    assert.ok(sent.every((one) => one.code === 200));
    const refused = relay.calls.filter((call) => call.status === 429);
    assert.ok(refused.length > 0, "the limit was met");
    assert.equal(JSON.parse(refused[0].answer).code, 429);
    assert.equal(limited.journal().length, 3);
  } finally {
    await relay.close();
    await limited.close();
  }
});
