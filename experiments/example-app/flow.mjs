// Shows a flow: the steps that the service gave, one screen after the other.
//
// A screen is a message, a checklist (neighbouring steps of that pattern), a tour, or a tip beside
// the thing that it is about; a pattern that this page does not know is shown as a message. Steps
// tell through `report(what, step, more)` that they were viewed, completed, dismissed or failed. A
// step with `done_when` is completed by that event, wherever in the product it came from.

const IDLE_MS = 4000; // `trigger: on_idle`

/** element("p", { class: "note" }, "text", node, ...) */
export function element(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...inside.filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

const button = (text, click, kind = "") =>
  element("button", { type: "button", class: kind, click }, text);

export class Flow {
  #screens = [];
  #at = -1;
  #viewed = new Set();
  #done = new Set();
  #tip;

  /** `place`: where screens go; `texts`: by step {title, text, action, panel, stops}; `done`: steps
   *  of an earlier visit. */
  constructor({ place, steps, config = {}, texts, report, done = [] }) {
    Object.assign(this, { place, config, texts, report });
    this.dismissible = config.dismissible !== false;
    this.#done = new Set(done);
    const most = config.max_items ?? Infinity;
    for (const step of steps) {
      const last = this.#screens.at(-1);
      const joins = step.pattern === "checklist" && last?.pattern === "checklist";
      if (joins && last.steps.length < most) last.steps.push(step);
      else this.#screens.push({ pattern: step.pattern, trigger: step.trigger, steps: [step] });
    }
  }

  get done() {
    return [...this.#done];
  }

  /** Shows the first screen that is not done. */
  start() {
    this.#next(false);
  }

  /** An event of the product. */
  happened(event) {
    for (const step of this.#screens.flatMap((screen) => screen.steps)) {
      if (step.done_when === event) this.#complete(step);
    }
    const screen = this.#screens[this.#at];
    if (!screen) return;
    if (screen.steps.every((step) => this.#done.has(step.step))) this.#next(false);
    else if (screen.pattern === "checklist") this.#checklist(screen, false);
  }

  /** A step that the user tried and could not do. */
  failed(event, why) {
    const screen = this.#screens[this.#at];
    const step = screen?.steps.find((one) => one.done_when === event && !this.#done.has(one.step));
    if (step) this.report("Failed", step.step, { reason: why });
  }

  #view(step) {
    if (this.#viewed.has(step.step)) return;
    this.#viewed.add(step.step);
    this.report("Viewed", step.step);
  }

  #complete(step) {
    if (this.#done.has(step.step)) return;
    this.#view(step);
    this.#done.add(step.step);
    this.report("Completed", step.step);
  }

  #dismiss(steps) {
    for (const step of steps.filter((one) => !this.#done.has(one.step))) {
      this.#view(step);
      this.report("Dismissed", step.step);
      this.#done.add(step.step);
    }
    this.#next(true);
  }

  /** `moves`: the user pressed a button, so the focus goes along. */
  #next(moves) {
    this.#clearTip();
    do this.#at++;
    while (this.#screens[this.#at]?.steps.every((step) => this.#done.has(step.step)));
    const screen = this.#screens[this.#at];
    const waits = screen?.trigger === "on_idle";
    if (!screen || waits) this.#rest(screen, moves);
    if (!screen) return;
    const show = () => this.#show(screen, moves);
    if (waits) this.#whenIdle(screen, show);
    else show();
  }

  #show(screen, moves) {
    const ways = { checklist: this.#checklist, tour: this.#tour, tooltip: this.#tooltip };
    (ways[screen.pattern] ?? this.#message).call(this, screen, moves);
  }

  /** Steps are viewed when what shows them is on the screen, not when it is made. */
  #watch(shown, steps) {
    this.watcher?.disconnect();
    this.watcher = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      this.watcher.disconnect();
      steps.forEach((step) => this.#view(step));
    }, { threshold: 0.5 });
    this.watcher.observe(shown);
  }

  #put(moves, kind, ...inside) {
    const card = element("div", { class: `card ${kind}` }, ...inside);
    this.place.replaceChildren(card);
    if (moves) card.querySelector("h2")?.focus();
    return card;
  }

  #heading(text) {
    return element("h2", { tabindex: "-1" }, text);
  }

  /** Nothing is asked of the user. */
  #rest(screen, moves) {
    this.#put(moves, "rest", this.#heading(screen ? "Nicely begun" : "You are all set"),
      element("p", {}, screen ? "Have a look around; there is more when you are ready."
        : "Everything of Pier is yours. Press on with what you came for."));
  }

  #message(screen, moves) {
    const [step] = screen.steps;
    const words = this.texts[step.step] ?? { title: step.step };
    const card = this.#put(moves, "message", this.#heading(words.title), words.text && element("p", {}, words.text),
      element("div", { class: "actions" },
        button(words.action ?? "Go on", () => { this.#complete(step); this.#next(true); }, "main"),
        this.dismissible && button("Not now", () => this.#dismiss([step]), "quiet")));
    this.#watch(card, [step]);
  }

  #checklist(screen, moves) {
    const ready = screen.steps.filter((step) => this.#done.has(step.step)).length;
    const items = screen.steps.map((step) => this.#item(step));
    const card = this.#put(moves, "checklist", this.#heading("Your first steps"),
      element("div", { class: "progress" },
        element("progress", { max: screen.steps.length, value: ready, "aria-label": "Steps done" }),
        element("span", {}, `${ready} of ${screen.steps.length} done`)),
      element("ol", { class: "steps" }, ...items),
      this.dismissible && element("div", { class: "actions" },
        button("Hide the checklist", () => this.#dismiss(screen.steps), "quiet")));
    this.#watch(card, screen.steps);
  }

  #item(step) {
    const words = this.texts[step.step] ?? { title: step.step };
    const isDone = this.#done.has(step.step);
    const minutes = step.minutes ? `${step.minutes} min` : "";
    return element("li", { class: isDone ? "done" : "" },
      element("span", { class: "mark", "aria-hidden": "true" }, isDone ? "✓" : ""),
      element("span", { class: "words" }, element("strong", {}, words.title),
        isDone ? element("span", { class: "hidden" }, " (done)") : null,
        element("span", { class: "note" }, [words.text, minutes].filter(Boolean).join(" · "))),
      isDone ? null : button(words.action ?? "Do it", () => this.#goTo(words.panel)));
  }

  #goTo(panel) {
    const field = document.getElementById(`${panel}-field`);
    field?.scrollIntoView({ block: "center" });
    field?.focus();
  }

  /** A tip in the panel that it is about. */
  #point(panel, label, ...inside) {
    this.#clearTip();
    const place = document.getElementById(panel);
    const escape = (event) => { if (event.key === "Escape") this.#tip.dismiss?.(); };
    const tip = element("div", { class: "tip", role: "group", "aria-label": label, keydown: escape },
      ...inside);
    place.querySelector(".point").replaceChildren(tip);
    place.classList.add("pointed");
    this.#tip = { place, tip };
    return tip;
  }

  #clearTip() {
    this.#tip?.tip.remove();
    this.#tip?.place.classList.remove("pointed");
    clearTimeout(this.idleTimer);
    this.#tip = undefined;
  }

  #tour(screen, moves, at = 0) {
    const [step] = screen.steps;
    const words = this.texts[step.step] ?? { title: step.step, stops: [] };
    const stop = words.stops[at];
    const isLast = at + 1 === words.stops.length;
    this.#put(false, "tour", this.#heading(words.title),
      element("div", { class: "progress" },
        element("progress", { max: words.stops.length, value: at + 1, "aria-label": "The tour" }),
        element("span", {}, `Stop ${at + 1} of ${words.stops.length}`)));
    const tip = this.#point(stop.panel, words.title, this.#heading(stop.title),
      element("p", {}, stop.text),
      element("div", { class: "actions" },
        button(isLast ? "Finish the tour" : "Next", () =>
          (isLast ? this.onTourEnd(step) : this.#tour(screen, true, at + 1)), "main"),
        at > 0 && button("Back", () => this.#tour(screen, true, at - 1)),
        button("Leave", () => this.#dismiss([step]), "quiet")));
    this.#tip.dismiss = () => this.#dismiss([step]);
    this.#watch(tip, [step]);
    if (!moves) return;
    tip.scrollIntoView({ block: "nearest" });
    tip.querySelector("h2").focus();
  }

  /** The end of a tour is an event of the product too: its `done_when`. */
  onTourEnd(step) {
    if (step.done_when) this.onEvent(step.done_when);
    else { this.#complete(step); this.#next(true); }
    this.place.querySelector("h2")?.focus();
  }

  #tooltip(screen) {
    const [step] = screen.steps;
    const words = this.texts[step.step] ?? { title: step.step, panel: "team" };
    const tip = this.#point(words.panel, words.title, this.#heading(words.title), element("p", {}, words.text),
      element("div", { class: "actions" },
        button(words.action ?? "Do it", () => this.#goTo(words.panel), "main"),
        button("Not now", () => this.#dismiss([step]), "quiet")));
    this.#watch(tip, [step]);
    this.#tip.dismiss = () => this.#dismiss([step]);
  }

  /** After some seconds without a key, a click or a touch. */
  #whenIdle(screen, show) {
    const kinds = ["keydown", "pointerdown"];
    const isNow = () => this.#screens[this.#at] === screen;
    const wait = () => {
      clearTimeout(this.idleTimer);
      if (isNow()) this.idleTimer = setTimeout(() => { stop(); if (isNow()) show(); }, IDLE_MS);
      else stop();
    };
    const stop = () => kinds.forEach((kind) => removeEventListener(kind, wait));
    kinds.forEach((kind) => addEventListener(kind, wait));
    wait();
  }
}
