// Shares: what counts as one, and that copying three times in a row is one intent (spec 1b).

/** At most one share per target and channel in this time of one page session, in milliseconds. */
export const SHARE_WINDOW_MS = 60_000;

/** @typedef {"link" | "embed"} Channel */
/** @typedef {{ targetType: string | undefined, targetKey: string, channel: string }} ShareEvent */

/**
 * - sent: the share counts.
 * - repeated: done, but the same share was sent less than a minute ago.
 * - aborted: the listener closed the browser's share sheet.
 * - failed: nothing was copied or shared.
 * - invalid: done, but it names no target this channel can have ("track:KEY" or "release:KEY"; embeds are of tracks).
 *
 * @typedef {"sent" | "repeated" | "aborted" | "failed" | "invalid"} ShareOutcome
 */

/**
 * Waits for the deed itself (a clipboard write, `navigator.share`) and counts it if it succeeded. Never rejects.
 *
 * - target: "track:KEY" or "release:KEY"
 * - channel: "link" or "embed"
 * - deed: a promise of the deed, or anything else where it is already done
 *
 * @typedef {(target: string, channel: string, deed?: unknown) => Promise<ShareOutcome>} Share
 */

/**
 * @param {(event: ShareEvent) => void} send
 * @param {() => number} now milliseconds of a clock that only goes forward
 * @returns {Share}
 */
export function shareTracker(send, now) {
  /** @type {Map<string, number>} until when each target and channel is a repetition */
  const repeated = new Map();

  return async (target, channel, deed) => {
    try {
      await deed;
    } catch (error) {
      return /** @type {{ name?: unknown } | null | undefined} */ (error)?.name === "AbortError" ? "aborted" : "failed";
    }
    const which = channel + " " + target;
    const [, , targetType, targetKey] = /** @type {string[]} */ (/^(?!embed r)(link|embed) (track|release):(.+)$/s.exec(which) ?? []);
    if (!targetKey) return "invalid";
    if (now() < /** @type {number} */ (repeated.get(which))) return "repeated";
    repeated.set(which, now() + SHARE_WINDOW_MS);
    send({ targetType, targetKey, channel });
    return "sent";
  };
}
