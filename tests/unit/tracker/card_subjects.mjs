// What of the Plays card can be asked without a page; harness.mjs runs it.

import { drumPosition, drumsFor, housing, widthOf } from "../../../tracker/src/card/odometer.js";
import { feed } from "../../../tracker/src/card/feed.js";
import { addressOf, readFigures } from "../../../tracker/src/card/figures.js";
import { backoffMs, refreshMs } from "../../../tracker/src/card/schedule.js";
import { knownLanguage, secondLine, wording } from "../../../tracker/src/card/wording.js";

/** A roll in so many steps: at each, where every drum stands, from the units on. */
function roll({ from, to, places, steps }) {
  return Array.from({ length: steps + 1 }, (_, step) =>
    Array.from({ length: places }, (_, place) => drumPosition(from, to, place, step / steps)),
  );
}

/** A clock that a test moves, and a service that answers what it is told. Times in milliseconds. */
async function feedOn({ steps, chance = 0, today = 0 }) {
  let now = 0;
  let answer = { figures: { totalPlays: 0 } };
  const timers = new Map();
  const asked = [];
  const told = {};
  const waiting = [];
  let held = false;
  const browser = {
    performance: { now: () => now },
    Date: { now: () => today + now },
    Math: { random: () => chance },
    setTimeout(call, ms) {
      const timer = Symbol("timer");
      timers.set(timer, { at: now + ms, call });
      return timer;
    },
    clearTimeout: (timer) => timers.delete(timer),
  };
  const read = () => {
    asked.push(now);
    return held ? new Promise((resolve) => waiting.push(() => resolve(answer))) : Promise.resolve(answer);
  };
  const one = feed(read, browser);
  const viewers = {};
  const viewer = (name) =>
    (viewers[name] ??= {
      refresh: 30_000,
      inSight: false,
      changed: () => (told[name] ??= []).push(one.figures()?.totalPlays ?? null),
    });
  const settle = () => new Promise((done) => setImmediate(done));

  async function pass(ms) {
    const end = now + ms;
    for (;;) {
      const due = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      now = due[1].at;
      timers.delete(due[0]);
      due[1].call();
      await settle();
    }
    now = end;
  }

  for (const step of steps) {
    if (step.look) one.arrange(Object.assign(viewer(step.look), { inSight: true, ...step.with }));
    if (step.away) one.arrange(Object.assign(viewer(step.away), { inSight: false }));
    if (step.leave) one.leave(viewer(step.leave));
    if (step.answer) answer = step.answer;
    if (step.hold) held = true;
    if (step.release) {
      held = false;
      for (const resolve of waiting.splice(0)) resolve();
    }
    await settle();
    if (step.pass) await pass(step.pass);
  }
  return { asked, told, figures: one.figures() ?? null, timers: timers.size };
}

/** One answer of a service, as a browser would give it to the card. */
async function readOf({ status = 200, body = "{}", headers = {}, error }) {
  const asked = [];
  const fetch = (address, init) => {
    asked.push([address, init.credentials, init.cache ?? null]);
    return error ? Promise.reject(new TypeError(error)) : Promise.resolve(new Response(body, { status, headers }));
  };
  return { answer: await readFigures("https://t.example/api/stats/home", fetch), asked };
}

export const CARD_SUBJECTS = {
  roll,
  feed: feedOn,
  readFigures: readOf,
  addressOf: ({ stats, track = null, release = null }) => addressOf(stats, track, release) ?? null,
  brokenKey: () => addressOf("https://t.example", "\ud800", null) ?? null,
  housing: ({ lang, drums }) => {
    const inside = housing(new Intl.NumberFormat(lang), drums);
    return { inside, width: widthOf(inside) };
  },
  drumsFor: ({ figure, room }) => drumsFor(figure, room),
  backoff: ({ failures, retryAfter, now = 0, chance = 0 }) => backoffMs(failures, retryAfter, now, chance),
  refresh: ({ seconds }) => refreshMs(seconds),
  secondLine: ({ asked }) => secondLine(asked),
  language: ({ lang }) => knownLanguage(lang) ?? null,
  wording: ({ figures, awaited = false, lang = "en", attributes = {} }) =>
    wording(awaited ? undefined : figures, lang, (name) => attributes[name] ?? null),
};
