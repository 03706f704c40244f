// Asking for a variant and telling what came of it: all that a page needs of Gangway. Copy this file.
//
//     const onboarding = new Onboarding({ experiment: "crm-first-run", control: [...steps] });
//     const { flow, config } = await onboarding.ask({ user: "u1", role: "sales_rep" });
//     ... paint the flow ...
//     onboarding.shown();                          once it is on the screen: the exposure
//     onboarding.step("Completed", "import");      Viewed, Completed, Dismissed, Failed
//     onboarding.track("Contact Created");         what the user gets done: the outcomes
//
// Four rules, which any front end needs:
//   - nothing of a flow is painted before `ask` has answered, so nothing is ever swapped before the
//     eyes; it answers within `timeoutMs`, with the control where the service does not
//   - an exposure is sent when the flow is seen, not when it is asked for, and once
//   - who was shown a variant keeps it for the length of the onboarding, also when their traits or
//     the ramp change; when the experiment is paused or stopped, they get what it says then
//   - a late or missing answer is no variant: the control is shown, and no exposure is sent

import { SegmentBatch } from "./segment_batch.mjs";

const LEFT = new Set(["not_in_audience", "not_in_coverage"]); // of whom was in before

function stored(store, key, value) {
  try { // a browser may have no store, or a full one
    if (value === undefined) return JSON.parse(globalThis[store].getItem(key));
    globalThis[store].setItem(key, JSON.stringify(value));
  } catch { /* then nothing is kept */ }
  return null;
}

export class Onboarding extends EventTarget {
  /** `baseUrl` of the service ("": where the page came from), `key` of role client, `experiment`,
   *  `control`: the flow to be shown without an answer. */
  constructor({ baseUrl = "", key, experiment, control, timeoutMs = 1500 }) {
    super();
    Object.assign(this, { baseUrl, key, experiment, control, timeoutMs });
    this.queue = new SegmentBatch({ baseUrl, key, onError: (text) => console.warn(text) });
  }

  /** `person`: `user`, and the traits that the experiment asks for. */
  async ask(person) {
    this.person = person;
    this.keptKey = `onboarding:${this.experiment}:${person.user}`;
    const kept = stored("localStorage", this.keptKey);
    const answer = await this.#answer(person);
    const keeps = kept && (!answer || (LEFT.has(answer.reason) && answer.phase === kept.phase));
    this.answer = (keeps ? kept : answer) ??
      { variant: null, flow: this.control, config: null, exposure: null, reason: "no_answer" };
    this.dispatchEvent(new CustomEvent("asked", { detail: this.answer }));
    return this.answer;
  }

  /** The exposure, once in this session. */
  shown() {
    const { exposure } = this.answer;
    if (!exposure) return;
    stored("localStorage", this.keptKey, this.answer);
    const sentKey = `exposed:${this.keptKey}:${exposure.variation_id}:${exposure.phase}`;
    if (stored("sessionStorage", sentKey)) return;
    stored("sessionStorage", sentKey, true);
    const { user, ...traits } = this.person;
    this.#send("Experiment Viewed", exposure, { context: { traits } }, true);
  }

  step(what, step, more = {}) {
    const { variant, exposure } = this.answer;
    if (exposure?.experiment_id !== this.experiment) return; // of others no flow is compared
    this.#send(`Onboarding Step ${what}`,
      { experiment_id: this.experiment, variation_id: variant, step, ...more });
  }

  track(event, properties = {}) {
    this.#send(event, properties);
  }

  async #answer({ user, ...traits }) {
    const query = new URLSearchParams({ user, ...traits });
    try {
      const response = await fetch(`${this.baseUrl}/v1/assign/${this.experiment}?${query}`, {
        headers: this.key ? { authorization: `Bearer ${this.key}` } : {},
        signal: AbortSignal.timeout(this.timeoutMs),
      });
      return response.ok ? await response.json() : null;
    } catch {
      return null; // away, or too late
    }
  }

  #send(event, properties, more = {}, soon = false) {
    this.queue.add({ type: "track", event, userId: this.person.user, properties, ...more }, { soon });
    this.dispatchEvent(new CustomEvent("sent", { detail: { event, properties } }));
  }
}
