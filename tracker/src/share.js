// Shares: what counts as one, and that copying three times in a row is one intent (spec 1b).

/** At most one share per target and channel in this time of one page session, in milliseconds. */
export const SHARE_WINDOW_MS = 60_000;

/** @typedef {"link" | "embed"} Channel */
/** @typedef {{ targetType: "track" | "release", targetKey: string, channel: Channel }} ShareEvent */

/**
 * - sent: the share counts.
 * - repeated: done, but the same share was sent less than a minute ago.
 * - aborted: the listener closed the browser's share sheet.
 * - failed: nothing was copied or shared.
 * - invalid: done, but it names no target this channel can have ("track:KEY" or "release:KEY"; embeds are of tracks).
 *
 * @typedef {"sent" | "repeated" | "aborted" | "failed" | "invalid"} ShareOutcome
 */

/** @param {string} target @param {string} channel @returns {ShareEvent | undefined} */
function shareEvent(target, channel) {
  const [, type, key] = /^(track|release):(.+)$/s.exec(target) ?? [];
  if (!key || !(channel === "link" || (channel === "embed" && type === "track"))) return undefined;
  return { targetType: type === "track" ? type : "release", targetKey: key, channel };
}

export class ShareTracker {
  #send;
  #now;
  /** @type {Map<string, number>} when each target and channel was last sent */
  #sent = new Map();

  /** @param {(event: ShareEvent) => void} send @param {() => number} now milliseconds of a clock that only goes forward */
  constructor(send, now) {
    this.#send = send;
    this.#now = now;
  }

  /**
   * Waits for the deed itself (a clipboard write, `navigator.share`) and counts it if it succeeded. Never rejects.
   *
   * @param {string} target "track:KEY" or "release:KEY"
   * @param {string} channel "link" or "embed"
   * @param {unknown} deed a promise of the deed, or anything else where it is already done
   * @returns {Promise<ShareOutcome>}
   */
  async share(target, channel, deed) {
    try {
      await deed;
    } catch (error) {
      return /** @type {{ name?: unknown } | null | undefined} */ (error)?.name === "AbortError" ? "aborted" : "failed";
    }
    const event = shareEvent(target, channel);
    return event ? this.#count(`${channel} ${target}`, event) : "invalid";
  }

  /** @param {string} which @param {ShareEvent} event @returns {ShareOutcome} */
  #count(which, event) {
    const now = this.#now();
    if (now - (this.#sent.get(which) ?? -Infinity) < SHARE_WINDOW_MS) return "repeated";
    this.#sent.set(which, now);
    this.#send(event);
    return "sent";
  }
}
