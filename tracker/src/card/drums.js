// The drums in the page: at rest each shows a digit, and to roll it gets the whole strip of them behind its window.

import { drumPosition, drumsFor, housing, widthOf } from "./odometer.js";

const ROLL_MS = 1200;
const STRIP = [..."01234567890"]; // 0 again for the way from 9 to 0

/**
 * @param {HTMLElement} odometer what the drums stand in
 * @param {(name: string) => HTMLElement} piece makes a part of the card
 */
export function drums(odometer, piece) {
  /** @type {number | null | undefined} what they show, or roll to */
  let goal;
  let frame = 0;
  let width = 0;
  let built = "";
  /** @type {string[]} as the page's language writes them */
  let digits = [];
  /** @type {HTMLElement[]} from the units on */
  let strips = [];
  /** What stands in the housing, and how many drums to its right. @type {[HTMLElement, number][]} */
  let places = [];

  /** True where they stand already. @param {Intl.NumberFormat} format @param {number} count */
  function build(format, count) {
    const inside = housing(format, count);
    digits = STRIP.map((digit) => format.format(Number(digit)));
    const plan = `${count}${inside}`;
    if (built === plan) return true;
    built = plan;
    width = widthOf(inside);
    strips = [];
    places = inside.reverse().map((sign) => {
      const one = piece(sign ? "group" : "drum");
      const strip = piece("strip");
      one.append(strip);
      strip.textContent = sign;
      return [one, sign ? strips.length : strips.push(strip) - 1];
    });
    odometer.replaceChildren(...places.map(([one]) => one).reverse());
    return false;
  }

  /** @param {number} from @param {number} to */
  function roll(from, to) {
    const began = performance.now();
    for (const strip of strips) strip.textContent = digits.join("\n");
    const step = () => {
      const part = (performance.now() - began) / ROLL_MS;
      if (part >= 1) return rest();
      frame = requestAnimationFrame(step);
      strips.forEach((strip, place) => {
        const line = drumPosition(from, to, place, part) % 10;
        // The style object, not the attribute: the page's Content-Security-Policy may refuse the latter.
        strip.style.translate = `0 ${(-100 * line) / STRIP.length}%`;
      });
    };
    step();
  }

  /** Where they roll to is where they stand. */
  function rest() {
    cancelAnimationFrame(frame);
    frame = 0;
    strips.forEach((strip, place) => {
      strip.style.translate = "";
      strip.textContent = goal === null ? "–" : `${digits[drumPosition(0, goal ?? 0, place, 1) % 10]}`;
    });
  }

  return {
    rest,

    /** In em. */
    width: () => width,

    /**
     * @param {number | null | undefined} figure undefined: at rest; null: a dash on each drum
     * @param {Intl.NumberFormat} format @param {number} room drums that are always there
     * @param {boolean} moving whether the drums may roll there
     */
    show(figure, format, room, moving) {
      const from = goal ?? 0;
      const same = build(format, drumsFor(figure ?? 0, room));
      if (frame && same && moving && figure === goal) return; // they are on their way
      goal = figure;
      for (const [one, place] of places) one.part.toggle("idle", figure == null || (place > 0 && figure < 10 ** place));
      rest();
      if (moving && figure != null && from !== figure) roll(from, figure);
    },
  };
}
