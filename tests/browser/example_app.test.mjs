// The example page as a user meets it: `gangway demo` in a real browser. What reaches the journal
// is what was told; what is in the document at each moment is what was seen.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Gangway, SOURCE, browser, pathOf, sleep, until } from "../support/gangway.mjs";

const PROGRAM = process.env.GANGWAY || join(SOURCE, "build/debug/gangway");
const TRAITS = "role=sales_rep&employees=12&signup_channel=organic";
const LATE_MS = 2500; // later than the page waits

/** `gangway demo` in a TMPDIR of its own. */
class Demo {
  static async start(options = []) {
    const demo = new Demo();
    demo.folder = mkdtempSync(join(tmpdir(), "gangway-browser-"));
    demo.text = "";
    demo.process = spawn(PROGRAM, ["demo", "--listen", "127.0.0.1:0", ...options],
      { env: { ...process.env, TMPDIR: demo.folder }, stdio: ["ignore", "pipe", "pipe"] });
    demo.exited = new Promise((done) =>
      demo.process.once("exit", (code, signal) => done(code ?? signal)));
    for (const stream of [demo.process.stdout, demo.process.stderr]) {
      stream.on("data", (part) => { demo.text += part; });
    }
    process.once("exit", () => demo.process.kill("SIGKILL"));
    return demo;
  }

  async ready() {
    const line = () => /^listening on (.+)$/m.exec(this.text);
    const ended = this.exited.then((code) => { throw new Error(`ended: ${code}\n${this.text}`); });
    const [, address] = await Promise.race([until("the demo", line, 180000), ended]);
    await until("what to try", () => this.text.includes("Ctrl-C"));
    this.url = `http://${address}`;
    [this.own] = readdirSync(this.folder).map((name) => join(this.folder, name));
    this.store = join(this.own, "store");
    const metrics = await (await fetch(`${this.url}/metrics`)).text();
    this.begin = Number(/^gangway_journal_sequence (\d+)/m.exec(metrics)[1]) + 1;
    return this;
  }

  journal(from = this.begin) {
    return execFileSync(PROGRAM, ["export", "--store", this.store, "--from", String(from)],
      { encoding: "utf8", maxBuffer: 1 << 29 }).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }

  async assigned(user, experiment = "crm-first-run") {
    return (await fetch(`${this.url}/v1/assign/${experiment}?unit=${user}&${TRAITS}`)).json();
  }

  /** Somebody new whom the experiment gives this variant, or whom it does not take for a reason. */
  async somebody(what) {
    return until(`somebody: ${what}`, async () => {
      const found = await this.assigned(`test-${Math.random().toString(36).slice(2)}`);
      return (found.reason === "split" ? found.variant : found.reason) === what && found;
    });
  }

  async stop(signal = "SIGTERM") {
    this.process.kill(signal);
    return this.exited;
  }

  async close() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

let demo;
let chrome;
before(async () => {
  demo = await (await Demo.start()).ready();
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  await demo?.close();
});

const CHECKLIST = "Your first steps";
const WELCOME = "Good to have you";
const sentBy = (user) => demo.journal().filter((line) => line.userId === user);
const names = (lines) => lines.map((line) =>
  [line.event.replace("Onboarding Step ", ""), line.properties?.step].filter(Boolean).join(" "));

/** Until the journal holds so many messages of a user, in the order in which they happened. A page
 *  sends every five seconds, or what it has when it goes away: `page` believes that it does. What
 *  was on its way just then may come twice. */
async function heard(user, count, page) {
  let next = 0;
  const lines = await until(`${count} messages of ${user}`, async () => {
    if (Date.now() < next) return false;
    next = Date.now() + 150; // each look is a process
    await page?.evaluate(() => dispatchEvent(new Event("pagehide")));
    const found = [...new Map(sentBy(user).map((line) => [line.messageId, line])).values()];
    return found.length >= count && found;
  });
  return lines.sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
}

/** A browser of its own; whatever it complains of fails the test, but for what `fine` names. */
async function onPage(act, { fine = /^$/, view = {}, frames = false } = {}) {
  const place = await chrome.newContext(view);
  const page = await place.newPage();
  const faults = [];
  page.on("pageerror", (fault) => faults.push(String(fault)));
  page.on("console", (line) => {
    if (["error", "warning"].includes(line.type())) faults.push(line.text());
  });
  await page.addInitScript(() => {
    window.seen = [];
    window.violations = [];
    document.addEventListener("securitypolicyviolation",
      (event) => violations.push(event.violatedDirective));
    new MutationObserver(() => {
      const text = document.querySelector("#flow h2")?.textContent;
      if (text && seen.at(-1)?.text !== text) seen.push({ text, at: performance.now() });
    }).observe(document, { childList: true, subtree: true });
  });
  if (frames) await page.addInitScript(() => {
    window.painted = [];
    const paint = (at) => {
      const flow = document.querySelector("#flow");
      painted.push({ at, nodes: flow ? flow.childNodes.length +
        document.querySelectorAll(".tip, .card").length : 0 });
      if (painted.length < 600) requestAnimationFrame(paint);
    };
    requestAnimationFrame(paint);
    window.shift = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
      if (!entry.hadRecentInput) window.shift += entry.value;
    })).observe({ type: "layout-shift", buffered: true });
  });
  const go = (user) => page.goto(`${demo.url}/example/?user=${user}`);
  try {
    await act(page, go);
    assert.deepEqual(await page.evaluate(() => window.violations ?? []), []);
    assert.deepEqual(faults.filter((text) => !fine.test(text)), []);
  } finally {
    await place.close();
  }
}
const title = (page) => page.textContent("#flow h2");
/** Waits for a text: what a click does is seen a moment after it. */
const reads = (page, place, pattern) =>
  until(`${place} to read ${pattern}`, async () => pattern.test(await page.textContent(place)));
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();

