// When figures are asked for again. Times in milliseconds; no clock of its own.

/** A page asks for one target no more often than this, whatever is written on its cards. */
const SHORTEST_MS = 30_000;
const LONGEST_MS = 86_400_000;
const LONGEST_BACKOFF_MS = 600_000;

/** What `refresh` on a card means; anything that is no number is the default. @param {string | null} seconds */
export const refreshMs = (seconds) => within(Number(seconds) * 1000 || 0, SHORTEST_MS, LONGEST_MS);

/**
 * How long to leave a service alone that did not answer: twice as long each time, spread by chance so that its readers
 * do not all come back at once, and never less than it asked for.
 *
 * @param {number} failures in a row, from 1 on
 * @param {string | null | undefined} retryAfter the header: seconds or a date
 * @param {number} now milliseconds since 1970
 * @param {number} chance 0 to 1
 */
export function backoffMs(failures, retryAfter, now, chance) {
  const own = Math.min(SHORTEST_MS * 2 ** (failures - 1), LONGEST_BACKOFF_MS) * (1 + chance / 4);
  const seconds = Number(retryAfter);
  const asked = Number.isNaN(seconds) ? Date.parse(`${retryAfter}`) - now || 0 : seconds * 1000;
  return within(asked, own, LONGEST_MS);
}

/** @param {number} value @param {number} least @param {number} most */
const within = (value, least, most) => Math.min(Math.max(value, least), most);
