// Runs the tracker's modules in node for the Python tests: one JSON request a line in, one JSON answer a line out.
// Numbers that JSON cannot say travel as strings ("NaN", "Infinity").

import { createInterface } from "node:readline";
import { beacon } from "../../../tracker/src/beacon.js";
import { mediaBinding } from "../../../tracker/src/bind-media.js";
import { listenerId } from "../../../tracker/src/listener-id.js";
import { bucketOf } from "../../../tracker/src/play-rule.js";
import { playSession } from "../../../tracker/src/play-session.js";
import { pagePlays } from "../../../tracker/src/plays.js";
import { shareTracker } from "../../../tracker/src/share.js";
import { uuid } from "../../../tracker/src/uuid.js";
import { waitingEvents } from "../../../tracker/src/waiting.js";
import { arrival, marked } from "../../../tracker/src/via.js";
import { CARD_SUBJECTS } from "./card_subjects.mjs";

const number = (value) => (typeof value === "string" ? Number(value) : value);

class FakePlayer extends EventTarget {
  dataset = {};
  currentTime = 0;
  duration = NaN;
  paused = true;
  seeking = false;
  ended = false;
  loop = false;
  playbackRate = 1;
  isConnected = true;
}

// Each step sets properties of one of the players, then fires an event, or tells the page's side ("hide", "review").
function players({ steps }) {
  const closed = [];
  let index = 0;
  let heard = 0;
  const [begin, hide, active] = pagePlays(
    (play) => (heard += play.bucket() ? 1 : 0),
    (play, bucket) => closed.push([index, play.track, bucket]),
    () => undefined,
  );
  const [, observe, review] = mediaBinding(begin, active);
  const known = new Map();
  for (const step of steps) {
    const player = known.get(step.player ?? 0) ?? new FakePlayer();
    known.set(step.player ?? 0, player);
    if (step.set) for (const [name, value] of Object.entries(step.set)) player[name] = number(value);
    if (step.attribute !== undefined) player.dataset.tonearmTrack = step.attribute;
    if (step.observe !== undefined) observe(player, { track: step.observe ?? undefined });
    if (step.fire === "pagehide") hide();
    else if (step.fire === "mutation") review();
    else if (step.fire) player.dispatchEvent(new Event(step.fire));
    index += 1;
  }
  return { closed, heard, active: active.size };
}

function session({ events }) {
  const [on, bucket, sounds] = playSession();
  const answers = events.map(([event, value, looping]) => on(event, number(value), looping) ?? null);
  return { answers, sounds: sounds(), bucket: bucket() ?? null };
}

const DEEDS = {
  done: () => Promise.resolve(),
  aborted: () => Promise.reject(new DOMException("closed", "AbortError")),
  refused: () => Promise.reject(new DOMException("no", "NotAllowedError")),
  nothing: () => Promise.reject(undefined),
  past: () => undefined,
};

async function shares({ steps }) {
  const sent = [];
  let now = 0;
  const share = shareTracker(
    (event) => sent.push(event),
    () => now,
  );
  const outcomes = [];
  for (const { at, target, channel, deed = "done" } of steps) {
    now = at;
    outcomes.push(await share(target, channel, DEEDS[deed]()));
  }
  return { outcomes, sent };
}

// localStorage as browsers have it: its keys are its own properties. `broken`: what throws, as it does where it is blocked or full.
class FakeStorage {
  #broken;
  constructor(stored, broken) {
    Object.assign(this, stored);
    this.#broken = broken;
  }
  #refuse(what) {
    if (this.#broken.includes(what)) throw new DOMException("blocked", "SecurityError");
  }
  getItem(key) {
    this.#refuse("get");
    return this[key] ?? null;
  }
  setItem(key, value) {
    this.#refuse("set");
    this[key] = value;
  }
  removeItem(key) {
    this.#refuse("remove");
    delete this[key];
  }
}

function withStorage(stored = {}, broken = []) {
  const storage = new FakeStorage(stored, broken);
  const get = () => {
    if (broken.includes("access")) throw new DOMException("blocked", "SecurityError");
    return storage;
  };
  Object.defineProperty(globalThis, "localStorage", { configurable: true, get });
  return storage;
}

const settle = () => new Promise((done) => setImmediate(done));

