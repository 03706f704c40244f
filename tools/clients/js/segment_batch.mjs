// A bounded queue of Segment messages: what happened goes in, batches go out to POST /v1/batch.
//
//     const queue = new SegmentBatch({ baseUrl: "https://gangway.example", key: "gw_client_..." });
//     queue.add({ type: "track", event: "Contact Created", userId: "u1" });
//
// Sent after `flushAt` messages, after `flushIntervalMs`, or at once by flush(); when a page goes
// away, by beacon. 429, 408, 5xx and a network that is away are tried again, no sooner than
// Retry-After says; what the service refuses for good is dropped and told to `onError`. Every
// message has its own messageId, so that what arrives twice counts once. Nothing here throws into
// the application. No dependencies: node 18 and later, browsers, ES modules.

const MESSAGE_BYTES_MAX = 32_000; // the service takes 32 768
const BATCH_BYTES_MAX = 400_000; // 512 000
const BEACON_BYTES_MAX = 60_000; // browsers take 64 KiB of all beacons together
const BATCH_MAX = 100;
const WAIT_MS_MAX = 60_000;

const bytesOf = (text) => new TextEncoder().encode(text).length;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms).unref?.());

function randomId() {
  if (globalThis.crypto?.randomUUID) return crypto.randomUUID();
  // A page that did not come by https has no randomUUID; node 18 has no global crypto.
  return Array.from({ length: 32 }, () => Math.floor(Math.random() * 16).toString(16)).join("");
}

/** The key in the headers of an OFREP call: a beacon carries no headers, only a body. */
function keyOf(pairs) {
  for (const [name, value] of pairs) {
    if (/^x-api-key$/i.test(name)) return value;
    if (/^authorization$/i.test(name)) return value.replace(/^Bearer\s+/i, "");
  }
  return undefined;
}

function waitOf(response, attempt) {
  const told = response?.headers?.get("retry-after");
  const until = told && (Number(told) * 1000 || Date.parse(told) - Date.now());
  const backoff = 1000 * 2 ** attempt * (0.75 + Math.random() / 2);
  return Math.min(Math.max(until || 0, backoff), Math.max(until || 0, WAIT_MS_MAX));
}

export class SegmentBatch {
  #options;
  #waiting = []; // {text, bytes, lost}
  #flying = []; // sent, not answered yet
  #headers = [];
  #timer;
  #sending;
  #closed = false;

