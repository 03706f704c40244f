/* Draws every <figure class="chart"> of a report with Observable Plot. The article has the same
 * figures as tables: what is drawn here adds a picture and nothing else.
 *
 * A saved file has the document beside the article (<script type="application/json" id="document">),
 * and Plot and d3 as globals: all is drawn at once. A page that is served names both, the document
 * in data-report of the article, the scripts in <meta name="draws-with">: they are loaded when the
 * first figure comes near to what is seen, after the page is there, and each figure is drawn when it
 * comes near. <html data-charts> is "waiting", "drawn" (what was near) or "none" (that could be had).
 *
 * Nothing here sets markup from a text: names become
 * text nodes. Plot's own <style> is taken out of each picture before it joins the page, because the
 * page's policy forbids it; report.css has its rules. Colours are the variables of report.css, so
 * they follow light, dark and print; each variant has a dash and a sign of its own as well.
 *
 * A page that puts in another article calls drawCharts() again.
 */
let Plot = globalThis.Plot;
const WIDTH_MAX = 736;
const NAME_MAX = 22;
const dashes = [null, null, "7 3", "2 3", "9 3 2 3", "4 2", "1 2", "12 3"];
const symbols = ["circle", "circle", "square", "triangle", "diamond", "star", "wye", "cross"];
const shares = new Set(["conversion", "retention", "retention_curve", "breadth"]);

/* As in the tables: what turns around the text beside it, or is no letter, is shown as such. */
const shown = (name) => name.replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
function short(name) {
  const letters = [...shown(name)];
  return letters.length > NAME_MAX ? `${letters.slice(0, NAME_MAX - 1).join("")}…` : letters.join("");
}
const hue = (at) => `var(--v${Math.min(at, 7)})`;
const measureOf = (metric) =>
  shares.has(metric.kind)
    ? { scale: 100, unit: "points" }
    : { scale: 1, unit: metric.kind === "time_to" ? "days" : "" };
const labelOf = (words, unit) => (unit ? `${words}, ${unit} →` : `${words} →`);

/* The interval that the tables show: the final one where there is one, else the anytime one. */
function shownOf(effect, scale) {
  const pair = effect?.interval ?? effect?.anytime_interval;
  if (!effect || effect.estimate === null || !pair) return null;
  return { at: scale * effect.estimate, low: scale * pair[0], high: scale * pair[1] };
}

/* Room for the names at the left, by the longest of them. */
const leftOf = (names) => Math.min(170, 18 + 6.6 * Math.max(0, ...names.map((n) => short(n).length)));

function picture(options) {
  const x = { labelOffset: 33, ...options.x }; // clear of the edge, which cuts what hangs below a line
  const svg = Plot.plot({ marginTop: 12, marginBottom: 38, ...options, x });
  for (const style of svg.querySelectorAll("style")) style.remove();
  svg.removeAttribute("class");
  for (const part of svg.querySelectorAll("[aria-label], [aria-hidden]")) {
    part.dataset.mark = part.getAttribute("aria-label") ?? ""; // the picture as a whole has the words
    part.removeAttribute("aria-label");
    part.removeAttribute("aria-hidden");
  }
  return svg;
}

const zero = (axis) =>
  axis === "x"
    ? Plot.ruleX([0], { stroke: "currentColor", strokeOpacity: 0.55 })
    : Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.55 });
const across = () => Plot.gridX({ stroke: "currentColor", strokeOpacity: 0.1 });
const upward = () => Plot.gridY({ stroke: "currentColor", strokeOpacity: 0.1 });

/* Which variant has which colour, dash and sign: by its place in the document. */
class Series {
  constructor(report) {
    this.names = report.variants.map((variant) => variant.variant);
  }

  at(name) {
    return Math.max(0, this.names.indexOf(name));
  }

  look(name) {
    const at = this.at(name);
    return { stroke: hue(at), strokeDasharray: dashes[at % 8], strokeWidth: at ? 2 : 1.75 };
  }

  dot(name) {
    return { symbol: symbols[this.at(name) % 8], r: 4.5, stroke: hue(this.at(name)) };
  }