test("each variant shows its own flow, and nobody sees another's", async () => {
  for (const [what, next] of [["tour", "A look around"], ["checklist", CHECKLIST]]) {
    const { unit, flow } = await demo.somebody(what);
    assert.ok(flow.length);
    await onPage(async (page, go) => {
      await go(unit);
      await page.waitForSelector("#flow .card");
      assert.equal(await title(page), WELCOME);
      await press(page, "Let’s begin");
      assert.equal(await title(page), next);
      assert.deepEqual((await page.evaluate(() => window.seen)).map((one) => one.text),
        [WELCOME, next]);
    });
  }
});

test("nothing of a flow is painted before the variant is known, and nothing jumps then", async () => {
  const { unit } = await demo.somebody("checklist");
  for (const view of [{ viewport: { width: 1280, height: 800 } },
    { viewport: { width: 390, height: 844 } }]) {
    await onPage(async (page, go) => {
      await page.route("**/v1/assign/crm-first-run*", async (route) => {
        await page.waitForFunction(() => painted.length >= 8, null, { timeout: 1200 }).catch(() => {});
        await route.continue();
      });
      await go(unit);
      await page.waitForSelector("#flow .card");
      await sleep(400);
      const { frames, seen, answered } = await page.evaluate(() => ({ frames: painted, seen,
        answered: performance.getEntriesByType("resource")
          .find((one) => one.name.includes("/v1/assign/crm")).responseEnd }));
      const before = frames.filter((frame) => frame.at < answered);
      assert.ok(before.length >= 5, `${before.length} frames were painted before the answer`);
      assert.deepEqual(before.filter((frame) => frame.nodes > 0), []);
      assert.equal(seen.length, 1);
      assert.ok(seen[0].at >= answered);
      const shift = await page.evaluate(() => window.shift);
      assert.ok(shift < 0.02, `a layout shift of ${shift} at ${view.viewport.width}`);
    }, { view, frames: true });
  }
});

test("one exposure, of what was shown, with the traits; a reload sends no other", async () => {
  const { unit, variant, exposure } = await demo.somebody("checklist");
  await onPage(async (page, go) => {
    await go(unit);
    await heard(unit, 2);
    await page.reload();
    await page.waitForSelector("#flow .card");
    await sleep(500);
    await page.goto("about:blank");
    await sleep(300);
    const exposures = sentBy(unit).filter((line) => line.event === "Experiment Viewed");
    assert.equal(exposures.length, 1);
    assert.deepEqual(exposures[0].properties, exposure);
    assert.equal(exposure.variation_id, variant);
    assert.equal(exposures[0].context.traits.role, "sales_rep");
  });
});

