// Pier, a little CRM whose first page depends on an experiment. The three moments are marked: ask,
// paint, tell.

import { Flow } from "./flow.mjs";
import { Onboarding } from "./gangway.mjs";
import { personNow, showStrip } from "./strip.mjs";

// What the steps say is this page's own; which steps there are, and in which order, the experiment's.
const TEXTS = {
  welcome: {
    title: "Good to have you",
    text: "Pier keeps your contacts, your mails and your deals in one place. It takes a few minutes to feel at home.",
    action: "Let’s begin",
  },
  tour: {
    title: "A look around",
    stops: [
      { panel: "contacts", title: "Everybody you talk to", text: "Bring them in from a list, a file or your mailbox." },
      { panel: "sequences", title: "Mails that don’t forget", text: "They go out one after the other, until somebody answers." },
      { panel: "team", title: "Better together", text: "Colleagues see the same contacts, so nobody is asked twice." },
    ],
  },
  import: { title: "Bring in your contacts", text: "Paste a few addresses", action: "Import", panel: "contacts" },
  email: { title: "Write to them", text: "Send your first sequence", action: "Write", panel: "sequences" },
  invite: {
    title: "Not alone?",
    text: "Invite a colleague: you will see each other’s notes.",
    action: "Invite somebody",
    panel: "team",
  },
};
const CONTROL = [
  { step: "welcome", pattern: "message" },
  { step: "tour", pattern: "tour", done_when: "Tour Finished" },
];

const place = document.getElementById("flow");
const { content: baseUrl, dataset } = document.querySelector("meta[name=gangway]");
const { key, experiment } = dataset;

const onboarding = new Onboarding({ baseUrl, key, experiment, control: CONTROL });
const person = await personNow({ baseUrl, key, experiment });
showStrip(onboarding, person);

// ---- ask ----
const { flow: steps, config } = await onboarding.ask(person);

// ---- paint ----
const doneKey = `pier:done:${person.user}`;
const flow = new Flow({
  place, config: config ?? {}, texts: TEXTS, steps: steps ?? CONTROL,
  done: JSON.parse(localStorage.getItem(doneKey)) ?? [],
  report: (what, step, more) => {
    if (what === "Viewed") onboarding.shown(); // the exposure: before the first step, and once
    onboarding.step(what, step, more);
    localStorage.setItem(doneKey, JSON.stringify(flow.done));
  },
});
flow.onEvent = happened;
flow.start();
place.setAttribute("aria-busy", "false");

// ---- tell ----
/** What the user gets done: told, and handed to the flow, of which it may complete a step. */
function happened(event, properties) {
  onboarding.track(event, properties);
  flow.happened(event);
}

function failed(event, why) {
  onboarding.track("Failed Task", { task: event, reason: why });
  flow.failed(event, why);
}

// ---- the product ----
const isAddress = (text) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text);

/** A form: `act` gives what to count and say, or throws what is wrong. */
function formOf(name, act) {
  const form = document.getElementById(`${name}-form`);
  const field = document.getElementById(`${name}-field`);
  const note = document.getElementById(`${name}-note`);
  const count = document.getElementById(`${name}-count`);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { fault, text, more, tell } = act(field.value.trim());
    field.setAttribute("aria-invalid", String(Boolean(fault)));
    note.classList.toggle("fault", Boolean(fault));
    note.textContent = fault ?? text;
    if (!fault) {
      count.value = Number(count.value) + more;
      field.value = "";
    }
    tell();
  });
}

formOf("contacts", (text) => {
  const lines = text.split(/[\s,;]+/).filter(Boolean);
  const wrong = lines.find((line) => !isAddress(line));
  if (!lines.length || wrong) {
    const fault = wrong ? `“${wrong}” is no e-mail address.` : "Paste at least one address.";
    return { fault, tell: () => failed("Contact Created", wrong ? "no address" : "empty") };
  }
  return { text: `${lines.length === 1 ? "One contact is" : `${lines.length} contacts are`} in.`,
    more: lines.length, tell: () => lines.forEach(() => happened("Contact Created")) };
});

formOf("sequences", (text) => {
  const fault = !text ? "A mail needs a subject."
    : Number(document.getElementById("contacts-count").value) === 0
      ? "There is nobody to write to yet: import a contact first." : undefined;
  if (fault) return { fault, tell: () => failed("Email Sent", text ? "no contacts" : "empty") };
  return { text: "On its way.", more: 1, tell: () => happened("Email Sent", { sequence: true }) };
});

formOf("team", (text) => {
  if (!isAddress(text)) {
    return { fault: "That is no e-mail address.", tell: () => failed("Teammate Invited", "no address") };
  }
  return { text: "Invited.", more: 1, tell: () => happened("Teammate Invited") };
});
