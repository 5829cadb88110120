// Runs the tracker's modules in node for the Python tests: one JSON request a line in, one JSON answer a line out.
// Numbers that JSON cannot say travel as strings ("NaN", "Infinity").

import { createInterface } from "node:readline";
import { beacon } from "../../../tracker/src/beacon.js";
import { mediaBinding } from "../../../tracker/src/bind-media.js";
import { listenerId, STORAGE_KEY } from "../../../tracker/src/listener-id.js";
import { bucketOf } from "../../../tracker/src/play-rule.js";
import { playSession } from "../../../tracker/src/play-session.js";
import { pagePlays } from "../../../tracker/src/plays.js";
import { shareTracker } from "../../../tracker/src/share.js";
import { uuid } from "../../../tracker/src/uuid.js";
import { arrival, marked } from "../../../tracker/src/via.js";

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
  let opened = 0;
  const plays = pagePlays(
    () => (opened += 1),
    (track, bucket) => closed.push([index, track, bucket]),
  );
  const binding = mediaBinding(plays.begin, plays.active);
  const known = new Map();
  for (const step of steps) {
    const player = known.get(step.player ?? 0) ?? new FakePlayer();
    known.set(step.player ?? 0, player);
    if (step.set) for (const [name, value] of Object.entries(step.set)) player[name] = number(value);
    if (step.attribute !== undefined) player.dataset.tonearmTrack = step.attribute;
    if (step.observe !== undefined) binding.observe(player, step.observe ?? undefined);
    if (step.fire === "pagehide") plays.hide();
    else if (step.fire === "mutation") binding.review();
    else if (step.fire) player.dispatchEvent(new Event(step.fire));
    index += 1;
  }
  return { closed, opened, active: plays.active().length };
}

function session({ events }) {
  const one = playSession();
  const answers = events.map(([event, value, looping]) => one.on(event, number(value), looping) ?? null);
  return { answers, state: one.state(), bucket: one.bucket() ?? null };
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

class FakeStorage {
  constructor(stored, broken) {
    this.values = stored ? { [STORAGE_KEY]: stored } : {};
    this.broken = broken;
  }
  refuse(what) {
    if (this.broken.includes(what)) throw new DOMException("blocked", "SecurityError");
  }
  getItem(key) {
    this.refuse("get");
    return this.values[key] ?? null;
  }
  setItem(key, value) {
    this.refuse("set");
    this.values[key] = value;
  }
  removeItem(key) {
    this.refuse("remove");
    delete this.values[key];
  }
}

// "elsewhere" is another tab with the same storage. Steps: "learn" (and wait for the answer), "learn-pending" (the answer never comes), "current", {refused}, {mode}.
async function listener({ stored, broken = [], mode, refused = false, steps }) {
  const storage = new FakeStorage(stored, broken);
  const seen = { asked: 0, ids: [] };
  const pending = new Promise(() => {});
  let unanswered = steps.includes("learn-pending");
  const tab = () => listenerId({
    askMode: () => {
      seen.asked += 1;
      if (unanswered) return pending;
      return mode === "unreachable" ? Promise.reject(new Error("offline")) : Promise.resolve(mode);
    },
    storage: () => {
      if (broken.includes("access")) throw new DOMException("blocked", "SecurityError");
      return storage;
    },
    refused: () => refused,
  });
  const id = tab();
  const settle = () => new Promise((done) => setImmediate(done));
  await settle();
  for (const step of steps) {
    if (typeof step === "object" && "refused" in step) refused = step.refused;
    else if (typeof step === "object") mode = step.mode;
    else if (step === "current") seen.ids.push(id.current() ?? null);
    else if (step === "optOut") seen.ids.push(id.optOut() ?? null);
    else if (step === "optIn") id.optIn();
    else if (step === "optOut elsewhere") tab().optOut();
    else if (step === "optIn elsewhere") tab().optIn();
    else id.learn();
    await settle();
  }
  return { ...seen, stored: storage.values, mode: id.mode() ?? null };
}

async function beacons({ sendBeacon, fetch }) {
  const calls = [];
  const sender = { navigator: {} };
  if (sendBeacon !== "missing") {
    sender.navigator.sendBeacon = (url, body) => {
      calls.push(["sendBeacon", url, body]);
      if (sendBeacon === "throws") throw new Error("blocked");
      return sendBeacon;
    };
  }
  if (fetch !== "missing") {
    sender.fetch = (url, init) => {
      calls.push(["fetch", url, init]);
      if (fetch === "throws") throw new Error("blocked");
      return fetch === "rejects" ? Promise.reject(new Error("offline")) : Promise.resolve();
    };
  }
  beacon("https://t.example/api/event/play", { bucket: "partial", anonId: undefined }, sender);
  await new Promise((done) => setImmediate(done)); // an unhandled rejection ends this process, and with it the test
  return { calls };
}

const fixed = { getRandomValues: (bytes) => bytes.fill(255) };

// One visit: where it begins, whether the browser lets its address be changed, and the page shown later without loading one.
function visit({ address, fixed = false, later }) {
  const place = new URL(address);
  const seen = [];
  const history = {
    state: { of: "the page" },
    replaceState(state, _, url) {
      if (fixed) throw new DOMException("no", "SecurityError");
      seen.push([state, url]);
    },
  };
  const via = arrival(place, history);
  const first = via() ?? null;
  if (later) place.pathname = later;
  return { first, then: via() ?? null, replaced: seen };
}

const SUBJECTS = {
  visit,
  marked: ({ address, channel }) => ({ address: marked(new URL(address), channel) }),
  players,
  session,
  shares,
  listener,
  beacons,
  uuid: () => ({ fixed: uuid(fixed), real: uuid() }),
  bucket: ({ highWater, duration }) => ({ bucket: bucketOf(number(highWater), number(duration)) ?? null }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await SUBJECTS[request.subject](request))}\n`);
}
