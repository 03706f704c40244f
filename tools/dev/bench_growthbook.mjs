// The reference of bench_assign: the same experiment and the same traits, by the GrowthBook SDK.
//
//     node bench_growthbook.mjs FOLDER [SECONDS]      FOLDER has node_modules/@growthbook/growthbook
//     node bench_growthbook.mjs FOLDER serve PORT     the same behind node's bare http server
//
// GrowthBookClient is the SDK's own form for servers: one client, attributes with each call.
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";

const [folder, seconds = "1", port] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(folder), "package.json"));
const { GrowthBookClient } = require("@growthbook/growthbook");

const UNITS = 4096;
const client = new GrowthBookClient({});
const experiment = {
  key: "crm-first-run",
  seed: "crm-first-run",
  hashVersion: 2,
  variations: ["tour", "checklist"],
  weights: [0.5, 0.5],
  coverage: 0.8,
  condition: {
    role: { $in: ["sales_manager", "sales_rep"] },
    employees: { $gte: 2 },
    $not: { email: { $regex: "@example\\.com$" } },
  },
};
const contexts = Array.from({ length: UNITS }, (_, i) => ({
  attributes: {
    id: `user-${String(i).padStart(8, "0")}`,
    role: i % 4 ? "sales_rep" : "sales_manager",
    employees: 40,
    email: "rep@crm.example",
  },
}));

function measure() {
  let calls = 0;
  let inside = 0;
  const start = process.cpuUsage();
  let spent = 0;
  do {
    for (const context of contexts)
      inside += client.runInlineExperiment(experiment, context).inExperiment;
    calls += UNITS;
    const used = process.cpuUsage(start);
    spent = used.user + used.system;
  } while (spent < Number(seconds) * 1e6);
  console.log(
    `three-clause audience        ${(calls / spent).toFixed(3).padStart(8)} million/s ` +
      `${((spent * 1000) / calls).toFixed(1).padStart(8)} ns/op   ` +
      `${((100 * inside) / calls).toFixed(1)}% in the experiment`,
  );
}

const experiments = [experiment, ...Array.from({ length: 9 }, (_, i) => ({
  ...experiment, key: `${experiment.key}-${i + 1}`, seed: `${experiment.key}-${i + 1}`,
}))];

function flag(one, attributes) {
  const result = client.runInlineExperiment(one, { attributes });
  return { key: one.key, value: result.value, reason: "SPLIT", variant: result.value,
    metadata: { in_experiment: result.inExperiment } };
}

/* OpenFeature's protocol: one flag, or all. */
function answerFlags(request, response) {
  let body = "";
  request.on("data", (part) => { body += part; });
  request.on("end", () => {
    const { targetingKey, ...attributes } = JSON.parse(body).context;
    attributes.id = targetingKey;
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(request.url.endsWith("/flags")
      ? { flags: experiments.map((one) => flag(one, attributes)) }
      : flag(experiment, attributes)));
  });
}

function answer(request, response) {
  if (request.method === "POST") return answerFlags(request, response);
  const query = new URL(request.url, "http://localhost").searchParams;
  const attributes = { id: query.get("unit") };
  for (const [name, value] of query) if (name !== "unit") attributes[name] = value;
  if (attributes.employees) attributes.employees = Number(attributes.employees);
  const result = client.runInlineExperiment(experiment, { attributes });
  response.setHeader("Content-Type", "application/json");
  response.end(
    JSON.stringify({
      unit: attributes.id,
      experiment: experiment.key,
      variant: result.value,
      in_experiment: result.inExperiment,
      reason: "split",
    }),
  );
  return undefined;
}

if (seconds === "serve") http.createServer(answer).listen(Number(port), "127.0.0.1");
else measure();