test("the checklist, step by step to the goal", async () => {
  const { unit } = await demo.somebody("checklist");
  await onPage(async (page, go) => {
    await go(unit);
    await press(page, "Let’s begin");
    await press(page, "Import");
    assert.equal(await page.evaluate(() => document.activeElement.id), "contacts-field");
    await page.keyboard.type("nobody");
    await press(page, "Import contacts");
    await reads(page, "#contacts-note", /“nobody” is no e-mail address/);
    assert.equal(await page.getAttribute("#contacts-field", "aria-invalid"), "true");
    await page.fill("#contacts-field", "ada@harbour.example\nsam@harbour.example");
    await press(page, "Import contacts");
    await reads(page, "#flow .progress", /1 of 2/);
    await page.fill("#sequences-field", "A quick hello");
    await press(page, "Send as a sequence");
    await page.waitForSelector("#team .tip", { timeout: 10000 }); // triggered by idleness
    await page.locator("#team").scrollIntoViewIfNeeded();
    await page.fill("#team-field", "sam@harbour.example");
    await press(page, "Invite");
    assert.equal(await title(page), "You are all set");
    const lines = await heard(unit, 15, page);
    assert.deepEqual(names(lines), ["Experiment Viewed", "Viewed welcome", "Completed welcome",
      "Viewed import", "Viewed email", "Failed Task", "Failed import", "Contact Created",
      "Completed import", "Contact Created", "Email Sent", "Completed email", "Viewed invite",
      "Teammate Invited", "Completed invite"]);
    const goal = lines.filter((line) => ["Contact Created", "Email Sent"].includes(line.event));
    assert.equal(goal.find((line) => line.event === "Email Sent").properties.sequence, true);
    const steps = lines.filter((line) => line.event.startsWith("Onboarding"));
    assert.ok(steps.every((line) => line.properties.experiment_id === "crm-first-run"));
  });
});

test("who comes back goes on where they were", async () => {
  const { unit } = await demo.somebody("checklist");
  await onPage(async (page, go) => {
    await go(unit);
    await press(page, "Let’s begin");
    await page.reload();
    await page.waitForSelector("#flow .card");
    assert.equal(await title(page), CHECKLIST);
    await press(page, "Hide the checklist");
    const lines = await until("the dismissals", async () => {
      await sleep(100);
      await page.evaluate(() => dispatchEvent(new Event("pagehide")));
      const found = sentBy(unit).filter((line) => line.event.endsWith("Dismissed"));
      return found.length === 2 && found;
    });
    assert.deepEqual(names(lines).sort(), ["Dismissed email", "Dismissed import"]);
  });
});

test("the tour, with the keyboard alone", async () => {
  const { unit } = await demo.somebody("tour");
  await onPage(async (page, go) => {
    const tabTo = async (text) => {
      for (let i = 0; i < 40; i++) {
        const at = await page.evaluate(() => document.activeElement.textContent.trim());
        if (at === text) return page.keyboard.press("Enter");
        await page.keyboard.press("Tab");
      }
      throw new Error(`no way to “${text}” with Tab`);
    };
    await go(unit);
    await page.waitForSelector("#flow .card");
    await tabTo("Let’s begin");
    for (const panel of ["contacts", "sequences", "team"]) {
      assert.equal(await page.evaluate(() =>
        document.activeElement.closest(".panel")?.id ?? document.activeElement.tagName), panel);
      await tabTo(panel === "team" ? "Finish the tour" : "Next");
    }
    assert.equal(await title(page), "You are all set");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "You are all set");
    assert.equal(await page.locator(".tip, .pointed").count(), 0);
    assert.deepEqual(names(await heard(unit, 6, page)), ["Experiment Viewed", "Viewed welcome",
      "Completed welcome", "Viewed tour", "Tour Finished", "Completed tour"]);
  });
});

test("Escape leaves the tour, which is a dismissal", async () => {
  const { unit } = await demo.somebody("tour");
  await onPage(async (page, go) => {
    await go(unit);
    await press(page, "Let’s begin");
    await page.keyboard.press("Escape");
    assert.equal(await page.locator(".tip").count(), 0);
    assert.ok(names(await heard(unit, 5, page)).includes("Dismissed tour"));
  });
});

test("whom the experiment does not take gets the control, and nothing is logged of the flow", async () => {
  for (const reason of ["excluded", "not_in_coverage"]) {
    const { unit } = await demo.somebody(reason);
    await onPage(async (page, go) => {
      await go(unit);
      await press(page, "Let’s begin");
      assert.equal(await title(page), "A look around");
      await page.fill("#contacts-field", "ada@harbour.example");
      await press(page, "Import contacts");
      assert.deepEqual(names(await heard(unit, 1, page)), ["Contact Created"]);
    });
  }
  const held = await demo.somebody("holdout");
  await onPage(async (page, go) => {
    await go(held.unit);
    const lines = await heard(held.unit, held.exposure ? 1 : 0, page);
    assert.deepEqual(lines.map((line) => line.properties), held.exposure ? [held.exposure] : []);
  });
});