  sign(name) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const shape = symbols[this.at(name) % 8];
    const type = d3[`symbol${shape[0].toUpperCase()}${shape.slice(1)}`];
    path.setAttribute("d", d3.symbol(type, 50)());
    path.setAttribute("transform", "translate(12,6)");
    path.setAttribute("fill", hue(this.at(name)));
    return path;
  }

  /* `dots`: they tell the variants apart, as in a forest; lines alone are dashed. */
  key(names, dots = false) {
    const key = document.createElement("div");
    key.className = "key-of";
    for (const name of names) {
      const item = document.createElement("span");
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
      const bdi = document.createElement("bdi");
      const places = { x1: 0, x2: 24, y1: 6, y2: 6, stroke: hue(this.at(name)) };
      for (const [of, value] of Object.entries(places)) line.setAttribute(of, value);
      line.setAttribute("stroke-width", "2.5");
      if (dashes[this.at(name) % 8] && !dots)
        line.setAttribute("stroke-dasharray", dashes[this.at(name) % 8]);
      svg.setAttribute("viewBox", "0 0 24 12");
      svg.setAttribute("aria-hidden", "true");
      svg.append(line);
      if (dots) svg.append(this.sign(name));
      bdi.textContent = shown(name);
      item.append(svg, bdi);
      key.append(item);
    }
    return key;
  }
}

function drawInterval({ metric, series, width }) {
  const { scale, unit } = measureOf(metric);
  const rows = metric.comparisons
    .map((one) => ({ name: one.variant, guardrail: one.guardrail, ...shownOf(one.difference, scale) }))
    .filter((row) => row.at !== undefined);
  if (!rows.length) return [];
  const names = rows.map((row) => row.name);
  const margin = rows[0].guardrail && !rows[0].guardrail.relative ? rows[0].guardrail.margin : null;
  const limit = margin === null ? [] : [scale * margin * (metric.better === "lower" ? 1 : -1)];
  return [
    picture({
      width,
      height: 56 + 26 * rows.length,
      marginLeft: leftOf(names),
      marginRight: 24,
      x: { label: labelOf(margin === null ? "Difference" : "Difference, dashed: its margin", unit), nice: true },
      y: { label: null, domain: names, tickFormat: short, tickSize: 0 },
      marks: [
        across(),
        zero("x"),
        Plot.ruleX(limit, { stroke: "var(--bad)", strokeDasharray: "4 3" }),
        ...rows.flatMap((row) => [
          Plot.ruleY([row], { x1: "low", x2: "high", y: "name", stroke: series.look(row.name).stroke, strokeWidth: 2.5 }),
          Plot.tickX([row], { x: "low", y: "name", stroke: series.look(row.name).stroke, insetTop: 6, insetBottom: 6 }),
          Plot.tickX([row], { x: "high", y: "name", stroke: series.look(row.name).stroke, insetTop: 6, insetBottom: 6 }),
          Plot.dot([row], { x: "at", y: "name", ...series.dot(row.name), fill: series.look(row.name).stroke }),
        ]),
      ],
    }),
  ];
}

function forestRows(segment, scale, series) {
  const rows = [];
  for (const value of segment.values)
    value.comparisons.forEach((one, at) => {
      const raw = shownOf(one.difference, scale);
      const shrunken = shownOf(one.shrunken, scale);
      const middle = (value.comparisons.length - 1) / 2;
      if (raw)
        rows.push({ value: value.value, variant: one.variant, raw, shrunken, dy: 20 * (at - middle), of: series });
    });
  return rows;
}

