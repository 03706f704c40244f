// The OpenFeature providers of tools/clients/js, as an application installs them: under the server
// SDK in node and under the web SDK in a real browser, against the program. What reaches the
// journal is what is believed.
import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Gangway, SOURCE, browser, experiment, pathOf, serve, sleep, until, versionOf }
  from "../support/gangway.mjs";

const PACKAGE = "@gangway/openfeature";
const installed = join(pathOf("@openfeature"), "..", PACKAGE);
const KEY = "gw_client_0123456789abcdef0123456789abcdef";
const AUDIENCE = "audience: {role: rep}\n";
const sdks = (...names) => names.map((name) => `${name} ${versionOf(name)}`).join(", ");
const onServer = sdks("@openfeature/server-sdk", "@openfeature/ofrep-provider");
const onWeb = sdks("@openfeature/web-sdk", "@openfeature/ofrep-web-provider");

const FILES = {
  "one.yaml": experiment({ more: AUDIENCE }),
  "team.yaml": experiment({ key: "team", unit: "account" }),
  "guest.yaml": experiment({ key: "guest", unit: "anonymous" }),
  "held.yaml": experiment({ key: "held",
    more: "traffic: {holdout: {group: q4, share: 20%}}\n" }),
};

let server;
let chrome;
before(async () => {
  rmSync(installed, { recursive: true, force: true });
  cpSync(join(SOURCE, "tools/clients/js"), installed, { recursive: true });
  server = await Gangway.start({ files: FILES, options: ["--cors-origin", "*"] });
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  await server?.close();
  rmSync(installed, { recursive: true, force: true });
});

const exposures = (...units) => server.journal().filter((line) =>
  line.event === "Experiment Viewed" && units.includes(line.userId ?? line.anonymousId));
const assigned = async (key, unit) =>
  (await fetch(`${server.url}/v1/assign/${key}?unit=${unit}&role=rep`)).json();

async function heldUnit() {
  for (let i = 0; ; i++) {
    const answer = await assigned("held", `person-${i}`);
    if (answer.reason === "holdout" && answer.exposure) return answer;
  }
}

// ---- node ----

async function onNode(options, act) {
  const { OpenFeature } = await import("@openfeature/server-sdk");
  const { GangwayProvider } = await import(`${PACKAGE}/server`);
  const told = [];
  const provider = new GangwayProvider({ baseUrl: server.url,
    headers: [["authorization", `Bearer ${KEY}`]], onError: (text) => told.push(text), ...options });
  await OpenFeature.setProviderAndWait(provider);
  try {
    return await act(OpenFeature.getClient(), provider, told);
  } finally {
    await OpenFeature.close();
  }
}

test(`${onServer}: an evaluation is no exposure; what is told is one, once, as evaluated`, async () => {
  const context = { targetingKey: "n1", role: "rep", account: "acme", seats: 3 };
  await onNode({}, async (client, provider) => {
    const details = await client.getStringDetails("one", "none", context);
    await provider.flush();
    assert.deepEqual(exposures("n1"), []);
    assert.equal(provider.exposed(details, context), true);
    assert.equal(provider.exposed(details, context), false);
    await provider.flush();
    const [line, ...more] = exposures("n1");
    assert.equal(more.length, 0);
    assert.deepEqual(line.properties, (await assigned("one", "n1")).exposure);
    assert.equal(line.properties.variation_id, details.variant);
    assert.equal(line.context.groupId, "acme");
    assert.deepEqual(line.context.traits, { role: "rep", seats: 3 }, "its segment is known");
  });
});

test(`${onServer}: of whom is in no experiment no exposure is sent, whoever asks`, async () => {
  const context = { targetingKey: "n2", role: "owner" };
  await onNode({ exposures: "on_evaluate" }, async (client, provider) => {
    const details = await client.getStringDetails("one", "none", context);
    assert.equal(details.value, "old");
    assert.equal(provider.exposed(details, context), false);
    assert.equal(provider.exposed({ flagKey: "x", variant: "a", flagMetadata: {} }, context), false);
    await provider.flush();
    assert.deepEqual(exposures("n2"), []);
  });
});

test(`${onServer}: on_evaluate sends with the evaluation`, async () => {
  await onNode({ exposures: "on_evaluate" }, async (client, provider) => {
    for (let i = 0; i < 3; i++) {
      await client.getStringValue("one", "none", { targetingKey: "n3", role: "rep" });
    }
    await provider.flush();
    assert.deepEqual(exposures("n3").map((line) => line.properties),
      [(await assigned("one", "n3")).exposure]);
  });
});

