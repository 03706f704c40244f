// The program as real SDKs meet it: started on a free port with a folder of its own, ended by its
// process id.  Standard modules of node only (18 and later), so that it can always be imported.
//
//     const server = await Gangway.start({ files: { "one.yaml": experiment() } });
//     try {
//       ... an SDK talks to server.url ...
//       assert.deepEqual(server.journal().map((line) => line.event), ["Contact Created"]);
//     } finally {
//       await server.close();
//     }
//
// The packages of tests/clients are had by `packageOf(name)` from anywhere in the tree; what is not
// installed fails the test with a text that says how to install it.

import { execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync,
  rmSync, writeFileSync } from "node:fs";
import { createServer, request as ask } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

export const SOURCE = process.env.SOURCE_DIR ||
  resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const PROGRAM = process.env.GANGWAY || join(SOURCE, "build/debug/gangway");
const CLIENTS = join(SOURCE, "tests/clients");
const inClients = createRequire(join(CLIENTS, "package.json"));
const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";

/** Where a file of an installed package is: pathOf("posthog-js/dist/array.js"). */
export function pathOf(file) {
  const path = join(CLIENTS, "node_modules", file);
  if (!existsSync(path)) {
    throw new Error(`${file} is not in tests/clients/node_modules: run tools/setup test`);
  }
  return path;
}

/** An installed package that is loaded by require, from a test in any folder. */
export function packageOf(name) {
  pathOf(name);
  return inClients(name);
}

export function versionOf(name) {
  return JSON.parse(readFileSync(pathOf(`${name}/package.json`), "utf8")).version;
}

const METRICS = `\
metrics:
  activated:
    stage: activation
    kind: conversion
    event: Contact Created
    within: 7d
`;

/** The text of an experiment with the variants old (control) and new. */
export function experiment({ key = "one", unit = "user", exposure = "on_view", status = "running",
  more = "" } = {}) {
  return `\
experiment: ${key}
name: ${key}
owner: tests
hypothesis: The new flow activates more of its units than the old one, since it is shorter.
status: ${status}
unit: ${unit}
start: 2020-01-01
exposure: ${exposure}
variants:
  old: {control: true, weight: 50%}
  new: {weight: 50%}
metrics:
  goal: activated
  why: Who has created a contact has begun to use the product.
analysis: {peeking: always}
${more}`;
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Until `truth()` (may be async) is truthy; what it gave. */
export async function until(what, truth, timeoutMs = 20000) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const got = await truth();
    if (got) return got;
    if (Date.now() > end) throw new Error(`${what} did not come about in ${timeoutMs} ms`);
    await sleep(20);
  }
}

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

export class Gangway {
  /** `files`: names and texts of the experiments folder, metrics.yaml is there by itself;
   *  `options`: more of `gangway serve`. */
  static async start({ files = { "one.yaml": experiment() }, options = [],
    listen = "127.0.0.1:0" } = {}) {
    const server = new Gangway();
    server.folder = mkdtempSync(join(tmpdir(), "gangway-clients-"));
    server.experiments = join(server.folder, "experiments");
    server.store = join(server.folder, "store");
    server.options = options;
    server.listen = listen;
    mkdirSync(server.experiments);
    server.write("metrics.yaml", METRICS);
    for (const [name, text] of Object.entries(files)) server.write(name, text);
    await server.begin();
    return server;
  }

  /** Replaces a file as an editor does: beside it, then renamed. */
  write(name, text) {
    const path = join(this.experiments, name);
    writeFileSync(`${path}.tmp`, text);
    renameSync(`${path}.tmp`, path);
  }

  remove(name) {
    rmSync(join(this.experiments, name));
  }

  /** Starts the process and waits until it listens; also after `stop`, on the same port. */
  async begin() {
    const log = openSync(join(this.folder, "log"), "a");
    this.process = spawn(PROGRAM, ["serve", "--listen", this.listen, "--store", this.store,
      "--experiments", this.experiments, "--ready-fd", "3", ...this.options],
    { stdio: ["ignore", "ignore", log, "pipe"] });
    closeSync(log);
    running.add(this.process);
    this.exited = new Promise((done) => this.process.once("exit", (code, signal) => {
      running.delete(this.process);
      done(code ?? signal);
    }));
    const ready = new Promise((done, fail) => {
      let text = "";
      this.process.stdio[3].on("data", (part) => {
        text += part;
        const line = /^listening on (.*:(\d+))\n/m.exec(text);
        if (line) done(line);
      });
      this.process.once("error", fail);
      this.exited.then((code) => fail(new Error(`did not start: ${code}\n${this.log()}`)));
    });
    const [, address, port] = await ready;
    this.address = address;
    this.port = Number(port);
    this.listen = `127.0.0.1:${port}`;
    this.url = `http://127.0.0.1:${port}`;
  }

  log() {
    return readFileSync(join(this.folder, "log"), "utf8");
  }

  /** Ends it by a signal; its exit status. */
  async stop(signal = "SIGTERM") {
    this.process.kill(signal);
    return this.exited;
  }

