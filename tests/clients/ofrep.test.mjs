// OpenFeature's own OFREP providers, unchanged: under the server SDK in node, and under the web SDK in
// a real browser on another origin, with its event source.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { Gangway, browser, experiment, pathOf, serve, sleep, tap, until, versionOf }
  from "../support/gangway.mjs";

const sdks = (...names) => names.map((name) => `${name} ${versionOf(name)}`).join(", ");
const onServer = sdks("@openfeature/server-sdk", "@openfeature/ofrep-provider");
const onWeb = sdks("@openfeature/web-sdk", "@openfeature/ofrep-web-provider");

/** An experiment whose variants are given by name. */
function valued(key, variants, more = "") {
  const lines = Object.entries(variants).map(([name, config], i) =>
    `  ${name}: {weight: 50%, config: ${config}${i ? "" : ", control: true"}}`);
  return experiment({ key, more }).replace(/variants:\n.*\n.*\n/, `variants:\n${lines.join("\n")}\n`);
}

const FILES = {
  "one.yaml": experiment({ more: "audience: {role: rep}\nforce: {qa-1: new}\n" }),
  "slashed.yaml": experiment({ key: "onboarding/tour:v1" }),
  "flag.yaml": valued("flag", { off: "false", on: "true" }),
  "count.yaml": valued("count", { few: "3", many: "7.5" }),
  "text.yaml": valued("text", { tour: "Take a tour", list: "\"Ein \\u00e4\"" }),
  "object.yaml": valued("object", { small: "{max: 3}", large: "{max: 5, deep: {list: [1, null]}}" }),
  "stopped.yaml": experiment({ key: "stopped", status: "stopped" }),
  "draft.yaml": experiment({ key: "draft", status: "draft" }),
  "team.yaml": experiment({ key: "team", unit: "account" }),
  "guest.yaml": experiment({ key: "guest", unit: "anonymous" }),
};

let server;
let chrome;
before(async () => {
  server = await Gangway.start({ files: FILES, options: ["--cors-origin", "*", "--workers", "2"] });
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  await server?.close();
});

/** The assignment by our own route. */
async function assigned(key, unit, traits = "role=rep", from = server) {
  return (await fetch(`${from.url}/v1/assign/${encodeURIComponent(key)}?unit=${unit}&${traits}`)).json();
}

async function unitOf(key, variant) {
  for (let i = 0; ; i++) {
    if ((await assigned(key, `p-${i}`)).variant === variant) return `p-${i}`;
  }
}

// ---- node ----

async function onNode(act, options = {}, from = server) {
  const { OpenFeature } = await import("@openfeature/server-sdk");
  const { OFREPProvider } = await import("@openfeature/ofrep-provider");
  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: from.url, ...options }));
  try {
    return await act(OpenFeature.getClient());
  } finally {
    await OpenFeature.close();
  }
}

test(`${onServer}: values of each type, with variant, reason and metadata`, async () => {
  await onNode(async (client) => {
    for (const [key, ask, none, wanted] of [
      ["flag", "getBooleanDetails", false, { off: false, on: true }],
      ["count", "getNumberDetails", -1, { few: 3, many: 7.5 }],
      ["text", "getStringDetails", "", { tour: "Take a tour", list: "Ein \u00e4" }],
      ["object", "getObjectDetails", {}, { small: { max: 3 },
        large: { max: 5, deep: { list: [1, null] } } }],
    ]) {
      for (const [variant, value] of Object.entries(wanted)) {
        const unit = await unitOf(key, variant);
        const details = await client[ask](key, none, { targetingKey: unit });
        assert.deepEqual([details.value, details.variant, details.reason, details.errorCode],
          [value, variant, "SPLIT", undefined], key);
        const own = await assigned(key, unit);
        assert.deepEqual(details.flagMetadata, { experiment: key, phase: 1, control: own.control,
          in_experiment: true, log_exposure: true, reason: "split", definition: own.definition });
      }
    }
  });
});

