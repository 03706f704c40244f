// With a file of keys: each SDK gives its key where it is used to, a wrong one is told so in the
// SDK's own terms, and no SDK asks for ever.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { Gangway, packageOf, sleep, tap, until } from "../support/gangway.mjs";

const { Analytics } = packageOf("@segment/analytics-node");
const Rudder = packageOf("@rudderstack/rudder-sdk-node");
const { PostHog } = packageOf("posthog-node");
const { createInstance } = packageOf("@amplitude/analytics-node");

let server, line, key;
before(async () => {
  server = await Gangway.start();
  key = server.run("key", "add", "--role", "client", "--name", "web").trim().split("\n").at(-1);
  line = await tap(server);
  await until("keys in force", async () => (await server.post("/v1/track", {})).status === 401);
});
beforeEach(() => line.calls.splice(0));
after(async () => {
  await line.close();
  await server.close();
});

/** Each sends one event of the user with the key, and comes back when the SDK is done with it. */
const sdks = {
  segment: async (writeKey, user) => {
    const analytics = new Analytics({ writeKey, host: line.url });
    analytics.on("error", () => {});
    analytics.track({ userId: user, event: "E" });
    await analytics.closeAndFlush();
  },
  rudderstack: async (writeKey, user) => {
    const analytics = new Rudder(writeKey, { dataPlaneUrl: line.url, flushAt: 20,
      logLevel: "none", errorHandler: () => {} });
    analytics.track({ userId: user, event: "E" });
    await Promise.race([new Promise((done) => analytics.flush(done).catch(done)), sleep(3000)]);
  },
  posthog: async (apiKey, user) => {
    const posthog = new PostHog(apiKey, { host: line.url, fetchRetryDelay: 50 });
    posthog.on("error", () => {});
    posthog.capture({ distinctId: user, event: "E" });
    await posthog.shutdown();
  },
  amplitude: async (apiKey, user) => {
    const amplitude = createInstance();
    await amplitude.init(apiKey, { serverUrl: `${line.url}/2/httpapi`, flushIntervalMillis: 50,
      logLevel: 0 }).promise;
    return (await amplitude.track("E", {}, { user_id: user }).promise).code;
  },
};

for (const [name, send] of Object.entries(sdks)) {
  test(`${name}: the key that the SDK was given opens`, async () => {
    await send(key, `${name}-in`);
    await until("the event", () => line.calls.some((call) => call.status === 200));
    assert.equal(server.journal().filter((one) => one.userId === `${name}-in`).length, 1);
  });

  test(`${name}: a wrong key is a 401, and the SDK gives up`, async () => {
    const wrong = `gw_client_${"x".repeat(32)}`;
    const code = await send(wrong, `${name}-out`);
    assert.ok(line.calls.length > 0 && line.calls.length < 6, `${line.calls.length} calls`);
    assert.deepEqual(new Set(line.calls.map((call) => call.status)), new Set([401]));
    if (name === "amplitude") assert.equal(code, 401);
    assert.equal(server.journal().filter((one) => one.userId === `${name}-out`).length, 0);
  });
}

test("a client's key dates an exposure back 30 days at most", async () => {
  const months = (count) => new Date(Date.now() - count * 31 * 86400000);
  const analytics = new Analytics({ writeKey: key, host: line.url });
  for (const [user, timestamp] of [["early", months(2)], ["late", months(0.5)]]) {
    analytics.track({ userId: user, event: "Experiment Viewed", timestamp,
      properties: { experiment_id: "one", variation_id: "new" } });
  }
  await analytics.closeAndFlush();
  const skewed = Object.fromEntries(server.journal().map((one) => [one.userId, one.skewed]));
  assert.deepEqual([skewed.early, skewed.late], [true, undefined]);
});