function drawForest({ metric, series, width, segment }) {
  const { scale, unit } = measureOf(metric);
  const rows = forestRows(segment, scale, series);
  if (!rows.length) return [];
  const names = segment.values.map((value) => value.value);
  const variants = metric.comparisons.map((one) => one.variant);
  const whole = metric.comparisons
    .map((one) => ({ variant: one.variant, ...shownOf(one.difference, scale) }))
    .filter((one) => one.at !== undefined);
  const line = (row, of, dy, opacity) =>
    Plot.link([row], {
      x1: (d) => d[of].low, x2: (d) => d[of].high, y1: "value", y2: "value", dy,
      stroke: series.look(row.variant).stroke, strokeWidth: of === "raw" ? 2.25 : 1.25, strokeOpacity: opacity,
    });
  const dot = (row, of, dy) =>
    Plot.dot([row], {
      x: (d) => d[of].at, y: "value", dy, ...series.dot(row.variant), strokeWidth: 1.5,
      fill: of === "raw" ? series.look(row.variant).stroke : "var(--ground)",
    });
  const made = picture({
    width,
    height: 56 + names.length * (18 + 20 * variants.length),
    marginLeft: leftOf(names),
    marginRight: 24,
    x: { label: labelOf("Difference", unit), nice: true },
    y: { label: null, type: "point", domain: names, tickFormat: short, tickSize: 0, padding: 0.6 },
    marks: [
      across(),
      zero("x"),
      ...whole.map((one) =>
        Plot.ruleX([one.at], { stroke: series.look(one.variant).stroke, strokeDasharray: "3 3", strokeOpacity: 0.8 })),
      ...rows.flatMap((row) => [
        line(row, "raw", row.dy - (row.shrunken ? 4 : 0), 1),
        dot(row, "raw", row.dy - (row.shrunken ? 4 : 0)),
        ...(row.shrunken ? [line(row, "shrunken", row.dy + 5, 1), dot(row, "shrunken", row.dy + 5)] : []),
      ]),
    ],
  });
  return variants.length > 1 ? [series.key(variants, true), made] : [made];
}

/* The looks of one variant: lift where there is one, else the difference. */
function looksOf(metric, variant, scale, isLift) {
  return metric.over_time.flatMap((look) => {
    const one = look.comparisons.find((comparison) => comparison.variant === variant);
    const effect = isLift ? one?.lift : one?.difference;
    const pair = effect?.anytime_interval;
    if (!effect || effect.estimate === null) return [];
    return [{
      day: new Date(look.cohort ?? look.as_of),
      at: scale * effect.estimate,
      low: pair ? scale * pair[0] : NaN,
      high: pair ? scale * pair[1] : NaN,
    }];
  });
}

/* Bands of the first days are wide: the scale is that of the later half, with its estimates; where
 * no band is known, that of all estimates. */
function heightOf(lines) {
  const isBanded = lines.some((line) => line.some((look) => Number.isFinite(look.low)));
  const ends = lines.flatMap((line) => {
    const later = line.slice(isBanded ? Math.floor(line.length / 2) : 0);
    return [...later.flatMap((look) => [look.low, look.high, look.at]), 0];
  }).filter(Number.isFinite);
  const low = Math.min(...ends), high = Math.max(...ends), room = 0.15 * (high - low || 1);
  return [low - room, high + room];
}

function drawOverTime({ metric, series, width }) {
  const last = metric.over_time.at(-1);
  const isLift = Boolean(last?.comparisons.some((one) => one.lift?.anytime_interval));
  const measure = isLift ? { scale: 100, unit: "%" } : measureOf(metric);
  const variants = metric.comparisons.map((one) => one.variant);
  const lines = variants.map((name) => looksOf(metric, name, measure.scale, isLift));
  if (!lines.some((line) => line.length > 1)) return [];
  const of = (at) => series.look(variants[at]);
  const made = picture({
    width,
    height: 240,
    marginTop: 24,
    marginLeft: 52,
    marginRight: 12,
    x: { label: null, type: "utc", ticks: Math.max(3, Math.floor(width / 110)) },
    y: { label: `${isLift ? "Lift" : "Difference"}${measure.unit ? `, ${measure.unit}` : ""}`, labelArrow: "none", domain: heightOf(lines), clamp: false },
    marks: [
      upward(),
      ...lines.map((line, at) =>
        Plot.areaY(line, { x: "day", y1: "low", y2: "high", fill: of(at).stroke, fillOpacity: 0.14, clip: true })),
      ...lines.flatMap((line, at) => ["low", "high"].map((end) =>
        Plot.line(line, { x: "day", y: end, stroke: of(at).stroke, strokeOpacity: 0.5, strokeWidth: 1, strokeDasharray: of(at).strokeDasharray, clip: true }))),
      zero("y"),
      ...lines.map((line, at) => Plot.line(line, { x: "day", y: "at", ...of(at), clip: true })),
      ...lines.map((line, at) => Plot.dot(line.slice(-1), { x: "day", y: "at", ...series.dot(variants[at]), fill: of(at).stroke })),
    ],
  });
  return [series.key(variants), made];
}

