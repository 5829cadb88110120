// Asks the service for the figures of one target (DESIGN §3).

/**
 * What the card shows of an answer; a figure that the service does not tell is null.
 *
 * @typedef {object} Figures
 * @property {number} totalPlays
 * @property {number | null} [completionRate] 0 to 1
 * @property {number} [totalShares]
 * @property {number | null} [listeners]
 * @property {number | null} [listenersToday]
 */
/** @typedef {{ figures: Figures } | { retryAfter: string | null | undefined }} Answer */

const PATIENCE_MS = 10_000;

/**
 * The address of a target's figures; undefined for one that cannot be asked. Of two targets, the track.
 *
 * @param {string} stats address of the read API, with a slash at its end
 * @param {string | null} track @param {string | null} release
 */
export function addressOf(stats, track, release) {
  const [kind, key] = track !== null ? ["track/", track] : ["release/", release];
  if (key === null) return `${stats}home`;
  try {
    return key ? stats + kind + encodeURIComponent(key) : undefined;
  } catch {
    return undefined; // half a character is no key
  }
}

/**
 * Never rejects. A target that was never played and is in no catalog is answered with a 404 that names its problem:
 * it has 0 plays. Any other 404 is of a server that is no Tonearm.
 *
 * @param {string} address @param {typeof globalThis.fetch} fetch @returns {Promise<Answer>}
 */
export async function readFigures(address, fetch) {
  try {
    const answer = await fetch(address, { credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS) });
    const kind = answer.headers.get("content-type");
    if (answer.status === 404 && kind?.startsWith("application/problem+json")) return { figures: { totalPlays: 0 } };
    const figures = answer.ok && (await answer.json());
    if (Number.isSafeInteger(figures?.totalPlays) && figures.totalPlays >= 0) return { figures };
    return { retryAfter: answer.headers.get("retry-after") };
  } catch {
    return { retryAfter: undefined };
  }
}
