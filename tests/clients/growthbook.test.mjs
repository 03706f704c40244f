// The GrowthBook SDK in node, evaluating locally from the payload that the server gives, against
// the server's own answers (POST /v1/assign): unit by unit, value and exposure.
//
// Traits are drawn from pools of values of every JSON type, chosen to lie on either side of each
// rule and to be what JavaScript compares otherwise than the grammar does: "" and true as numbers,
// numbers as texts, lists, names that every object inherits.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Gangway, packageOf, until } from "../support/gangway.mjs";

const { GrowthBookClient } = packageOf("@growthbook/growthbook");

const LONG = process.env.GANGWAY_LONG === "1";
const CALL = 4000; // units a call: 512 000 bytes of a body are taken
const ATTRIBUTE = { user: "id", account: "accountId", anonymous: "anonymousId" };

function file(key, { more = "", variants, unit = "user", status = "running",
  start = "2020-01-01" } = {}) {
  return `\
experiment: ${key}
name: ${key}
owner: tests
hypothesis: One of them gives more than the other.
status: ${status}
unit: ${unit}
start: ${start}
variants:
${variants || "  old: {control: true, weight: 40%}\n  new: {weight: 60%}"}
metrics:
  goal: activated
  why: It is the first thing of value.
analysis: {peeking: always}
${more}`;
}

// A small generator of its own, so that a failure can be had again.
function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function client(server) {
  const made = new GrowthBookClient({ apiHost: server.url, clientKey: "any" });
  const started = await made.init({ timeout: 5000 });
  assert.ok(started.success, String(started.error));
  return made;
}

/** What the SDK gives a unit, in the form of the server's answer. */
function evaluated(sdk, key, kind, unit, traits) {
  const viewed = [];
  const result = sdk.evalFeature(key, {
    attributes: { ...traits, [ATTRIBUTE[kind]]: unit },
    trackingCallback: (experiment, one) =>
      viewed.push({ experiment_id: experiment.key, variation_id: one.key }),
  });
  assert.ok(viewed.length < 2);
  return { value: result.value, exposure: viewed[0] || null };
}

async function answers(server, key, units) {
  const got = await server.post("/v1/assign", { experiments: [key], units });
  const text = await got.text();
  assert.equal(got.status, 200, text);
  return JSON.parse(text).assignments;
}

/** Compares `count` units of one experiment; how often each value and each exposure was met. */
async function compare(server, sdk, key, kind, count, traitsOf, prefix = "unit", note = "") {
  const seen = {};
  for (let from = 0; from < count; from += CALL) {
    const units = [];
    for (let i = from; i < Math.min(count, from + CALL); i++) {
      units.push({ [kind]: `${prefix}-${i}`, traits: traitsOf(i) });
    }
    const assigned = await answers(server, key, units);
    assigned.forEach((one, i) => {
      const { experiment_id, variation_id } = one.exposure || {};
      const server_says = {
        value: one.value, exposure: one.exposure && { experiment_id, variation_id } };
      const sdk_says = evaluated(sdk, key, kind, units[i][kind], units[i].traits);
      assert.deepEqual(sdk_says, server_says,
        `${key}${note}: ${JSON.stringify(units[i])}: ${one.reason}`);
      seen[one.reason] = (seen[one.reason] || 0) + 1;
    });
  }
  return seen;
}

const TRAITS = [
  undefined, null, "", " ", "0", "1", 0, 1, -1, 2, 3.5, "3.5", "3.50", 12, "12", "012", " 12", "12 ",
  "0x10", "1e1", 10, "10", 9.999999999, 1e21, "1e400", "-1e400", "+7", "-3", ".5", "5.", true, false,
  "true", "false", "owner", "Owner", "owners", "own", "co-owner", "a.b", "aXb", "a/b", "é", "éa", "日本",
  "\u{1F600}", "a\nb", "constructor", "toString", "$1", "(x)", "[y]", "a+b", "1.2", "1.2.3", "1.10.0",
  "1.2.3-beta", "1.2.3-beta.2", "1.2.3+build.7", "2", "2.0.0", "v1.2.3", "1.2.3.4", "01.002.3", "1.2-rc",
  "1.2.4-0", "123456.7.8", "1..2", "1.2.", "1.1.999999", "0.9", [], ["owner"], ["a", "b", "owner"], [12], ["12"],
  [[12]], [true], [1, "x"], ["a.b"], ["é"], {}, { owner: 1 }, { tier: "pro" }, { tier: 12 }, [null],
  "x@example.com", "x@example.org", "@example.com", "x@example.com\n", "ab12", "AB-1234", "AB-12345",
];