test(`${onServer}: whom a holdout keeps out is exposed to the holdout`, async () => {
  const held = await heldUnit();
  const context = { targetingKey: held.unit };
  await onNode({}, async (client, provider) => {
    assert.ok(provider.exposed(await client.getStringDetails("held", "none", context), context));
    await provider.flush();
    assert.deepEqual(exposures(held.unit).map((line) => line.properties), [held.exposure]);
    assert.equal(held.exposure.experiment_id, "holdout:q4");
  });
});

test(`${onServer}: accounts and visitors are exposed under their own ids`, async () => {
  const visitor = { targetingKey: "v-1" };
  const member = { targetingKey: "n4", groupId: "team-1" };
  await onNode({ targetingKind: "anonymous" }, async (client, provider) => {
    const details = await client.getStringDetails("guest", "none", { ...visitor, anonymous: "v-1" });
    assert.ok(provider.exposed(details, visitor));
    await provider.flush();
    const [line] = exposures("v-1");
    assert.equal(line.anonymousId, "v-1");
    assert.equal(line.userId, undefined);
  });
  await onNode({}, async (client, provider, told) => {
    assert.ok(provider.exposed(await client.getStringDetails("team", "none", member), member));
    await provider.flush();
    assert.equal(exposures("n4")[0].context.groupId, "team-1");
    assert.deepEqual(told, []);
  });
});

test(`${onServer}: track sends the name, the value and the rest; nothing odd is thrown`, async () => {
  await onNode({}, async (client, provider, told) => {
    client.track("Deal Created", { targetingKey: "n5" }, { value: 99.5, stage: "won" });
    const ring = {};
    ring.ring = ring;
    provider.track("Ring", { targetingKey: "n5" }, ring);
    provider.track("Long", { targetingKey: "n5" }, { text: "x".repeat(40000) });
    provider.track("Nobody", {}, {});
    provider.track("Fine", { user: "n5" });
    await provider.flush();
    const lines = server.journal().filter((line) => line.userId === "n5");
    assert.deepEqual(lines.map((line) => line.event), ["Deal Created", "Fine"]);
    assert.deepEqual(lines[0].properties, { value: 99.5, stage: "won" });
    assert.equal(told.length, 3, told.join("\n"));
    assert.match(told[0], /no JSON/);
    assert.match(told[1], /bytes/);
    assert.match(told[2], /rejected/);
  });
});

test(`${onServer}: closing sends what is left`, async () => {
  await onNode({}, (client) => client.track("Last Words", { targetingKey: "n6" }));
  assert.equal(server.journal().filter((line) => line.userId === "n6").length, 1);
});

// ---- the queue, against a service in trouble ----

/** A service that answers as the list says, then 200. */
async function troubled(answers, act) {
  const calls = [];
  const stub = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const { status = 200, headers = {} } = answers[calls.length] ?? {};
    calls.push({ at: Date.now(), ...JSON.parse(body), authorization: request.headers.authorization });
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end('{"success":true,"rejected":[]}');
  });
  await new Promise((done) => stub.listen(0, "127.0.0.1", done));
  const { SegmentBatch } = await import(`${PACKAGE}/segment_batch`);
  const told = [];
  const queue = new SegmentBatch({ baseUrl: `http://127.0.0.1:${stub.address().port}/`, key: KEY,
    onError: (text) => told.push(text), flushIntervalMs: 50, queueMax: 250 });
  try {
    await act({ queue, calls, told });
  } finally {
    stub.closeAllConnections();
    stub.close();
    await queue.close({ timeoutMs: 0 });
  }
}
const message = (i) => ({ type: "track", event: `E${i}`, userId: "u" });
const ids = (call) => call.batch.map((one) => one.messageId);

test("queue: 429 and 503 are tried again, no sooner than told, with the same ids", async () => {
  const answers = [{ status: 429, headers: { "retry-after": "2" } }, { status: 503 }];
  await troubled(answers, async ({ queue, calls, told }) => {
    queue.add(message(1));
    queue.add(message(2));
    await queue.flush();
    assert.equal(calls.length, 3);
    assert.ok(calls[1].at - calls[0].at >= 1990, "Retry-After is kept to");
    assert.ok(calls[2].at - calls[1].at >= 990, "and without one there is a pause");
    assert.deepEqual(ids(calls[2]), ids(calls[0]));
    assert.equal(new Set(ids(calls[0])).size, 2);
    assert.equal(calls[0].authorization, `Bearer ${KEY}`);
    assert.ok(Date.parse(calls[2].sentAt) > Date.parse(calls[0].sentAt));
    assert.deepEqual(told, []);
  });
});