// "elsewhere" is another tab with the same storage. Steps: "learn" (and wait for the answer), "learn-pending" (the answer never comes), "current", {refused}, {mode}.
async function listener({ stored, broken = [], mode, refused = false, steps }) {
  const storage = withStorage(stored && { "tonearm.listener": stored }, broken);
  const seen = { asked: 0, ids: [] };
  const pending = new Promise(() => {});
  const unanswered = steps.includes("learn-pending");
  const tab = () => listenerId({
    askMode: () => {
      seen.asked += 1;
      if (unanswered) return pending;
      return mode === "unreachable" ? Promise.reject(new Error("offline")) : Promise.resolve(mode);
    },
    browserRefuses: () => refused,
  });
  const id = tab();
  for (const step of steps) {
    if (typeof step === "object" && "refused" in step) refused = step.refused;
    else if (typeof step === "object") mode = step.mode;
    else if (step === "current") seen.ids.push(id.current() ?? null);
    else if (step === "optOut") seen.ids.push(id.optOut() ?? null);
    else if (step === "optIn") id.optIn();
    else if (step === "optOut elsewhere") tab().optOut();
    else if (step === "optIn elsewhere") tab().optIn();
    else void id.learn();
    await settle();
  }
  return { ...seen, stored: { ...storage }, mode: id.mode() ?? null, mayKeep: id.mayKeep() ?? null };
}

// Tabs of one browser, by name. Steps: {tab, keep: event, id, owned}, {tab, drop: id}, {tab, flush, answers: [status, ...]},
// {mayKeep}, {now}, {close: tab}, {stored: {...}}. `locks` false: the browser cannot say which pages live.
async function waiting({ steps, mayKeep = true, locks = true, broken = [] }) {
  const storage = withStorage({}, broken);
  const sent = [];
  const done = [];
  let now = 0;
  let answers = [];
  const tabs = new Map();
  const tabNamed = (name) => {
    if (!tabs.has(name))
      tabs.set(name, waitingEvents({
        mayKeep: () => mayKeep ?? undefined,
        send: async (path, event) => {
          sent.push([name, path, event]);
          return answers.shift() ?? 202;
        },
        living: async () => (locks ? [...tabs.keys()] : undefined),
        now: () => now,
      }));
    return tabs.get(name);
  };
  for (const step of steps) {
    if ("mayKeep" in step) mayKeep = step.mayKeep;
    if ("now" in step) now = step.now;
    if ("stored" in step) Object.assign(storage, step.stored);
    if ("close" in step) tabs.delete(step.close);
    if (!step.tab) continue;
    const tab = tabNamed(step.tab);
    for (let more = step.times ?? 1; step.keep && more; more -= 1) tab.keep(step.path ?? "play", step.keep, step.id, step.owned && step.tab);
    if (step.drop) tab.drop(step.drop);
    if (step.flush) {
      answers = [...(step.answers ?? [])];
      done.push(await tab.flush());
    }
  }
  return { sent, done, stored: { ...storage } };
}

async function beacons({ sendBeacon, fetch }) {
  const calls = [];
  const theirs = {};
  if (sendBeacon !== "missing") {
    theirs.sendBeacon = (url, body) => {
      calls.push(["sendBeacon", url, body]);
      if (sendBeacon === "throws") throw new Error("blocked");
      return sendBeacon;
    };
  }
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: theirs });
  globalThis.fetch = fetch === "missing" ? undefined : (url, init) => {
    calls.push(["fetch", url, init]);
    if (fetch === "throws") throw new Error("blocked");
    return fetch === "rejects" ? Promise.reject(new Error("offline")) : Promise.resolve({ status: 202 });
  };
  beacon("https://t.example/api/event/play", { bucket: "partial", anonId: undefined });
  await settle(); // an unhandled rejection ends this process, and with it the test
  return { calls };
}

// One visit: where it begins, whether the browser lets its address be changed, and the page shown later without loading one.
function visit({ address, fixed = false, later }) {
  const place = (globalThis.location = new URL(address));
  const seen = [];
  globalThis.history = {
    state: { of: "the page" },
    replaceState(state, _, url) {
      if (fixed) throw new DOMException("no", "SecurityError");
      seen.push([state, url]);
    },
  };
  const via = arrival();
  const first = via() ?? null;
  if (later) place.pathname = later;
  return { first, then: via() ?? null, replaced: seen };
}

function uuids() {
  const real = uuid();
  const { crypto } = globalThis;
  Object.defineProperty(globalThis, "crypto", { configurable: true, value: { getRandomValues: (bytes) => bytes.fill(255) } });
  const fixed = uuid();
  Object.defineProperty(globalThis, "crypto", { configurable: true, value: crypto });
  return { fixed, real };
}

const SUBJECTS = {
  ...CARD_SUBJECTS,
  visit,
  marked: ({ address, channel }) => ({ address: marked(new URL(address), channel) }),
  players,
  session,
  shares,
  listener,
  beacons,
  uuid: uuids,
  waiting,
  bucket: ({ highWater, duration }) => ({ bucket: bucketOf(number(highWater), number(duration)) ?? null }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await SUBJECTS[request.subject](request))}\n`);
}