const pointsOf = (points) =>
  points.map((point) => ({
    day: point.day,
    at: 100 * point.value,
    low: point.interval ? 100 * point.interval[0] : NaN,
    high: point.interval ? 100 * point.interval[1] : NaN,
    atRisk: point.at_risk,
  }));

/* Days that both the axis and the counts below it name: at most six, so that counts have room. */
function daysOf(days) {
  const steps = [1, 2, 3, 5, 7, 10, 14, 21, 28, 30, 60, 90, 180];
  const step = steps.find((one) => days / one <= 5) ?? days / 4;
  const each = days < 2 ? days / 4 : step;
  return Array.from({ length: Math.floor(days / each + 1e-9) + 1 }, (_, at) => each * at);
}

/* How many were still followed, under the days of the curves. */
function drawAtRisk(curves, variants, days, width, left) {
  const ticks = daysOf(days);
  const cells = curves.flatMap((points, at) =>
    ticks.map((day) => ({
      day,
      variant: variants[at],
      count: points.findLast((point) => point.day <= day)?.atRisk ?? 0,
    })));
  return picture({
    width,
    height: 26 + 16 * variants.length,
    marginTop: 20,
    marginBottom: 2,
    marginLeft: left,
    marginRight: 16,
    x: { domain: [0, days], axis: null },
    y: { domain: variants, label: "Still followed", labelArrow: "none", labelAnchor: "top", tickFormat: short, tickSize: 0 },
    marks: ticks.map((day, at) =>
      Plot.text(cells.filter((cell) => cell.day === day), {
        x: "day", y: "variant", text: (cell) => cell.count.toLocaleString("en-US"),
        textAnchor: at === 0 ? "start" : day > days * 0.97 ? "end" : "middle",
      })),
  });
}

function drawSurvival({ metric, series, width }) {
  const curve = metric.curve.filter((one) => one.points.length);
  if (!curve.length) return [];
  const variants = curve.map((one) => one.variant);
  const curves = curve.map((one) => pointsOf(one.points));
  const days = Math.max(...curves.map((points) => points.at(-1).day));
  const ended = curve.flatMap((one) =>
    (one.competing ?? []).map((event) => ({ variant: one.variant, points: pointsOf(event.points) })));
  const left = Math.max(52, leftOf(variants));
  const of = (name) => series.look(name);
  const step = { curve: "step-after" };
  const main = picture({
    width,
    height: 260,
    marginTop: 24,
    marginLeft: left,
    marginRight: 16,
    x: { label: "Days after the first exposure →", domain: [0, days], ticks: daysOf(days) },
    y: { label: ended.length ? "Have done it, %; thin: ended otherwise first" : "Have done it, %", labelArrow: "none", domain: [0, Math.max(10, ...curves.flat().map((point) => point.high || point.at))], nice: true },
    marks: [
      upward(),
      ...curves.map((points, at) =>
        Plot.areaY(points, { x: "day", y1: "low", y2: "high", fill: of(variants[at]).stroke, fillOpacity: 0.14, ...step })),
      ...ended.map((one) => Plot.line(one.points, { x: "day", y: "at", ...of(one.variant), strokeWidth: 1, strokeOpacity: 0.8, ...step })),
      ...curves.map((points, at) => Plot.line(points, { x: "day", y: "at", ...of(variants[at]), ...step })),
      Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.55 }),
    ],
  });
  return [series.key(variants), main, drawAtRisk(curves, variants, days, width, left)];
}

const bracketOf = (point) => `${point.from_days}–${point.to_days}`;