test(`${onServer}: 200 units get what our own route says`, async () => {
  await onNode(async (client) => {
    for (let i = 0; i < 200; i++) {
      const role = i % 4 ? "rep" : "owner";
      const details = await client.getStringDetails("one", "none", { targetingKey: `m-${i}`, role });
      const own = await assigned("one", `m-${i}`, `role=${role}`);
      assert.equal(details.value, own.variant);
      assert.equal(details.variant, own.exposure ? own.variant : undefined);
      assert.equal(details.reason, i % 4 ? "SPLIT" : "STATIC");
    }
  });
});

test(`${onServer}: keys with slashes, as this provider sends them`, async () => {
  await onNode(async (client) => {
    const key = "onboarding/tour:v1";
    const details = await client.getStringDetails(key, "none", { targetingKey: "s-1" });
    assert.deepEqual([details.value, details.errorCode],
      [(await assigned(key, "s-1")).variant, undefined]);
    for (const missing of ["onboarding", "onboarding/tour", "a b", "a%20b"]) {
      const none = await client.getStringDetails(missing, "none", { targetingKey: "s-1" });
      assert.deepEqual([none.value, none.errorCode], ["none", "FLAG_NOT_FOUND"], missing);
    }
  });
});

test(`${onServer}: states that are no experiment give the control and no variant`, async () => {
  await onNode(async (client) => {
    for (const [key, context, value, reason] of [
      ["stopped", { targetingKey: "u1" }, "old", "DISABLED"],
      ["draft", { targetingKey: "u1" }, "old", "DISABLED"],
      ["one", { targetingKey: "u1", role: "owner" }, "old", "STATIC"],
      ["one", { targetingKey: "qa-1" }, "new", "TARGETING_MATCH"],
    ]) {
      const details = await client.getStringDetails(key, "none", context);
      assert.deepEqual([details.value, details.reason, details.variant], [value, reason, undefined]);
      assert.equal(details.flagMetadata.log_exposure, false);
    }
  });
});

test(`${onServer}: errors come with their codes`, async () => {
  await onNode(async (client) => {
    for (const [key, context, code] of [
      ["nothing", { targetingKey: "u1" }, "FLAG_NOT_FOUND"],
      ["one", {}, "TARGETING_KEY_MISSING"],
      ["one", undefined, "TARGETING_KEY_MISSING"],
      ["one", { targetingKey: "" }, "TARGETING_KEY_MISSING"],
      ["one", { targetingKey: "null" }, "INVALID_CONTEXT"],
      ["one", { targetingKey: "x".repeat(257) }, "INVALID_CONTEXT"],
      ["team", { targetingKey: "u1" }, "TARGETING_KEY_MISSING"],
      ["flag", { targetingKey: "u1" }, "TYPE_MISMATCH"],
    ]) {
      const details = await client.getStringDetails(key, "none", context);
      assert.deepEqual([details.value, details.reason, details.errorCode], ["none", "ERROR", code],
        `${key} ${JSON.stringify(context)}`);
      assert.equal(details.variant, undefined);
    }
  });
});

test(`${onServer}: one context, three kinds of unit`, async () => {
  await onNode(async (client) => {
    for (let i = 0; i < 10; i++) {
      const context = { targetingKey: `t-${i}`, account: `a-${i}`, anonymousId: `v-${i}`,
        when: new Date(0), seats: 3, plan: { tier: "pro" }, tags: ["a", 1, null] };
      for (const [key, unit] of [["text", `t-${i}`], ["team", `a-${i}`], ["guest", `v-${i}`]]) {
        const details = await client.getStringDetails(key, "none", context);
        assert.equal(details.value, (await assigned(key, unit)).value, key);
      }
    }
  });
});

async function keyed(act) {
  const own = await Gangway.start({ files: FILES, options: ["--cors-origin", "*"] });
  const keys = {};
  for (const role of ["client", "server", "analyst"]) {
    keys[role] = own.run("key", "add", "--role", role, "--name", role).trim().split(/\s+/).at(-1);
  }
  await until("the keys", async () => (await fetch(`${own.url}/v1/assign/one?unit=u`)).status === 401);
  try {
    await act(own, keys);
  } finally {
    await own.close();
  }
}

