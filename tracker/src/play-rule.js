// What makes a listen a play, and which of the three buckets it falls into (spec 1a, 1d).
// Every number of the rule stands here and nowhere else. A changed rule gets a new RULE_VERSION: the log keeps it.

/** @typedef {"partial" | "sampled" | "complete"} Bucket */

export const RULE_VERSION = 1;

/** Below min(FLOOR_SECONDS, FLOOR_FRACTION of the duration) a listen is a skip, not a play. */
export const FLOOR_SECONDS = 3;
export const FLOOR_FRACTION = 0.05;

/** partial [0, SAMPLED_FROM), sampled [SAMPLED_FROM, COMPLETE_ABOVE], complete (COMPLETE_ABOVE, 1]. */
export const SAMPLED_FROM = 0.3;
export const COMPLETE_ABOVE = 0.8;

/**
 * The bucket of a listen that got as far as `highWater`, or undefined if it stayed below the floor.
 *
 * @param {number} highWater largest position reached, in seconds
 * @param {number} duration in seconds; anything but a finite number above 0 is an unknown one (live, not yet loaded)
 * @returns {Bucket | undefined}
 */
export function bucketOf(highWater, duration) {
  // An unknown duration is an endless one: nothing is reached of it, and its floor is FLOOR_SECONDS.
  const whole = duration > 0 ? duration : Infinity;
  if (highWater < Math.min(FLOOR_SECONDS, FLOOR_FRACTION * whole)) return undefined;
  const reached = highWater / whole;
  return reached < SAMPLED_FROM ? "partial" : reached > COMPLETE_ABOVE ? "complete" : "sampled";
}