function drawRetention({ metric, series, width }) {
  const curve = metric.curve.filter((one) => one.points.some((point) => point.value !== null));
  if (!curve.length) return [];
  const variants = curve.map((one) => one.variant);
  const rows = curve.map((one, at) =>
    one.points.filter((point) => point.value !== null).map((point) => ({
      name: bracketOf(point),
      at: 100 * point.value,
      low: point.interval ? 100 * point.interval[0] : NaN,
      high: point.interval ? 100 * point.interval[1] : NaN,
      dx: 7 * (at - (variants.length - 1) / 2),
    })));
  const names = [...new Set(curve.flatMap((one) => one.points.map(bracketOf)))];
  const widest = 6.5 * Math.max(...names.map((name) => name.length)) + 8;
  const isTight = widest * names.length > width - 64;
  const marks = rows.flatMap((line, at) => {
    const dx = line[0].dx, look = series.look(variants[at]);
    return [
      Plot.line(line, { x: "name", y: "at", dx, ...look, strokeOpacity: 0.75 }),
      Plot.ruleX(line, { x: "name", y1: "low", y2: "high", dx, stroke: look.stroke, strokeWidth: 1.5 }),
      Plot.dot(line, { x: "name", y: "at", dx, ...series.dot(variants[at]), fill: look.stroke }),
    ];
  });
  const made = picture({
    width,
    height: 240,
    marginTop: 24,
    marginLeft: 52,
    marginRight: 12,
    x: { label: isTight ? "From day, after the first exposure →" : "Days after the first exposure →", type: "point", domain: names, padding: 0.4, tickFormat: (name) => (isTight ? name.split("–")[0] : name) },
    y: { label: "Came back, %", labelArrow: "none", domain: [0, Math.max(10, ...rows.flat().map((row) => row.high || row.at))], nice: true },
    marks: [upward(), ...marks, Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.55 })],
  });
  return [series.key(variants), made];
}

/* The steps of all variants in one order: each after those that stand before it in its own. */
function stepsOf(flow) {
  const steps = [];
  for (const variant of flow) {
    let after = 0;
    for (const step of variant.steps) {
      const at = steps.indexOf(step.step);
      if (at < 0) steps.splice(after, 0, step.step);
      after = steps.indexOf(step.step) + 1;
    }
  }
  return steps;
}

function drawFunnel({ report, series, width }) {
  const flow = report.flow ?? [];
  const steps = stepsOf(flow);
  const variants = flow.map((variant) => variant.variant);
  const rows = flow.flatMap((variant) =>
    variant.steps.filter((step) => step.reached_share).map((step) => ({
      step: step.step,
      variant: variant.variant,
      at: 100 * step.reached_share.value,
      low: 100 * step.reached_share.interval[0],
      high: 100 * step.reached_share.interval[1],
    })));
  if (!rows.length) return [];
  const absent = flow.flatMap((variant) =>
    steps.filter((step) => !variant.steps.some((one) => one.step === step))
      .map((step) => ({ step, variant: variant.variant })));
  const made = picture({
    width,
    height: 56 + steps.length * (14 + 16 * variants.length),
    marginLeft: leftOf(steps),
    marginRight: 48,
    x: { label: "Reached, % of the exposed units →", domain: [0, 100] },
    y: { axis: null, domain: variants, padding: 0.12 },
    fy: { label: null, domain: steps, tickFormat: short, padding: 0.22, axis: "left" },
    marks: [
      across(),
      Plot.text(absent, { frameAnchor: "left", y: "variant", fy: "step", text: () => "no such step", textAnchor: "start", dx: 5, fillOpacity: 0.65 }),
      ...variants.map((name) => {
        const own = rows.filter((row) => row.variant === name);
        return [
          Plot.barX(own, { x: "at", y: "variant", fy: "step", fill: series.look(name).stroke, fillOpacity: series.at(name) ? 0.85 : 0.55 }),
          Plot.ruleY(own, { x1: "low", x2: "high", y: "variant", fy: "step", stroke: "currentColor", strokeWidth: 1 }),
          Plot.text(own, { x: "high", y: "variant", fy: "step", text: (row) => `${row.at.toFixed(1)}%`, textAnchor: "start", dx: 5 }),
        ];
      }),
    ],
  });
  return [series.key(variants), made];
}

const drawers = {
  interval: drawInterval,
  forest: drawForest,
  "over-time": drawOverTime,
  survival: drawSurvival,
  retention: drawRetention,
  funnel: drawFunnel,
};

function drawOne(figure, report, series) {
  const caption = figure.querySelector("figcaption");
  const metric = report.metrics[Number(figure.dataset.at ?? -1)];
  const segment = metric?.segments?.[Number(figure.dataset.segment)];
  const width = Math.max(280, Math.min(WIDTH_MAX, figure.parentElement.clientWidth || WIDTH_MAX));
  const parts = drawers[figure.dataset.chart]?.({ report, metric, segment, series, width }) ?? [];
  for (const part of parts.filter((one) => one.localName === "svg")) {
    part.setAttribute("role", "img");
    part.setAttribute("aria-label", `${caption.textContent} The figures stand in the table.`);
  }
  near.unobserve(figure);
  figure.replaceChildren(caption, ...parts);
  figure.classList.remove("waits");
  figure.classList.toggle("drawn", parts.length > 0);
  figure.classList.toggle("empty", parts.length === 0);
}