test(`${onServer}: keys as Bearer, X-API-Key and bare; none, wrong and of another role`, async () => {
  await keyed(async (own, keys) => {
    const context = { targetingKey: "k1", role: "rep" };
    const line = await tap(own);
    const ask = (headers) => onNode((client) => client.getStringDetails("one", "none", context),
      { headers }, line);
    for (const headers of [[["authorization", `Bearer ${keys.client}`]],
      [["authorization", keys.server]], [["x-api-key", keys.client]]]) {
      const details = await ask(headers);
      assert.match(details.value, /^(old|new)$/);
      assert.equal(details.errorCode, undefined);
    }
    for (const [headers, status] of [[[], 401],
      [[["authorization", `Bearer gw_client_${"x".repeat(32)}`]], 401],
      [[["authorization", `Bearer ${keys.analyst}`]], 403]]) {
      const details = await ask(headers);
      assert.deepEqual([details.value, details.errorCode], ["none", "GENERAL"]);
      const call = line.calls.at(-1);
      assert.deepEqual([call.status, JSON.parse(call.answer).key], [status, "one"]);
    }
    await line.close();
  });
});

test(`${onServer}: 429 is understood, and nobody asks before Retry-After`, async () => {
  const own = await Gangway.start({ files: FILES, options: ["--rate-limit", "1/s"] });
  try {
    const line = await tap(own);
    await onNode(async (client) => {
      const ask = () => client.getStringDetails("one", "none", { targetingKey: "r1", role: "rep" });
      let details;
      for (let i = 0; i < 20 && !details?.errorCode; i++) details = await ask();
      assert.deepEqual([details.value, details.errorCode], ["none", "GENERAL"]);
      const asked = line.calls.length;
      assert.equal(line.calls.at(-1).status, 429);
      for (let i = 0; i < 10; i++) assert.equal((await ask()).value, "none");
      assert.equal(line.calls.length, asked, "it waits");
      await until("an answer", async () => !(await ask()).errorCode, 10000);
    }, {}, line);
    await line.close();
  } finally {
    await own.close();
  }
});

// ---- the browser ----

const scripts = () => {
  const at = (name) => ({ type: "text/javascript", body: readFileSync(name) });
  const web = pathOf("@openfeature/ofrep-web-provider/package.json");
  const core = createRequire(web).resolve("@openfeature/ofrep-core")
    .replace(/index\..*$/, "index.esm.js");
  const imports = {
    "@openfeature/core": "/core.mjs", "@openfeature/web-sdk": "/web-sdk.mjs",
    "@openfeature/ofrep-core": "/ofrep-core.mjs", "@openfeature/ofrep-web-provider": "/ofrep-web.mjs",
  };
  return {
    "/core.mjs": at(pathOf("@openfeature/core/dist/esm/index.js")),
    "/web-sdk.mjs": at(pathOf("@openfeature/web-sdk/dist/esm/index.js")),
    "/ofrep-core.mjs": at(core),
    "/ofrep-web.mjs": at(pathOf("@openfeature/ofrep-web-provider/index.esm.js")),
    "/": { type: "text/html", body: `<!doctype html>
      <script type="importmap">${JSON.stringify({ imports })}</script>
      <script type="module">
        import { OpenFeature, ProviderEvents } from "@openfeature/web-sdk";
        import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
        window.begin = async (context, options) => {
          window.changes = [];
          window.OpenFeature = OpenFeature;
          OpenFeature.addHandler(ProviderEvents.ConfigurationChanged,
            (event) => window.changes.push(event.flagsChanged));
          window.provider = new OFREPWebProvider({ disableVisibilityRefresh: true, ...options });
          window.fault = await OpenFeature.setProviderAndWait(window.provider, context)
            .then(() => null, (fault) => String(fault.message));
          window.client = OpenFeature.getClient();
        };
      </script>` },
  };
};