const AWAY = /Failed to load resource|net::ERR/;

test("without the service the control is shown, in time, and no exposure is sent, ever", async () => {
  const { unit } = await demo.somebody("checklist");
  await onPage(async (page, go) => {
    await page.route("**/v1/**", (route) => route.abort());
    await go(unit);
    await press(page, "Let’s begin");
    assert.equal(await title(page), "A look around");
    await page.fill("#contacts-field", "ada@harbour.example");
    await press(page, "Import contacts");
    await page.unroute("**/v1/**"); // it is back: what the user did is told, and only that
    assert.deepEqual(names(await heard(unit, 1, page)), ["Contact Created"]);
    await sleep(500);
    assert.equal(sentBy(unit).length, 1);
  }, { fine: AWAY });
});

test("a late answer is no answer: what is shown stays", async () => {
  const { unit } = await demo.somebody("checklist");
  await onPage(async (page, go) => {
    await page.route("**/v1/assign/crm-first-run*", async (route) => {
      await sleep(LATE_MS);
      await route.continue().catch(() => {});
    });
    await go(unit);
    await page.waitForSelector("#flow .card");
    await sleep(LATE_MS);
    await press(page, "Let’s begin");
    assert.equal(await title(page), "A look around");
    assert.deepEqual(sentBy(unit), []);
  }, { fine: AWAY });
});

test("who was shown a variant keeps it when the service is away", async () => {
  const { unit } = await demo.somebody("checklist");
  await onPage(async (page, go) => {
    await go(unit);
    await heard(unit, 2);
    await page.route("**/v1/assign/**", (route) => route.abort());
    await page.reload();
    await press(page, "Let’s begin");
    assert.equal(await title(page), CHECKLIST);
  }, { fine: AWAY });
});

test("what was just done is told by beacon when the page goes away", async () => {
  const { unit } = await demo.somebody("checklist");
  await onPage(async (page, go) => {
    await go(unit);
    await press(page, "Let’s begin");
    await page.fill("#contacts-field", "ada@harbour.example");
    await press(page, "Import contacts");
    await page.goto("about:blank");
    assert.deepEqual(new Set(names(await heard(unit, 7))), new Set(["Experiment Viewed",
      "Viewed welcome", "Completed welcome", "Viewed import", "Viewed email", "Contact Created",
      "Completed import"]));
  });
});

test("somebody new is in the experiment, and the strip says what was said", async () => {
  await onPage(async (page) => {
    await page.goto(`${demo.url}/example`); // which leads to the folder
    await page.waitForSelector("#flow .card");
    assert.equal(new URL(page.url()).pathname, "/example/");
    assert.match(await page.textContent("#said"), /^(tour|checklist) · in the experiment$/);
    const user = await page.textContent("#person");
    await page.reload();
    assert.equal(await page.textContent("#person"), user);
    await page.getByRole("link", { name: "Someone else" }).click();
    await until("another", async () => ![user, ""].includes(await page.textContent("#person")));
  });
});

