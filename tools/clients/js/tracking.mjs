// What the providers for servers and for browsers share: tracked events and exposures as Segment
// messages, and whose they are.
//
// An evaluation is not an exposure: a page that fetches all flags has shown none. So by default an
// exposure is sent when the application says that the flow is on the screen, by `exposed(...)`.
// `exposures: "on_evaluate"` sends it with every evaluation instead, for code that shows what it
// asks for at once. Either way only where the service says that there is one to log: `log_exposure`
// in the metadata, with a `variant`, or with the holdout that keeps the unit out. Sent once for a unit, experiment, phase and variant.

import { SegmentBatch } from "./segment_batch.mjs";

const SENT_MAX = 10_000; // what a server remembers to have sent
const HELD = "held"; // the variation of those whom a holdout keeps out

const textOf = (context, ...names) =>
  names.map((name) => context[name]).find((value) => typeof value === "string" && value);

/** The ids that a context names, as the service reads them; targetingKey is a user unless told. */
function idsOf(context, targetingKind) {
  const ids = {
    user: textOf(context, "user", "userId"),
    account: textOf(context, "account", "accountId", "groupId"),
    anonymous: textOf(context, "anonymous", "anonymousId"),
  };
  ids[targetingKind] ??= textOf(context, "targetingKey");
  return {
    ...(ids.user && { userId: ids.user }),
    ...(ids.anonymous && { anonymousId: ids.anonymous }),
    context: { ...(ids.account && { groupId: ids.account }) },
  };
}

const NO_TRAITS = new Set(["targetingKey", "user", "userId", "account", "accountId", "groupId",
  "anonymous", "anonymousId"]);

/** What is known of the unit, so that a report can say which segment it was in. */
function traitsOf(context) {
  return Object.fromEntries(Object.entries(context).filter(([name]) => !NO_TRAITS.has(name)));
}

/** The properties of `Experiment Viewed`, or null where there is nothing to log. */
export function exposureOf(details) {
  const { log_exposure: isLogged, experiment, holdout, phase } = details?.flagMetadata ?? {};
  const variation = holdout ? HELD : details?.variant;
  if (isLogged !== true || !experiment || !variation) return null;
  return {
    experiment_id: holdout ? `holdout:${holdout}` : experiment,
    variation_id: variation,
    ...(phase !== undefined && { phase }),
  };
}

/** Remembers in memory, the oldest forgotten first. */
class Sent {
  #keys = new Set();
  has(key) { return this.#keys.has(key); }
  delete(key) { this.#keys.delete(key); }
  add(key) {
    if (this.#keys.size >= SENT_MAX) this.#keys.delete(this.#keys.values().next().value);
    this.#keys.add(key);
  }
}

export class Tracking {
  /** `options` of the provider: baseUrl, headers, headersFactory, fetchImplementation; and of ours:
   *  `exposures` "when_told" or "on_evaluate", `targetingKind` "user" or "anonymous" (of what kind
   *  the targetingKey is), those of SegmentBatch. `sent`: has, add, delete. */
  constructor(options, sent = new Sent()) {
    this.targetingKind = options.targetingKind ?? "user";
    this.queue = new SegmentBatch(options);
    this.sent = sent;
    this.evaluated = new Map(); // by flag: what the application got last, and for whom
    this.hook = {
      after: (hookContext, details) => {
        const evaluated = { details, context: hookContext.context };
        if (options.exposures === "on_evaluate") this.exposed(evaluated.details, evaluated.context);
        this.evaluated.set(hookContext.flagKey, evaluated);
      },
    };
  }

  /** client.track(): the name is the event, `value` and the rest are its properties. */
  track(name, context = {}, details = {}) {
    this.queue.add({ type: "track", event: name, properties: details,
      ...idsOf(context, this.targetingKind) });
  }

  /** Sends the exposure of an evaluation, if there is one to send and it was not sent before. */
  exposed(details, context = {}) {
    const properties = exposureOf(details);
    if (!properties) return false;
    const ids = idsOf(context, this.targetingKind);
    const key = JSON.stringify([ids, properties]);
    if (this.sent.has(key)) return false;
    this.sent.add(key);
    const message = { type: "track", event: "Experiment Viewed", properties, ...ids };
    message.context.traits = traitsOf(context);
    this.queue.add(message, { soon: true, lost: () => this.sent.delete(key) });
    return true;
  }
}
