// The figures of one target on one page, for all cards that show it: asked for once, and only while somebody looks.

import { backoffMs } from "./schedule.js";

/** @typedef {import("./figures.js").Answer} Answer */
/** @typedef {import("./figures.js").Figures} Figures */
/**
 * A card: how many ms it wants between two questions, whether it is in sight, and what hears of an answer.
 *
 * @typedef {{ refresh: number, inSight: boolean, changed(): void }} Viewer
 */

/**
 * What of the browser it uses.
 *
 * @typedef {Pick<typeof globalThis, "performance" | "Date" | "Math" | "setTimeout" | "clearTimeout">} Browser
 */
/** @typedef {ReturnType<typeof feed>} Feed */

/** @param {() => Promise<Answer>} read @param {Browser} browser */
export function feed(read, browser = globalThis) {
  const now = () => browser.performance.now(); // which no change of the clock moves
  /** @type {Set<Viewer>} */
  const viewers = new Set();
  /** @type {Figures | null | undefined} undefined: not asked yet; null: not to be had */
  let figures;
  let asking = false;
  let failures = 0;
  let answeredAt = -Infinity;
  let backoff = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function arrange() {
    browser.clearTimeout(timer);
    const looking = [...viewers].filter((viewer) => viewer.inSight);
    if (asking || !looking.length) return;
    const wait = failures ? backoff : Math.min(...looking.map((viewer) => viewer.refresh));
    const left = answeredAt + wait - now();
    if (left > 0) timer = browser.setTimeout(arrange, left);
    else void ask();
  }

  async function ask() {
    asking = true;
    const answer = await read();
    asking = false;
    answeredAt = now();
    if ("figures" in answer) {
      figures = answer.figures;
      failures = 0;
    } else {
      figures ??= null; // the last figures stay
      failures += 1;
      backoff = backoffMs(failures, answer.retryAfter, browser.Date.now(), browser.Math.random());
    }
    for (const viewer of viewers) viewer.changed();
    arrange();
  }

  return {
    figures: () => figures,

    /** A card came, or came into or out of sight, or wants another tempo. @param {Viewer} viewer */
    arrange(viewer) {
      viewers.add(viewer);
      arrange();
    },

    /** It is not told anything from here on. @param {Viewer} viewer */
    leave(viewer) {
      viewers.delete(viewer);
      arrange();
    },
  };
}