test("axe finds nothing to object to, light and dark, wide and narrow", async () => {
  const axe = readFileSync(pathOf("axe-core/axe.min.js"), "utf8");
  const views = [{}, { colorScheme: "dark", viewport: { width: 390, height: 844 } }];
  for (const [at, user] of ["qa-user-1", "qa-user-2"].entries()) {
    // In the short form of the tests each flow is looked at in one of the two.
    for (const view of process.env.GANGWAY_LONG === "1" ? views : [views[at]]) {
      await onPage(async (page, go) => {
        const look = async () => {
          await sleep(300); // what appears has appeared
          const { violations } = await page.evaluate(() =>
            window.axe.run(document, { resultTypes: ["violations"] }));
          assert.deepEqual(violations.map((one) =>
            `${one.id}: ${one.nodes.map((node) => node.target).join(", ")}`), []);
        };
        await go(user);
        await page.waitForSelector("#flow .card");
        await page.evaluate(axe);
        await look();
        await press(page, "Let’s begin");
        await look();
        await page.fill("#contacts-field", "nobody");
        await press(page, "Import contacts");
        await look();
        const wide = await page.evaluate(() =>
          document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(wide, 0, "nothing has to be scrolled sideways");
      }, { view });
    }
  }
});

test("the policy is strict: what is injected does not run", async () => {
  await onPage(async (page, go) => {
    await go("qa-user-1");
    await page.waitForSelector("#flow .card");
    const ran = await page.evaluate(async () => {
      const script = document.createElement("script");
      script.textContent = "window.injected = true";
      document.body.append(script);
      document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.injected = true'>");
      await new Promise((done) => setTimeout(done, 200));
      return window.injected === true;
    });
    assert.equal(ran, false);
    const found = await page.evaluate(() => window.violations.splice(0));
    assert.ok(found.some((directive) => directive.startsWith("script-src")), `${found}`);
  }, { fine: /Content Security Policy|404|Failed to load/ });
});

test("files: types, tags, and nothing but the files", async () => {
  const get = (path, headers = {}) => fetch(demo.url + path, { headers, redirect: "manual" });
  for (const [name, type] of [["", "text/html"], ["app.mjs", "text/javascript"],
    ["style.css", "text/css"], ["pier.svg", "image/svg+xml"], ["segment_batch.mjs", "text/javascript"]]) {
    const answer = await get(`/example/${name}`);
    assert.equal(answer.status, 200, name);
    assert.ok(answer.headers.get("content-type").startsWith(type), name);
    assert.match(answer.headers.get("content-security-policy"), /^default-src 'none'; script-src 'self'/);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.equal(answer.headers.get("cache-control"), "no-cache");
    const folder = name === "segment_batch.mjs" ? "tools/clients/js" : "experiments/example-app";
    assert.equal(await answer.text(),
      readFileSync(join(SOURCE, folder, name || "index.html"), "utf8"), name);
    const tag = answer.headers.get("etag");
    const again = await get(`/example/${name}`, { "if-none-match": tag });
    assert.deepEqual([again.status, await again.text()], [304, ""]);
    assert.equal((await get(`/example/${name}`, { "if-none-match": '"other"' })).status, 200);
  }
  for (const path of ["/example/nothing.mjs", "/example/..%2findex.html", "/example/%2e%2e/x"]) {
    assert.equal((await get(path)).status, 404, path);
  }
  const server = await Gangway.start();
  try {
    assert.equal((await fetch(`${server.url}/example/`)).status, 404, "serve has no example page");
  } finally {
    await server.close();
  }
});

test("a demo of its own: private while it is there, the same people by the same seed, gone after", {
  skip: process.env.GANGWAY_LONG === "1" ? false : "in the long form" }, async () => {
  const one = await (await Demo.start(["--seed", "7"])).ready();
  const other = await (await Demo.start(["--seed", "7"])).ready();
  try {
    assert.equal(statSync(one.own).mode & 0o777, 0o700);
    assert.match(one.text, /made-up people/);
    const [lines, others] = [one, other].map((each) => each.journal(1));
    assert.ok(lines.length > 20000);
    assert.ok(lines.every((line) => !line.userId || line.userId.startsWith("made-up-")));
    const day = (line) => `${line.userId} ${line.event} ${line.timestamp?.slice(0, 10)}`;
    const most = Math.floor(lines.length / 2); // the last minute differs
    assert.deepEqual(lines.slice(0, most).map(day), others.slice(0, most).map(day));
    const found = await (await fetch(`${one.url}/v1/experiments`)).json();
    assert.ok(found.experiments.length >= 4);
    for (const { experiment, status } of found.experiments) {
      assert.equal(status, "running", experiment);
      const report = await (await fetch(`${one.url}/v1/experiments/${experiment}/report`)).json();
      assert.ok(report.variants.every((variant) => variant.exposed > 50), experiment);
    }
    assert.equal(await one.stop("SIGINT"), 0);
    assert.equal(await other.stop("SIGTERM"), 0);
    assert.ok(!existsSync(one.own) && !existsSync(other.own));
    const early = await Demo.start();
    await until("its folder", () => readdirSync(early.folder).length);
    assert.equal(await early.stop("SIGINT"), 0, "also while it is being filled");
    assert.deepEqual(readdirSync(early.folder), []);
    rmSync(early.folder, { recursive: true });
  } finally {
    await one.close();
    await other.close();
  }
});