test("queue: what is refused for good is dropped and told; what is too large is halved", async () => {
  await troubled([{ status: 401 }, { status: 413 }], async ({ queue, calls, told }) => {
    let lost = 0;
    queue.add(message(0), { lost: () => lost++ });
    await queue.flush();
    assert.equal(lost, 1);
    assert.match(told[0], /refused with 401/);
    for (let i = 1; i <= 7; i++) queue.add(message(i));
    await queue.flush();
    assert.deepEqual(calls.slice(1).map((call) => call.batch.length), [7, 4, 3]);
    assert.deepEqual(calls.slice(2).flatMap((call) => call.batch.map((one) => one.event)),
      ["E1", "E2", "E3", "E4", "E5", "E6", "E7"]);
  });
});

test("queue: it is bounded, batches are bounded, and it flushes by itself", async () => {
  await troubled([], async ({ queue, calls, told }) => {
    for (let i = 0; i < 300; i++) queue.add(message(i));
    assert.equal(queue.size, 250);
    assert.equal(told.length, 50);
    await until("all batches", () => queue.size === 0);
    assert.deepEqual(calls.map((call) => call.batch.length), [100, 100, 50]);
    queue.add({ ...message(1), properties: { text: "y".repeat(30000) } });
    queue.add(message(2));
    await until("the time to flush", () => calls.length === 4, 3000);
    for (let i = 0; i < 20; i++) queue.add({ ...message(i), properties: { text: "y".repeat(30000) } });
    await queue.flush();
    const sizes = calls.slice(4).map((call) => JSON.stringify(call.batch).length);
    assert.ok(sizes.every((size) => size < 500000), `${sizes}`);
    assert.equal(calls.slice(4).reduce((sum, call) => sum + call.batch.length, 0), 20);
  });
});

// ---- the browser ----

const scripts = () => {
  const at = (name) => ({ type: "text/javascript", body: readFileSync(name) });
  const web = pathOf("@openfeature/ofrep-web-provider/package.json");
  // The web provider brings a newer ofrep-core along than the server provider takes.
  const core = createRequire(web).resolve("@openfeature/ofrep-core").replace(/index\..*$/, "index.esm.js");
  const imports = {
    "@openfeature/core": "/core.mjs", "@openfeature/web-sdk": "/web-sdk.mjs",
    "@openfeature/ofrep-core": "/ofrep-core.mjs", "@openfeature/ofrep-web-provider": "/ofrep-web.mjs",
    [`${PACKAGE}/web`]: "/gangway/web.mjs",
  };
  const page = `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script>
    <script type="module">
      import { OpenFeature } from "@openfeature/web-sdk";
      import { GangwayWebProvider } from "${PACKAGE}/web";
      window.begin = async (context, options) => {
        window.told = [];
        window.provider = new GangwayWebProvider({ disableVisibilityRefresh: true,
          onError: (text) => told.push(text), ...options });
        await OpenFeature.setProviderAndWait(provider, context);
        window.client = OpenFeature.getClient();
        window.OpenFeature = OpenFeature;
      };
    </script>`;
  return {
    "/": { type: "text/html", body: page },
    "/away": { type: "text/html", body: "<!doctype html><p>elsewhere" },
    "/core.mjs": at(pathOf("@openfeature/core/dist/esm/index.js")),
    "/web-sdk.mjs": at(pathOf("@openfeature/web-sdk/dist/esm/index.js")),
    "/ofrep-core.mjs": at(core),
    "/ofrep-web.mjs": at(pathOf("@openfeature/ofrep-web-provider/index.esm.js")),
    ...Object.fromEntries(["web", "tracking", "segment_batch"].map((name) =>
      [`/gangway/${name}.mjs`, at(join(installed, `${name}.mjs`))])),
  };
};

