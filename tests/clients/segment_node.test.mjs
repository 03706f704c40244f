// @segment/analytics-node, unchanged, against the program.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Gangway, experiment, packageOf, versionOf } from "../support/gangway.mjs";

const { Analytics } = packageOf("@segment/analytics-node");
const name = `@segment/analytics-node ${versionOf("@segment/analytics-node")}`;

let server;
before(async () => {
  server = await Gangway.start({ files: { "one.yaml": experiment() } });
});
after(() => server.close());

test(`${name}: every kind of call arrives as it was sent`, async () => {
  const analytics = new Analytics({ writeKey: "WK", host: server.url });
  analytics.identify({ userId: "u1", traits: { role: "owner", seats: 3 } });
  analytics.group({ userId: "u1", groupId: "acme", traits: { plan: "pro" } });
  analytics.track({ userId: "u1", event: "Contact Created", properties: { value: 12.5 } });
  analytics.page({ userId: "u1", name: "Home", properties: { path: "/" } });
  analytics.screen({ anonymousId: "a1", name: "Start" });
  analytics.alias({ userId: "u1", previousId: "a1" });
  await analytics.closeAndFlush();

  const kept = server.journal();
  assert.deepEqual(kept.map((line) => line.type),
    ["identify", "group", "track", "page", "screen", "alias"]);
  assert.deepEqual(kept[0].traits, { role: "owner", seats: 3 });
  assert.equal(kept[1].groupId, "acme");
  assert.deepEqual(kept[1].traits, { plan: "pro" });
  assert.equal(kept[2].event, "Contact Created");
  assert.deepEqual(kept[2].properties, { value: 12.5 });
  assert.equal(kept[3].properties.name, "Home");
  assert.equal(kept[4].anonymousId, "a1");
  assert.equal(kept[5].previousId, "a1");
  assert.ok(kept.every((line) => line.messageId), "each has the id that the SDK gave it");
});
