// How an odometer's drums stand and roll, as numbers: this file knows no element and no clock.

/** Up to this many plays more or less are rolled one by one; beyond, the lower drums would only flicker. */
const ONE_BY_ONE = 30;

/**
 * Where a drum stands while the counter goes from one figure to another: 3 shows the digit 3, 3.5 is half way to 4,
 * and 13 is 3 a turn later.
 *
 * Few plays more roll as on geared drums: a drum moves only while the one to its right goes from 9 to 0. Many more roll
 * every drum by itself, at most two turns, the higher ones at rest sooner.
 *
 * @param {number} from @param {number} to figures, whole and not negative
 * @param {number} place 0 for the units, 1 for the tens
 * @param {number} part how much of the roll is over, 0 to 1
 */
export function drumPosition(from, to, place, part) {
  const one = 10 ** place;
  if (Math.abs(to - from) <= ONE_BY_ONE) {
    const value = from + (to - from) * eased(part);
    return Math.floor(value / one) + Math.max(0, (value % one) - one + 1);
  }
  const start = Math.floor(from / one);
  let steps = Math.floor(to / one) - start;
  if (Math.abs(steps) > 20) steps = 10 * Math.sign(steps) + (steps % 10);
  return start + steps * eased(part * (1 + place / 10));
}

/** Fast first, then coming to rest. @param {number} part */
const eased = (part) => 1 - (1 - Math.min(part, 1)) ** 3;

/**
 * What stands in the housing from left to right: "" for a drum, else the sign that parts its groups.
 *
 * @param {Intl.NumberFormat} format @param {number} drums how many
 */
export function housing(format, drums) {
  return format
    .formatToParts(10 ** (drums - 1))
    .flatMap(({ type, value }) => (type === "group" ? value : [...value].map(() => "")));
}

/** How many drums a figure needs, where there is room for so many. @param {number} figure @param {number} room */
export const drumsFor = (figure, room) => Math.max(room, `${figure}`.length);

/** Widths in em, as the style sheet has them. */
const DRUM = 0.92;
const SIGN = 0.24;
const GAP = 0.06;
const EDGE = 0.14;

/** The housing's width in em. @param {string[]} inside what `housing` told */
export const widthOf = (inside) =>
  inside.reduce((width, sign) => width + GAP + (sign ? SIGN : DRUM), 2 * EDGE - GAP);