/** A page of another origin with the web SDK; `act` gets the page and the calls it made. */
async function inPage(context, act, options = {}, from = server) {
  const site = await serve(scripts());
  const place = await chrome.newContext();
  const page = await place.newPage();
  const calls = [];
  page.on("response", (response) => {
    if (response.url().startsWith(from.url) && response.request().method() !== "OPTIONS") {
      calls.push({ path: response.url().slice(from.url.length), status: response.status(),
        sent: response.request().headers(), got: response.headers() });
    }
  });
  try {
    await page.goto(`${site.url}/`);
    await page.waitForFunction(() => window.begin);
    await page.evaluate(([context, options]) => window.begin(context, options),
      [context, { baseUrl: from.url, ...options }]);
    await act(page, calls);
  } finally {
    await place.close();
    await site.close();
  }
}

const details = (page, key, type = "String", none = "none") => page.evaluate(([key, type, none]) =>
  window.client[`get${type}Details`](key, none), [key, type, none]);
const value = async (page, key) => (await details(page, key)).value;
const become = (page, context) =>
  page.evaluate((context) => window.OpenFeature.setContext(context), context);
const bulks = (calls) => calls.filter((call) => call.path.startsWith("/ofrep/v1/evaluate/flags"));
const streams = (calls) => calls.filter((call) => call.path.startsWith("/ofrep/v1/events"));

test(`${onWeb}: values of each type, with variant, reason and metadata, by one call`, async () => {
  const context = { targetingKey: "w1", role: "rep" };
  await inPage(context, async (page, calls) => {
    for (const [key, type, none] of [["flag", "Boolean", false], ["count", "Number", -1],
      ["text", "String", "none"], ["object", "Object", {}], ["one", "String", "none"],
      ["onboarding/tour:v1", "String", "none"]]) {
      const own = await assigned(key, "w1");
      const got = await details(page, key, type, none);
      assert.deepEqual([got.value, got.variant, got.reason, got.errorCode],
        [own.value, own.variant, "SPLIT", undefined], key);
      assert.equal(got.flagMetadata.definition, own.definition);
      assert.equal(got.flagMetadata.log_exposure, true);
    }
    const stopped = await details(page, "stopped");
    assert.deepEqual([stopped.value, stopped.reason, stopped.variant], ["old", "DISABLED", undefined]);
    for (const [key, code] of [["draft", "FLAG_NOT_FOUND"], ["nothing", "FLAG_NOT_FOUND"],
      ["team", "TARGETING_KEY_MISSING"]]) {
      const none = await details(page, key);
      assert.deepEqual([none.value, none.errorCode], ["none", code], key);
    }
    assert.equal(bulks(calls).length, 1);
    assert.equal(await page.evaluate(() => window.fault), null);
  });
});

test(`${onWeb}: another context of the same targetingKey is another result; the same one is 304`,
  async () => {
    const unit = await unitOf("one", "new");
    await inPage({ targetingKey: unit, role: "rep" }, async (page, calls) => {
      assert.equal(await value(page, "one"), "new");
      const shows = (wanted, count) => until(`${wanted} by call ${count}`, async () =>
        bulks(calls).length === count && (await value(page, "one")) === wanted);
      // The provider serves its cache of that targetingKey first, and asks behind it.
      await become(page, { targetingKey: unit, role: "owner" });
      await shows("old", 2);
      await become(page, { targetingKey: unit, role: "owner", unread: 1 });
      await shows("old", 3);
      await become(page, { targetingKey: unit, role: "rep" });
      await shows("new", 4);
      const [first, ...more] = bulks(calls);
      assert.deepEqual([first.status, ...more.map((call) => call.status)], [200, 200, 304, 200]);
      assert.equal(first.sent["if-none-match"], undefined);
      assert.equal(more[0].sent["if-none-match"], first.got.etag, "echoed as it was, over CORS");
      assert.equal(more[1].sent["if-none-match"], more[0].got.etag);
      assert.equal(more[2].got.etag, first.got.etag);
    });
  });

