// The OFREP provider for servers, with tracking: client.track() and exposures reach Gangway.
//
//     const provider = new GangwayProvider({ baseUrl, headers: [["authorization", `Bearer ${key}`]] });
//     await OpenFeature.setProviderAndWait(provider);
//     const details = await client.getObjectDetails("crm-first-run", {}, context);
//     ... the flow is rendered ...
//     provider.exposed(details, context);

import { OFREPProvider } from "@openfeature/ofrep-provider";

import { Tracking } from "./tracking.mjs";

export class GangwayProvider extends OFREPProvider {
  /** The options of OFREPProvider and those of Tracking. */
  constructor(options) {
    super(options);
    this.tracking = new Tracking(options);
    this.hooks = options.exposures === "on_evaluate" ? [this.tracking.hook] : [];
  }

  track(name, context, details) {
    this.tracking.track(name, context, details);
  }

  /** To be called once what `details` (of a get...Details call) gave is on its way to a screen. */
  exposed(details, context) {
    return this.tracking.exposed(details, context);
  }

  flush() {
    return this.tracking.queue.flush();
  }

  /** By OpenFeature.close(): sends what is left. */
  onClose() {
    return this.tracking.queue.close();
  }
}
