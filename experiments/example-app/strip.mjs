// Of the demo alone, not to be copied: who is signed in is made up, and the strip at the foot says
// what the service said and what was sent to it. A product knows who its user is.

import { element } from "./flow.mjs";

const TRAITS = { role: "sales_rep", employees: "12", signup_channel: "organic" };
const PERSON = "pier:person";
const CANDIDATES = 24; // about one in three is in the experiment

/** `?user=` names somebody; else whoever was here in this tab; else somebody whom the experiment
 *  takes, so that there is something to see. */
export async function personNow(options) {
  const named = new URLSearchParams(location.search).get("user");
  const user = named || sessionStorage.getItem(PERSON) || await personNew(options);
  if (!named) sessionStorage.setItem(PERSON, user);
  return { user, ...TRAITS };
}

async function personNew({ baseUrl, key, experiment }) {
  const some = Array.from({ length: CANDIDATES },
    () => `visitor-${Math.random().toString(36).slice(2, 10)}`);
  try {
    const response = await fetch(`${baseUrl}/v1/assign`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) },
      body: JSON.stringify({ experiments: [experiment],
        units: some.map((user) => ({ user, traits: { ...TRAITS, employees: 12 } })) }),
      signal: AbortSignal.timeout(1500),
    });
    const { assignments } = await response.json();
    return assignments.find((one) => one.reason === "split")?.unit ?? some[0];
  } catch {
    return some[0];
  }
}

const WHY = {
  split: "in the experiment",
  forced: "a tester, never analysed",
  holdout: "held out, to compare all experiments with none",
  excluded: "in another experiment, or in none",
  not_in_coverage: "not in the share that takes part yet",
  no_answer: "the service did not answer in time: the control, and no exposure",
};

export function showStrip(onboarding, person) {
  const strip = document.getElementById("strip");
  const said = element("span", { id: "said" }, "asking…");
  const log = element("ol", { id: "sent" });
  const count = element("output", {}, "0");
  document.getElementById("person").textContent = person.user;
  const someone = (event) => {
    event.preventDefault();
    sessionStorage.removeItem(PERSON);
    location.href = "./";
  };
  strip.append(
    element("p", { class: "said" }, element("strong", {}, "Demo"), said),
    element("p", { class: "links" }, element("a", { href: "./", click: someone }, "Someone else"),
      element("a", { href: "?user=qa-user-2" }, "Tour"),
      element("a", { href: "?user=qa-user-1" }, "Checklist")),
    element("details", {}, element("summary", {}, "Messages sent: ", count), log));

  onboarding.addEventListener("asked", ({ detail: { variant, reason } }) => {
    said.textContent = `${variant ?? "control"} · ${WHY[reason] ?? reason}`;
  });
  onboarding.addEventListener("sent", ({ detail: { event, properties } }) => {
    count.value = log.children.length + 1;
    const more = properties.step ?? properties.variation_id ?? "";
    log.append(element("li", {}, event, more && element("span", {}, ` ${more}`)));
  });
}