test(`${onWeb}: a page is told of a change, and asks again with the hints`, async () => {
  await inPage({ targetingKey: "w2", role: "rep" }, async (page, calls) => {
    await until("the stream", () => streams(calls).length);
    assert.equal(await value(page, "later"), "none");
    server.write("later.yaml", experiment({ key: "later" }));
    try {
      await page.waitForFunction(() => window.changes.length > 0, null, { timeout: 20000 });
      assert.equal(await value(page, "later"), (await assigned("later", "w2")).variant);
      assert.ok((await page.evaluate(() => window.changes.flat())).includes("later"));
      const [first, second] = bulks(calls);
      assert.equal(second.sent["if-none-match"], first.got.etag);
      const hints = new URL(second.path, "http://x").searchParams;
      assert.match(hints.get("flagConfigEtag"), /^sha256:[0-9a-f]{64}$/);
      assert.ok(Math.abs(Number(hints.get("flagConfigLastModified")) - Date.now() / 1000) < 120);
      assert.equal(streams(calls).length, 1);
    } finally {
      server.remove("later.yaml");
    }
  });
});

test(`${onWeb}: a change while the service was away is told after the reconnect`, async () => {
  const own = await Gangway.start({ files: FILES, options: ["--cors-origin", "*"] });
  try {
    await inPage({ targetingKey: "w3", role: "rep" }, async (page, calls) => {
      await until("the stream", () => streams(calls).length);
      await own.stop();
      own.write("back.yaml", experiment({ key: "back" }));
      await own.begin();
      await until("the new flag", async () => (await value(page, "back")) !== "none", 30000);
      assert.equal(await value(page, "back"), (await assigned("back", "w3", "", own)).variant);
      const before = bulks(calls).length;
      await own.stop();
      await own.begin();
      await until("the third stream", () => streams(calls).length >= 3, 30000);
      await sleep(500);
      assert.equal(bulks(calls).length, before, "nothing was missed, so nothing is asked");
    }, {}, own);
  } finally {
    await own.close();
  }
});

test(`${onWeb}: with keys, the event source is let in by its token; wrong keys are fatal`, async () => {
  await keyed(async (own, keys) => {
    const context = { targetingKey: "w4", role: "rep" };
    const bearer = (key) => ({ headers: [["authorization", `Bearer ${key}`]] });
    await inPage(context, async (page, calls) => {
      assert.match(await value(page, "one"), /^(old|new)$/);
      await until("the stream", () => streams(calls).length);
      const [stream] = streams(calls);
      assert.equal(stream.status, 200);
      assert.equal(stream.sent.authorization, undefined);
      assert.match(stream.path, /&token=client\./);
      own.write("later.yaml", experiment({ key: "later" }));
      await until("the new flag", async () => (await value(page, "later")) !== "none");
    }, bearer(keys.client), own);
    for (const [key, status] of [["gw_client_wrong", 401], [keys.analyst, 403]]) {
      await inPage(context, async (page, calls) => {
        assert.equal(bulks(calls)[0].status, status);
        assert.ok(await page.evaluate(() => window.fault), "the provider is not ready");
        const got = await details(page, "one");
        assert.deepEqual([got.value, got.errorCode], ["none", "PROVIDER_FATAL"]);
        assert.equal(streams(calls).length, 0);
      }, bearer(key), own);
    }
  });
});

test(`${onWeb}: 429 and its Retry-After reach a page of another origin`, async () => {
  const own = await Gangway.start({ files: FILES,
    options: ["--cors-origin", "*", "--rate-limit", "1/s"] });
  try {
    await inPage({ targetingKey: "w5", role: "rep" }, async (page) => {
      const seconds = await page.evaluate(async (url) => {
        for (let i = 0; i < 50; i++) {
          const answer = await fetch(`${url}/ofrep/v1/evaluate/flags`, { method: "POST",
            headers: { "content-type": "application/json" }, body: '{"context":{"targetingKey":"w5"}}' });
          if (answer.status === 429) return answer.headers.get("retry-after");
        }
        return "never";
      }, own.url);
      assert.match(seconds, /^[1-9][0-9]*$/);
      await become(page, { targetingKey: "w6", role: "rep" });
      const until_ms = await page.evaluate(() => window.provider._retryPollingAfter?.getTime());
      assert.ok(until_ms > Date.now(), "the provider waits");
    }, {}, own);
  } finally {
    await own.close();
  }
});