async function inBrowser(context, act, options = {}, site = undefined) {
  site ??= await serve(scripts());
  const place = await chrome.newContext();
  const page = await place.newPage();
  const faults = [];
  page.on("pageerror", (fault) => faults.push(String(fault)));
  const begin = async (who = context) => {
    await page.goto(`${site.url}/`);
    await page.waitForFunction(() => window.begin);
    await page.evaluate(([who, options]) => window.begin(who, options), [who, {
      baseUrl: server.url, headers: [["authorization", `Bearer ${KEY}`]], ...options }]);
  };
  try {
    await begin();
    await act(page, { begin, site });
    assert.deepEqual(faults, []);
  } finally {
    await place.close();
    await site.close();
  }
}
const value = (page, flag = "one") =>
  page.evaluate((flag) => window.client.getStringValue(flag, "none"), flag);
const expose = (page, flag = "one") => page.evaluate((flag) => window.provider.exposed(flag), flag);

test(`${onWeb}: told once a session, also over a reload; asking is no exposure`, async () => {
  await inBrowser({ targetingKey: "w1", role: "rep" }, async (page, { begin }) => {
    assert.equal(await expose(page), false, "nothing was asked for yet");
    const shown = await value(page);
    await page.evaluate(() => window.provider.flush());
    assert.deepEqual(exposures("w1"), []);
    assert.equal(await expose(page), true);
    assert.equal(await expose(page), false);
    await server.messages(1, (line) => line.userId === "w1");
    await begin();
    assert.equal(await value(page), shown);
    assert.equal(await expose(page), false);
    await page.evaluate(() => window.provider.flush());
    const [line, ...more] = exposures("w1");
    assert.equal(more.length, 0);
    assert.equal(line.properties.variation_id, shown);
    assert.deepEqual(line.context.traits, { role: "rep" });
  });
});

test(`${onWeb}: what is queued when the page goes away arrives, with the key in the body`, async () => {
  await inBrowser({ targetingKey: "w2", role: "rep" }, async (page, { site }) => {
    await value(page);
    await page.evaluate(() => {
      const beacon = navigator.sendBeacon.bind(navigator);
      navigator.sendBeacon = (url, body) => {
        sessionStorage.setItem("beacon", JSON.stringify([typeof body, body]));
        return beacon(url, body);
      };
    });
    await expose(page);
    await server.messages(1, (line) => line.userId === "w2");
    await page.evaluate(() => window.client.track("Contact Created", { value: 2 })); // which waits
    await page.goto(`${site.url}/away`);
    const [kind, body] = JSON.parse(await page.evaluate(() => sessionStorage.getItem("beacon")));
    assert.equal(kind, "string", "which goes as text/plain, so nobody is asked before");
    assert.equal(JSON.parse(body).writeKey, KEY);
    await server.messages(2, (line) => line.userId === "w2");
    const lines = server.journal().filter((line) => line.userId === "w2");
    assert.deepEqual(lines.map((line) => line.event).sort(), ["Contact Created", "Experiment Viewed"]);
    assert.deepEqual(lines.find((line) => line.event === "Contact Created").properties, { value: 2 });
  }, { flushIntervalMs: 60000 });
});

