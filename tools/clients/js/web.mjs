// The OFREP provider for browsers, with tracking: client.track() and exposures reach Gangway, also
// when the page goes away.
//
//     const provider = new GangwayWebProvider({ baseUrl, headers: [["authorization", `Bearer ${key}`]] });
//     await OpenFeature.setProviderAndWait(provider, { targetingKey: "u1", role: "sales_rep" });
//     show(client.getObjectValue("crm-first-run", {}));
//     ... the flow is on the screen ...
//     provider.exposed("crm-first-run");
//
// What was shown is what counts: the exposure is of the value that the application got, be it from
// the browser's own store, and who has been shown a variant keeps it while only their traits or the
// ramp change. A paused, stopped or ended experiment, and a raised phase, change it at once.

import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";

import { Tracking } from "./tracking.mjs";

const KEPT = "gangway:shown:"; // localStorage, a flag and unit each
const SENT = "gangway:exposed:"; // sessionStorage, an exposure each
const LEFT = new Set(["not_in_audience", "not_in_coverage"]); // of whom was in before

/** A store of texts that never throws, where a browser has none or it is full. */
function storeOf(name) {
  const attempt = (act) => {
    try {
      return act(globalThis[name]) ?? null;
    } catch {
      return null;
    }
  };
  return {
    get: (key) => attempt((store) => JSON.parse(store.getItem(key))),
    set: (key, value) => attempt((store) => store.setItem(key, JSON.stringify(value))),
    delete: (key) => attempt((store) => store.removeItem(key)),
  };
}

/** Sent in this session, also before a reload. */
function sentOf(store, memory = new Set()) {
  return {
    has: (key) => memory.has(key) || store.get(SENT + key) !== null,
    add: (key) => { memory.add(key); store.set(SENT + key, 1); },
    delete: (key) => { memory.delete(key); store.delete(SENT + key); },
  };
}

export class GangwayWebProvider extends OFREPWebProvider {
  #kept = storeOf("localStorage");

  /** The options of OFREPWebProvider and those of Tracking. */
  constructor(options, logger) {
    super(options, logger);
    this.tracking = new Tracking(options, sentOf(storeOf("sessionStorage")));
    this.hooks = [this.tracking.hook];
  }

  resolveBooleanEvaluation(flag, ...rest) {
    return this.#asShown(flag, super.resolveBooleanEvaluation(flag, ...rest), rest[1]);
  }

  resolveStringEvaluation(flag, ...rest) {
    return this.#asShown(flag, super.resolveStringEvaluation(flag, ...rest), rest[1]);
  }

  resolveNumberEvaluation(flag, ...rest) {
    return this.#asShown(flag, super.resolveNumberEvaluation(flag, ...rest), rest[1]);
  }

  resolveObjectEvaluation(flag, ...rest) {
    return this.#asShown(flag, super.resolveObjectEvaluation(flag, ...rest), rest[1]);
  }

  track(name, context, details) {
    this.tracking.track(name, context, details);
  }

  /** To be called once what the flag gave is on the screen. */
  exposed(flag) {
    const { details, context } = this.tracking.evaluated.get(flag) ?? {};
    if (!details) return false;
    const { value, variant, flagMetadata } = details;
    if (variant) this.#kept.set(this.#keptKey(flag, context), { value, variant, flagMetadata });
    return this.tracking.exposed(details, context);
  }

  flush() {
    return this.tracking.queue.flush();
  }

  /** By OpenFeature.close(): sends what is left. */
  async onClose() {
    await super.onClose();
    await this.tracking.queue.close();
  }

  #keptKey(flag, context) {
    return KEPT + JSON.stringify([flag, context?.targetingKey ?? null]);
  }

  #asShown(flag, now, context) {
    if (!LEFT.has(now.flagMetadata?.reason)) return now;
    const shown = this.#kept.get(this.#keptKey(flag, context));
    const isSame = shown && typeof shown.value === typeof now.value &&
      shown.flagMetadata?.phase === now.flagMetadata.phase;
    return isSame ? { ...shown, reason: "CACHED" } : now;
  }
}