const OPERATORS = {
  "eq-text": "role: owner",
  "eq-number": "role: 12",
  "eq-decimal": "role: 3.5",
  "eq-boolean": "role: true",
  "ne-text": "role: {ne: owner}",
  "ne-number": "role: {ne: 12}",
  "ne-boolean": "role: {ne: \"false\"}",
  "in-mixed": "role: [owner, 12, \"true\", a.b, é, constructor, \"1e1\"]",
  "not-in-mixed": "role: {not_in: [owner, 12, \"true\", \"\\U0001F600\", toString]}",
  "gt": "role: {gt: 3}",
  "gte": "role: {gte: 3.5}",
  "lt": "role: {lt: 3}",
  "lte": "role: {lte: 0}",
  "gt-lt": "role: {gt: 0, lt: 11}",
  "between": "role: {between: [1, 12]}",
  "exists": "role: {exists: true}",
  "missing": "role: {exists: false}",
  "starts": "role: {starts_with: a}",
  "starts-special": "role: {starts_with: \"(x\"}",
  "ends": "role: {ends_with: .com}",
  "ends-wide": "role: {ends_with: é}",
  "contains": "role: {contains: owner}",
  "contains-special": "role: {contains: a.b}",
  "contains-slash": "role: {contains: a/b}",
  "contains-name": "role: {contains: constructor}",
  "matches-mail": "role: {matches: '@example\\.com$'}",
  "matches-code": "role: {matches: '^[A-Z]{2}-[0-9]{4}$'}",
  "matches-either": "role: {matches: '^(own|co-own)er[s]?$'}",
  "matches-wide": "role: {matches: '^a.+b$'}",
  "matches-any": "role: {matches: '^[^@]+@.*$'}",
  "matches-name": "role: {matches: toString}",
  "version-gte": "role: {version_gte: 1.2.3}",
  "version-gte-short": "role: {version_gte: \"1.2\"}",
  "version-gte-zero": "role: {version_gte: \"0\"}",
  "version-gte-nine": "role: {version_gte: 1.9.99}",
  "version-lt": "role: {version_lt: 1.2.3}",
  "version-lt-short": "role: {version_lt: \"2\"}",
  "version-lt-build": "role: {version_lt: 1.2.3+b7}",
  "not": "not: {role: owner}",
  "not-order": "not: {role: {gt: 3}}",
  "any": "any: [{role: owner}, {role: {gt: 3}}, {plan: {exists: true}}]",
  "all": "all: [{role: {exists: true}}, {not: {role: owner}}, {plan: [pro, 12]}]",
  "dotted": "plan.tier: [pro, 12]",
};

const CANNOT = {
  "before": "role: {before: 2026-01-01}",
  "after": "role: {after: 2026-01-01}",
  "prerelease": "role: {version_gte: 1.2.3-beta}",
  "word": "role: {matches: '^\\w+$'}",
  "class": "role: {matches: '^[[:alpha:]]+$'}",
  "wide-twice": "role: {matches: '^.+.+$'}",
  "wide-count": "role: {matches: '^.{3}$'}",
  "inherited": "constructor: x",
};

test("every operator that can be said holds for the same traits in the SDK", async () => {
  const files = {};
  for (const [name, audience] of Object.entries({ ...OPERATORS, ...CANNOT })) {
    files[`${name}.yaml`] = file(name, { more: `audience: {${audience}}\n` });
  }
  const server = await Gangway.start({ files, options: ["--growthbook"] });
  try {
    const sdk = await client(server);
    for (const name of Object.keys(OPERATORS)) {
      const draw = random(7);
      const traitsOf = (i) => {
        const traits = { other: i };
        const role = i < TRAITS.length ? TRAITS[i] : TRAITS[draw(TRAITS.length)];
        const plan = TRAITS[draw(TRAITS.length)];
        if (role !== undefined) traits.role = role;
        if (plan !== undefined) traits.plan = plan;
        return traits;
      };
      const seen = await compare(server, sdk, name, "user", TRAITS.length * 8, traitsOf);
      assert.ok(seen.split > 0, `${name} takes nobody`);
      assert.ok(seen.not_in_audience > 0, `${name} takes everybody`);
    }
    const payload = await (await fetch(`${server.url}/api/features/any`)).json();
    for (const name of Object.keys(CANNOT)) {
      assert.equal(payload.features[name], undefined, name);
      assert.match(server.log(), new RegExp(`left out of the payload.*experiment=${name} `));
    }
    assert.deepEqual(Object.keys(payload.features), Object.keys(OPERATORS).sort());
  } finally {
    await server.close();
  }
});