/* Who has no mouse can scroll a table that is wider than the page. */
function reachTables() {
  for (const box of document.querySelectorAll(".report .scroll"))
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
}

const root = document.documentElement;
const embedded = document.getElementById("document");
const article = () => document.querySelector("article.report");

/* What is drawn from: the document that stands in a saved file, or is asked for. `figures` tells
 * one from another. */
let drawn = null; // {figures, report, series}
let width = innerWidth;

function scriptLoad(address) {
  return new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", done);
    script.addEventListener("error", () => fail(new Error(`${address} did not come`)));
    document.head.append(script);
  });
}

let libraries = null;
function librariesLoad() {
  libraries ??= (async () => {
    for (const one of document.querySelectorAll('meta[name="draws-with"]')) await scriptLoad(one.content);
    Plot = globalThis.Plot;
  })();
  return libraries;
}

async function reportRead() {
  if (embedded) return JSON.parse(embedded.textContent);
  const answer = await fetch(article().dataset.report);
  if (!answer.ok) throw new Error(`the report's document: ${answer.status}`);
  return answer.json();
}

const wanted = () => article()?.dataset.figures ?? "";
let preparing = null;
/* All that drawing needs, of the article that is there at the end; several may ask at once. */
async function prepare() {
  while (drawn?.figures !== wanted()) {
    const figures = wanted();
    preparing ??= Promise.all([reportRead(), librariesLoad()]).then(([report]) => {
      drawn = { figures, report, series: new Series(report) };
    }).finally(() => {
      preparing = null;
    });
    await preparing;
  }
}

const waiting = new Set();
let isDrawing = false;

/* Draws what waits, a few a frame, so that the page stays answerable. */
function drawSome(until) {
  while (waiting.size && performance.now() < until) {
    const [figure] = waiting;
    waiting.delete(figure);
    if (figure.isConnected) drawOne(figure, drawn.report, drawn.series);
  }
  if (waiting.size) requestAnimationFrame(() => drawSome(performance.now() + 12));
  else {
    isDrawing = false;
    reachTables();
    root.dataset.charts = "drawn";
  }
}

async function draw(figures) {
  for (const figure of figures) waiting.add(figure);
  if (!waiting.size) return;
  root.dataset.charts = "waiting";
  try {
    await prepare();
  } catch {
    for (const figure of waiting) figure.classList.replace("waits", "empty");
    waiting.clear();
    libraries = null; // who scrolls on asks again
    root.dataset.charts = "none"; // the tables have all figures
    return;
  }
  if (isDrawing) return;
  isDrawing = true;
  drawSome(performance.now() + 30);
}

const figuresOf = () => [...document.querySelectorAll("figure.chart")];

/* A chart is drawn when it comes near to what is seen: where it will be stands an empty place. */
const near = new IntersectionObserver((seen) => {
  const come = seen.filter((one) => one.isIntersecting).map((one) => one.target);
  for (const figure of come) near.unobserve(figure);
  draw(come);
}, { rootMargin: "600px 0px" });

function figureAwait(figure) {
  figure.classList.add("waits");
  near.observe(figure);
}

/* Draws all figures of the article that are not drawn yet, and those that are from another
 * document: at once in a saved file, else as they come into view. */
export function drawCharts() {
  const isOther = drawn && drawn.figures !== wanted();
  const figures = figuresOf();
  if (embedded) draw(figures);
  else {
    for (const figure of figures) if (!figure.matches(".drawn, .empty, .waits")) figureAwait(figure);
    if (isOther) draw(figures.filter((figure) => figure.matches(".drawn, .empty")));
  }
}

addEventListener("beforeprint", () => {
  if (!drawn) return;
  for (const figure of figuresOf())
    if (!figure.matches(".drawn")) drawOne(figure, drawn.report, drawn.series);
});
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  draw(figuresOf().filter((figure) => embedded || figure.matches(".drawn")));
});

root.dataset.charts ??= "waiting"; // report.css makes room
/* After the page is there: pictures come second. */
if (embedded || document.readyState === "complete") drawCharts();
else addEventListener("load", () => setTimeout(drawCharts));