  /** `baseUrl`; `key`, or `headers` and `headersFactory` as an OFREP provider takes them (lists of
   *  pairs); `flushAt` 20, `flushIntervalMs` 5000, `queueMax` 1000; `onError(text)`. */
  constructor(options) {
    this.#options = { flushAt: 20, flushIntervalMs: 5000, queueMax: 1000, ...options };
    if (typeof document === "undefined") return;
    this.#headersNow().catch(() => {}); // known before a beacon needs them
    addEventListener("pagehide", this.#leave);
    document.addEventListener("visibilitychange", this.#leave);
  }

  /** How many messages are not known to have arrived. */
  get size() {
    return this.#waiting.length + this.#flying.length;
  }

  /** Takes a message. `soon`: send it with the next turn; `lost()` is called where it is given up. */
  add(message, { soon = false, lost } = {}) {
    try {
      const text = JSON.stringify({
        messageId: randomId(), timestamp: new Date().toISOString(), ...message });
      const bytes = bytesOf(text);
      if (this.#closed || bytes > MESSAGE_BYTES_MAX || this.size >= this.#options.queueMax) {
        lost?.();
        const why = this.#closed ? "the queue is closed" : bytes > MESSAGE_BYTES_MAX
          ? `it has ${bytes} bytes` : "the queue is full";
        this.#tell(`a message is dropped: ${why}`);
        return;
      }
      this.#waiting.push({ text, bytes, lost });
      if (soon || this.#waiting.length >= this.#options.flushAt) this.#later(0);
      else this.#later(this.#options.flushIntervalMs);
    } catch (error) {
      this.#tell(`a message is no JSON: ${error.message}`);
    }
  }

  /** Sends all there is; resolves when it is answered or given up. Never rejects. */
  flush() {
    clearTimeout(this.#timer?.id);
    this.#timer = undefined;
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
      if (this.#waiting.length) this.#later(0);
    });
    return this.#sending;
  }

  /** Sends what is left and takes no more; waits at most `timeoutMs`. */
  async close({ timeoutMs = 5000 } = {}) {
    if (typeof document !== "undefined") {
      removeEventListener("pagehide", this.#leave);
      document.removeEventListener("visibilitychange", this.#leave);
    }
    this.#closed = true;
    let timer;
    const enough = new Promise((done) => { timer = setTimeout(done, timeoutMs); });
    const all = async () => { while (this.#waiting.length || this.#sending) await this.flush(); };
    await Promise.race([all(), enough]);
    clearTimeout(timer);
    clearTimeout(this.#timer?.id);
  }

  /** What is not known to have arrived goes out by beacon; what the browser does not take, waits. */
  beacon() {
    const url = `${this.#base()}/v1/batch`;
    const left = [...this.#flying, ...this.#waiting]; // those in flight may die with the page
    this.#waiting = [];
    while (left.length) {
      const part = this.#cut(left, BATCH_MAX, BEACON_BYTES_MAX - 1000);
      if (navigator.sendBeacon(url, this.#body(part, true))) continue;
      this.#waiting.push(...[...part, ...left].filter((one) => !this.#flying.includes(one)));
      this.#later(this.#options.flushIntervalMs);
      return;
    }
  }

  #leave = (event) => {
    if (event.type === "pagehide" || document.visibilityState === "hidden") {
      try {
        this.beacon();
      } catch (error) {
        this.#tell(`no beacon: ${error.message}`);
      }
    }
  };

  #tell(text) {
    try {
      this.#options.onError?.(text);
    } catch { /* the application's own */ }
  }

  #base() {
    return this.#options.baseUrl.replace(/\/+$/, "");
  }

  /** A timer that is due sooner stays. */
  #later(ms) {
    const due = Date.now() + ms;
    if (this.#timer && this.#timer.due <= due) return;
    clearTimeout(this.#timer?.id);
    const id = setTimeout(() => this.flush(), ms);
    id.unref?.(); // node: does not keep the process alive
    this.#timer = { id, due };
  }

  async #headersNow() {
    const { key, headers = [], headersFactory } = this.#options;
    const own = key ? [["authorization", `Bearer ${key}`]] : [];
    this.#headers = [...own, ...headers, ...(await headersFactory?.() ?? [])];
    return this.#headers;
  }

  #body(batch, hasKey) {
    const key = hasKey && keyOf(this.#headers);
    return `{${key ? `"writeKey":${JSON.stringify(key)},` : ""}"sentAt":"${
      new Date().toISOString()}","batch":[${batch.map((one) => one.text).join(",")}]}`;
  }

  /** Takes messages from the front of a list, up to a number and a size. */
  #cut(list, count, bytes) {
    let end = 0;
    let size = 0;
    while (end < list.length && end < count && (end === 0 || size + list[end].bytes < bytes)) {
      size += list[end++].bytes + 1;
    }
    return list.splice(0, end);
  }

  async #send() {
    while (this.#waiting.length) {
      this.#flying = this.#cut(this.#waiting, BATCH_MAX, BATCH_BYTES_MAX);
      for (let attempt = 0; this.#flying.length; attempt++) {
        const response = await this.#post(this.#flying);
        if (!this.#settle(response)) await sleep(waitOf(response, attempt));
      }
    }
  }

  async #post(batch) {
    try {
      const headers = [["content-type", "application/json"], ...await this.#headersNow()];
      const fetchNow = this.#options.fetchImplementation ?? globalThis.fetch;
      const response = await fetchNow(`${this.#base()}/v1/batch`,
        { method: "POST", headers, body: this.#body(batch, false) });
      if (response.ok) this.#read(await response.json());
      return response;
    } catch {
      return undefined; // the network: again
    }
  }

  /** Names what the service did not take of a batch. */
  #read(answer) {
    for (const one of answer?.rejected ?? []) {
      this.#flying[one.index]?.lost?.();
      this.#tell(`message ${one.messageId} is rejected: ${one.error}`);
    }
  }

  /** Whether the batch is done with; false: to be sent again. */
  #settle(response) {
    const status = response?.status ?? 0;
    if (status === 0 || status === 408 || status === 429 || status >= 500) return false;
    if (status === 413 && this.#flying.length > 1) {
      const half = this.#flying.splice(Math.ceil(this.#flying.length / 2));
      this.#waiting.unshift(...half);
      return true;
    }
    if (status >= 400) {
      this.#flying.forEach((one) => one.lost?.());
      this.#tell(`${this.#flying.length} messages are refused with ${status} and dropped`);
    }
    this.#flying = [];
    return true;
  }
}