const PLACES = {
  "plain": {},
  "covered": { more: "traffic: {coverage: 30%}\n" },
  "ramped": { more: "traffic: {ramp: [{from: 2020-01-01, coverage: 10%}, {from: 2021-01-01, coverage: 45%}, {from: 2099-01-01, coverage: 100%}]}\n" },
  "exclusive": { more: "traffic: {exclusive: {group: home, range: 20%..70%}, coverage: 80%}\n" },
  "held": { more: "traffic: {holdout: {group: q4, share: 20%}, coverage: 50%}\n" },
  "held-exclusive": { more: "traffic: {holdout: {group: q4, share: 20%}, exclusive: {group: tip, range: 0%..60%}}\naudience: {plan: {gte: 2}}\n" },
  "forced": { more: "audience: {plan: {gte: 3}}\nforce: {place-1: new, place-2: old, place-3: new}\n" },
  "salted": { more: "salt: \"é “salt”\"\nphase: 2\n" },
  "three": { variants: "  a: {weight: 33.3%}\n  b: {control: true, weight: 33.3%}\n  c: {weight: 33.4%}" },
  "values": { variants: "  a: {control: true, config: {n: 1, t: \"é\", l: [1, null]}}\n  b: {config: {n: 2}}" },
  "number": { variants: "  a: {control: true, config: 1.5}\n  b: {config: 2}", more: "serve: config\n" },
  "boolean": { variants: "  a: {control: true, config: false}\n  b: {config: true}", more: "serve: config\n" },
  "paused": { status: "paused" },
  "stopped": { status: "stopped", more: "end: 2021-01-01\n" },
  "rolled-out": { status: "stopped", more: "end: 2021-01-01\nrollout: {to: new, coverage: 30%}\ntraffic: {holdout: {group: q4, share: 20%}}\n" },
  "rolled-out-some": { status: "stopped", more: "end: 2021-01-01\nrollout: {to: old, coverage: 0%}\ntraffic: {coverage: 50%, exclusive: {group: away, range: 0%..50%}}\naudience: {plan: {lte: 3}}\n" },
  "ended": { more: "end: 2021-01-01\ntraffic: {holdout: {group: q4, share: 20%}, coverage: 70%}\n" },
  "later": { start: "2099-01-01" },
  "elsewhere": { more: "assignment: elsewhere\n" },
  "accounts": { unit: "account", more: "traffic: {coverage: 50%}\nforce: {place-7: new}\n" },
  "visitors": { unit: "anonymous" },
  "draft-forced": { status: "draft", more: "force: {place-5: new}\n" },
};

test("every line of the table of section 8 gives the same value and the same exposure", async () => {
  const files = {};
  for (const [name, options] of Object.entries(PLACES)) files[`${name}.yaml`] = file(name, options);
  files["draft.yaml"] = file("draft", { status: "draft" });
  const server = await Gangway.start({ files, options: ["--growthbook"] });
  const reasons = {};
  try {
    const sdk = await client(server);
    for (const [name, { unit = "user" }] of Object.entries(PLACES)) {
      const traitsOf = (i) => ({ plan: i % 6 });
      const seen = await compare(server, sdk, name, unit, 3000, traitsOf, "place");
      for (const reason of Object.keys(seen)) reasons[reason] = true;
    }
    const payload = await (await fetch(`${server.url}/api/features/any`)).json();
    assert.deepEqual(Object.keys(payload.features), Object.keys(PLACES).sort());
  } finally {
    await server.close();
  }
  assert.deepEqual(Object.keys(reasons).sort(), ["assigned_elsewhere", "draft", "ended", "excluded",
    "forced", "holdout", "not_in_audience", "not_in_coverage", "not_started", "paused",
    "rolled_out", "split", "stopped"]);
});

const PIECES = ["a", "b", "é", "ab", ".", ".*", ".+", "[ab]", "[^a]*", "[^a]+", "[^é]", "[]a]", "[a-]",
  "[b/^]", "(", ")", "|", "^", "$", "*", "+", "?", "{2}", "{1,}", "\\.", "/", "]", "}", "-"];

/** Texts of a few letters, and all that a few pieces can tell apart. */
function texts(draw) {
  const letters = ["a", "b", "é", ".", "/", "]", "^", "-", "}", "\n", "日", "\u{1F600}"];
  return Array.from({ length: 120 }, () =>
    Array.from({ length: draw(5) }, () => letters[draw(letters.length)]).join(""));
}