test(`${onWeb}: beacons are cut to what a browser takes, and the rest is not lost`, async () => {
  await inBrowser({ targetingKey: "w3", role: "rep" }, async (page) => {
    await page.evaluate(() => {
      const beacon = navigator.sendBeacon.bind(navigator);
      window.sizes = [];
      navigator.sendBeacon = (url, body) => { sizes.push(body.length); return beacon(url, body); };
      for (let i = 0; i < 150; i++) window.client.track("Big", { text: "z".repeat(2000), i });
      Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await server.messages(150, (line) => line.userId === "w3");
    const sizes = await page.evaluate(() => window.sizes);
    assert.ok(sizes.length > 1 && sizes.every((size) => size <= 64 * 1024), `${sizes}`);
    assert.equal(new Set(server.journal().filter((line) => line.userId === "w3")
      .map((line) => line.properties.i)).size, 150);
  }, { flushAt: 1000, flushIntervalMs: 500 });
});

test(`${onWeb}: the exposure is of what was shown, also from the cache of yesterday`, async () => {
  await inBrowser({ targetingKey: "w4", role: "rep" }, async (page, { begin }) => {
    const shown = await value(page);
    const changed = FILES["one.yaml"].replace("status: running", "status: stopped");
    await page.route("**/ofrep/**", (route) => route.abort()); // so the cache it is
    server.write("one.yaml", changed);
    await until("the stop", async () => (await assigned("one", "w4")).reason === "stopped");
    try {
      await begin();
      const details = await page.evaluate(() => window.client.getStringDetails("one", "none"));
      assert.deepEqual([details.value, details.reason], [shown, "CACHED"]);
      assert.equal(await expose(page), true);
      await server.messages(1, (line) => line.userId === "w4");
      assert.equal(exposures("w4")[0].properties.variation_id, shown);
    } finally {
      server.write("one.yaml", FILES["one.yaml"]);
      await until("the start", async () => (await assigned("one", "w4")).reason === "split");
    }
  });
});

test(`${onWeb}: who was shown a variant keeps it when their traits leave the audience`, async () => {
  const unit = await until("somebody with the new variant", async () => {
    const found = await assigned("one", `w5-${Math.random()}`);
    return found.variant === "new" && found.unit;
  });
  await inBrowser({ targetingKey: unit, role: "rep" }, async (page) => {
    assert.equal(await value(page), "new");
    await expose(page);
    const become = (who) => page.evaluate((who) => window.OpenFeature.setContext(who), who);
    await become({ targetingKey: unit, role: "owner" });
    assert.equal(await value(page), "new");
    assert.equal(await expose(page), false, "which is no second exposure");
    await become({ targetingKey: `${unit}-other`, role: "owner" });
    assert.equal(await value(page), "old", "another person does not");
    await become({ targetingKey: unit, role: "rep" });
    server.write("one.yaml", FILES["one.yaml"].replace("status: running", "status: paused"));
    try {
      await until("the brake", async () => (await assigned("one", unit)).reason === "paused");
      await become({ targetingKey: unit, role: "rep", again: 1 });
      await until("the brake in the browser", async () => (await value(page)) === "old");
    } finally {
      server.write("one.yaml", FILES["one.yaml"]);
    }
  });
});

test(`${onWeb}: a service that is away costs the page nothing`, async () => {
  await inBrowser({ targetingKey: "w6", role: "rep" }, async (page) => {
    await page.route("**/v1/batch", (route) => route.abort());
    await value(page);
    await expose(page);
    await page.evaluate(() => window.client.track("Contact Created"));
    await sleep(300);
    assert.equal(await page.evaluate(() => window.provider.tracking.queue.size), 2);
    await page.unroute("**/v1/batch");
    await server.messages(2, (line) => line.userId === "w6");
    assert.deepEqual(await page.evaluate(() => window.told), []);
  });
});

// ---- where keys are asked for ----

test("with a client's key all of it works; with a wrong one nothing is thrown and all is told", async () => {
  const site = await serve(scripts());
  const guarded = await Gangway.start({ files: FILES, options: ["--cors-origin", site.url] });
  try {
    const key = guarded.run("key", "add", "--role", "client", "--name", "web").trim().split("\n").at(-1);
    const headers = (which) => ({ baseUrl: guarded.url, headers: [["x-api-key", which]] });
    await until("the key", async () =>
      (await fetch(`${guarded.url}/v1/assign/one?unit=u`)).status === 401);
    const lines = () => guarded.journal().filter((line) => line.type === "track");

    const context = { targetingKey: "k1", role: "rep" };
    await onNode(headers(key), async (client, provider, told) => {
      assert.ok(provider.exposed(await client.getStringDetails("one", "none", context), context));
      client.track("Contact Created", context);
      await provider.flush();
      assert.deepEqual(lines().map((line) => line.event), ["Experiment Viewed", "Contact Created"]);
      assert.deepEqual(told, []);
    });
    await onNode(headers("gw_client_wrong"), async (client, provider, told) => {
      assert.equal(await client.getStringValue("one", "none", context), "none");
      client.track("Contact Created", context);
      await provider.flush();
      assert.match(told.join(), /refused with 401/);
      assert.equal(lines().length, 2);
    });
    await inBrowser({ targetingKey: "k2", role: "rep" }, async (page) => {
      await value(page);
      await expose(page);
      await guarded.messages(1, (line) => line.userId === "k2");
      await page.evaluate(() => window.client.track("Contact Created"));
      await page.goto(`${site.url}/away`); // by beacon, where the key can only be in the body
      await guarded.messages(2, (line) => line.userId === "k2");
    }, { ...headers(key), flushIntervalMs: 60000 }, site);
  } finally {
    await guarded.close();
    await site.close().catch(() => {});
  }
});