  /** Ends it and removes its folder. */
  async close() {
    if (running.has(this.process)) await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The text that the program prints, run beside the server with its store. */
  run(...words) {
    return execFileSync(PROGRAM, [...words, "--store", this.store],
      { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"] });
  }

  /** The messages of the journal as `gangway export` writes them, in order of receipt. */
  journal() {
    return this.run("export").split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }

  /** Waits until the journal holds `count` messages that `which` takes; these. */
  async messages(count, which = () => true) {
    const found = () => {
      const lines = this.journal().filter(which);
      return lines.length >= count && lines;
    };
    return until(`${count} messages in the journal`, found);
  }

  async metric(name) {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const line = text.split("\n").find((one) => one.startsWith(`${name} `));
    return line && Number(line.slice(line.lastIndexOf(" ") + 1));
  }

  /** Until the state has read all that was committed. */
  async folded() {
    await until("the fold", async () =>
      await this.metric("gangway_fold_sequence") === await this.metric("gangway_journal_sequence"));
  }

  /** The report of an experiment by all that is committed up to now. */
  async report(key = "one", query = "") {
    await this.folded();
    const asOf = new Date(Date.now() - 1).toISOString();
    const path = `/v1/experiments/${key}/report?as_of=${asOf}${query}`;
    const got = await fetch(this.url + path, { headers: { accept: "application/json" } });
    if (got.status !== 200) throw new Error(`${path}: ${got.status} ${await got.text()}`);
    return got.json();
  }

  /** The variant that a unit gets. */
  async variantOf(unit, key = "one") {
    const path = `/v1/assign/${key}?unit=${encodeURIComponent(unit)}`;
    return (await (await fetch(this.url + path)).json()).variant;
  }

  async post(path, body, headers = { "content-type": "application/json" }) {
    const text = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
    return fetch(this.url + path, { method: "POST", body: text, headers });
  }
}

const readAll = async (stream) => {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
};

/**
 * A relay between an SDK and the program that keeps what went through, and can lose answers:
 *
 *     const line = await tap(server);              an SDK is pointed to line.url
 *     line.calls                                   [{method, path, headers, body, status, answer}]
 *     line.loseAnswers = 1;                        the next request arrives, its answer does not
 *
 * `body` is what came, inflated; `raw` its bytes.
 */
export async function tap(server) {
  const line = { calls: [], loseAnswers: 0 };
  const relay = createServer(async (request, response) => {
    try {
      const raw = await readAll(request);
      const options = { host: "127.0.0.1", port: server.port, method: request.method,
        path: request.url, headers: request.headers, agent: false };
      const answer = await new Promise((done, fail) => {
        ask(options, done).on("error", fail).end(raw);
      });
      const text = await readAll(answer);
      const packed = raw.length > 2 && raw[0] === 0x1f && raw[1] === 0x8b;
      line.calls.push({ method: request.method, path: request.url, headers: request.headers, raw,
        body: (packed ? gunzipSync(raw) : raw).toString(), status: answer.statusCode,
        answer: text.toString() });
      if (line.loseAnswers > 0) {
        line.loseAnswers--;
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.statusCode, answer.headers);
      response.end(text);
    } catch {
      request.socket.destroy();
    }
  });
  await new Promise((done) => relay.listen(0, "127.0.0.1", done));
  line.url = `http://127.0.0.1:${relay.address().port}`;
  line.port = relay.address().port;
  line.close = () => new Promise((done) => {
    relay.close(done);
    relay.closeAllConnections();
  });
  /** Sends a call again as it was; the answer. */
  line.again = (call) => server.post(call.path, call.raw, Object.fromEntries(
    ["content-type", "content-encoding", "authorization"].filter((name) => call.headers[name])
      .map((name) => [name, call.headers[name]])));
  return line;
}

/** Runs `work` with a clock that is `shiftMs` off, as an SDK in this process sees it. */
export async function withClock(shiftMs, work) {
  const real = globalThis.Date;
  globalThis.Date = class extends real {
    constructor(...parts) {
      if (parts.length) super(...parts);
      else super(real.now() + shiftMs);
    }

    static now() {
      return real.now() + shiftMs;
    }
  };
  try {
    return await work();
  } finally {
    globalThis.Date = real;
  }
}

/** A server of a page and its scripts.  `pages`: path -> {type, body}, or a function of the
 *  request.  Gives {url, close, requests}. */
export async function serve(pages) {
  const requests = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://page").pathname;
    const page = typeof pages[path] === "function" ? pages[path](request) : pages[path];
    requests.push(request.url);
    response.writeHead(page ? 200 : 404, { "content-type": page?.type || "text/plain" });
    response.end(page?.body || "");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    close: () => new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
    }),
  };
}

/* What playwright-core turns off by itself (the last such switch is the one that counts), and what
 * makes half of the work of a page that nobody sees: the address bar's popups, two pages a window,
 * and a spare process for the page after. */
const OFF = ["AvoidUnnecessaryBeforeUnloadCheckSync", "BoundaryEventDispatchTracksNodeRemoval",
  "DestroyProfileOnBrowserClose", "DialMediaRouteProvider", "GlobalMediaControls", "HttpsUpgrades",
  "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning", "Translate",
  "AutoDeElevate", "RenderDocument", "OptimizationHints", "WebUIOmniboxPopup",
  "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "SpareRendererForSitePerProcess"];

/** Debian's Chromium through playwright-core. */
export async function browser(options = {}) {
  const { chromium } = packageOf("playwright-core");
  if (!existsSync(CHROMIUM)) throw new Error(`no ${CHROMIUM}: run tools/setup test`);
  return chromium.launch({ executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", `--disable-features=${OFF}`], ...options });
}