test("random expressions match the same texts, or are left out", async () => {
  const draw = random(LONG ? 12 : 11);
  const patterns = {};
  for (let i = 0; i < (LONG ? 3000 : 400); i++) {
    const pattern = Array.from({ length: 1 + draw(6) }, () => PIECES[draw(PIECES.length)]).join("");
    patterns[`p${i}`] = pattern;
  }
  const fileOf = (key) =>
    file(key, { more: `audience: {role: {matches: '${patterns[key]}'}}\n` });
  const names = Object.keys(patterns);
  const folder = { "none.yaml": file("none") };
  const server = await Gangway.start({ files: folder, options: ["--growthbook", "--no-watch"] });
  let said = 0, matched = 0;
  try {
    for (const name of names) server.write(`${name}.yaml`, fileOf(name));
    const outcome = await (await server.post("/v1/reload", {})).json();
    assert.ok(outcome, "the good ones are in service, regcomp has refused the others");
    const sdk = await client(server);
    const payload = await (await fetch(`${server.url}/api/features/any`)).json();
    const samples = texts(draw);
    for (const name of names.filter((one) => payload.features[one])) {
      const seen = await compare(server, sdk, name, "user", samples.length,
        (i) => ({ role: samples[i] }), "unit", ` (${patterns[name]})`);
      said++;
      matched += seen.split > 0;
    }
  } finally {
    await server.close();
  }
  assert.ok(said > names.length / 8, `${said} of ${names.length} could be said`);
  assert.ok(matched > said / 4, `${matched} of ${said} match any text`);
});

const COUNT = LONG ? 1000000 : 60000;

test(`${COUNT} units get in the SDK what the server gives them`, async () => {
  const files = { "run.yaml": file("run", { more: `\
audience: {role: [sales_rep, sales_manager], employees: {gte: 2}, not: {email: {ends_with: "@example.com"}}}
traffic: {coverage: 80%, holdout: {group: q4, share: 5%}, exclusive: {group: first, range: 0%..90%}}
` }) };
  const server = await Gangway.start({ files, options: ["--growthbook"] });
  try {
    const sdk = await client(server);
    const traitsOf = (i) => ({
      role: ["sales_rep", "sales_manager", "owner", "marketer"][i % 4],
      employees: i % 3 ? i % 50 : String(i % 50),
      email: i % 7 ? `a${i}@crm.test` : `a${i}@example.com`,
    });
    const seen = await compare(server, sdk, "run", "user", COUNT, traitsOf, "rep");
    for (const reason of ["split", "holdout", "excluded", "not_in_coverage", "not_in_audience"]) {
      assert.ok(seen[reason] > COUNT / 100, `${reason}: ${JSON.stringify(seen)}`);
    }
  } finally {
    await server.close();
  }
});

test("the payload is off, has a tag, is asked about again, and follows the files", async () => {
  const files = { "one.yaml": file("one") };
  const off = await Gangway.start({ files });
  try {
    assert.equal((await fetch(`${off.url}/api/features/any`)).status, 404);
  } finally {
    await off.close();
  }
  const server = await Gangway.start({ files, options: ["--growthbook"] });
  try {
    const first = await fetch(`${server.url}/api/features/any`);
    const tag = first.headers.get("etag");
    assert.match(first.headers.get("content-type"), /^application\/json/);
    assert.equal(first.headers.get("cache-control"), "no-cache");
    const again = await fetch(`${server.url}/api/features/any`, { headers: { "if-none-match": tag } });
    assert.equal(again.status, 304);
    server.write("one.yaml", file("one", { status: "paused" }));
    const changed = await until("another payload", async () => {
      const got = await fetch(`${server.url}/api/features/any`, { headers: { "if-none-match": tag } });
      return got.status === 200 && got.json();
    });
    assert.deepEqual(changed.features.one.rules, []);
    const sdk = await client(server);
    assert.equal(sdk.evalFeature("one", { attributes: { id: "u" } }).value, "old");
  } finally {
    await server.close();
  }
});

test("the client key of the SDK is the key in the path", async () => {
  const server = await Gangway.start({ files: { "one.yaml": file("one") }, options: ["--growthbook"] });
  try {
    const key = server.run("key", "add", "--role", "client", "--name", "web").trim().split("\n").at(-1);
    await until("the keys are in force", async () =>
      (await fetch(`${server.url}/api/features/any`)).status === 401);
    const sdk = new GrowthBookClient({ apiHost: server.url, clientKey: key });
    assert.ok((await sdk.init({ timeout: 5000 })).success);
    assert.match(sdk.evalFeature("one", { attributes: { id: "u" } }).value, /^(old|new)$/);
    const wrong = new GrowthBookClient({ apiHost: server.url, clientKey: "gw_client_0" });
    assert.ok(!(await wrong.init({ timeout: 5000 })).success);
    assert.ok(!server.log().includes(key), "the key is in no log");
  } finally {
    await server.close();
  }
});
