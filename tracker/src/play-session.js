// The life of one track in one player, listen after listen, without I/O: no DOM, no clock, no network.
// It owns the high-water mark and when a listen opens and closes; it does not know what a media element is
// (bind-media.js translates), nor where a bucket goes.

import { bucketOf } from "./play-rule.js";

/** @typedef {import("./play-rule.js").Bucket} Bucket */

/**
 * - idle: nothing sounds, no listen is open.
 * - starting: the player says it plays; time has not been seen to advance yet.
 * - open: a listen is running (also while paused, stalled or seeking).
 * - counted: the listen was sent when the page went away; if the page comes back, playing on is the same listen.
 * - closed: the track has left the player.
 *
 * @typedef {"idle" | "starting" | "open" | "counted" | "closed"} State
 */

/**
 * - playing: the player starts or resumes at a position.
 * - progress: while sounding, the clock stands at a position.
 * - seek: somebody, or a looping player by itself, has jumped to a position.
 * - pause, ended: as a media element says them.
 * - duration: the duration, in seconds, is now known to be this.
 * - hide: the page may be going away for good (`pagehide`; not a hidden tab, where people listen on).
 * - close: another track, another source, the element is gone.
 *
 * @typedef {"playing" | "progress" | "seek" | "pause" | "ended" | "duration" | "hide" | "close"} PlayEvent
 */

/**
 * How near to the end a looping player was last seen, and how near to the start it is seen next, in seconds at normal
 * speed (at most half the track): four times the 250 ms that browsers leave between two `timeupdate`.
 */
const WRAP_SECONDS = 1;

/** A jump that comes as a seek is a wrap only if it lands on the very start, where no hand puts a slider by chance. */
const WRAP_SEEK_SECONDS = 0.05;

/** The one error of this file: an event after `close`, or one that does not exist. */
export class IllegalPlayEvent extends Error {
  /** @param {State} state @param {string} event */
  constructor(state, event) {
    super(`A play session that is ${state} takes no "${event}" event; open a new session for a new listen.`);
    this.name = "IllegalPlayEvent";
  }
}

/**
 * `from`: where the player said it plays; `at`: the last position heard of; `duration`: NaN while unknown; `bucket`: what
 * the last event closed.
 *
 * @typedef {{ from: number, at: number, highWater: number, duration: number, bucket: Bucket | undefined }} Listen
 */
/** @typedef {(listen: Listen, value: number, looping: number) => State} Transition */

/** @param {Listen} l */
const reckon = (l) => bucketOf(l.highWater, l.duration);

/** @param {State} state @returns {Transition} */
const become = (state) => () => state;

/** @type {Transition} */
const start = (l, at) => {
  l.from = l.at = at;
  return "starting";
};

/** @type {Transition} */
const open = (l, at) => {
  l.at = l.highWater = at;
  return "open";
};

// Time advanced, so there is sound. A step backwards without a seek (a live timeline that shifts) is a new beginning.
/** @type {Transition} */
const advance = (l, at) => (at > l.from ? open(l, at, 0) : start(l, at, 0));

/** @type {Transition} */
const reach = (l, at) => {
  l.at = at;
  l.highWater = Math.max(l.highWater, at);
  return "open";
};

/** @type {Transition} */
const follow = (l, at) => {
  l.at = at;
  return "counted";
};

/** @param {Listen} l @param {number} at @param {number} landing @param {number} looping */
const wraps = (l, at, landing, looping) => {
  const near = Math.min(WRAP_SECONDS * looping, l.duration / 2);
  return at < l.at && l.at >= l.duration - near && at <= Math.min(landing * looping, near);
};

// Around the loop: the end was reached, whatever the last report before it said; the next listen opens once time advances.
/** @param {Transition} otherwise @param {number} landing @param {boolean} sent @returns {Transition} */
const around = (otherwise, landing, sent) => (l, at, looping) => {
  if (!looping || !wraps(l, at, landing, looping)) return otherwise(l, at, looping);
  if (!sent) finish(l, at, looping);
  return start(l, at, looping);
};

// Started in the last moment of a loop: over the end before the first report. From the very end no sound has led there.
/** @param {Transition} otherwise @param {number} landing @returns {Transition} */
const firstAround = (otherwise, landing) => (l, at, looping) =>
  around(otherwise, landing, false)(l, at, l.at < l.duration ? looping : 0);

/** @type {Transition} */
const finish = (l) => {
  if (l.duration) l.highWater = l.duration;
  l.bucket = reckon(l);
  return "idle";
};

/** @type {Transition} */
const leave = (l) => {
  l.bucket = reckon(l);
  return "closed";
};

// Below the floor nothing is sent and the listen stays open, so that it can still become a play after a restore.
/** @type {Transition} */
const send = (l) => ((l.bucket = reckon(l)) ? "counted" : "open");

/** @param {State} state @returns {Transition} */
const learn = (state) => (l, seconds) => {
  l.duration = seconds > 0 && seconds < Infinity ? seconds : NaN;
  return state;
};

/**
 * Every state takes every event a browser can emit, in whatever order it emits them; `closed` takes none.
 *
 * @type {Record<State, Partial<Record<PlayEvent, Transition>>>}
 */
const TRANSITIONS = {
  idle: {
    playing: start,
    progress: start,
    seek: become("idle"),
    pause: become("idle"),
    ended: become("idle"),
    duration: learn("idle"),
    hide: become("idle"),
    close: become("closed"),
  },
  starting: {
    playing: start,
    progress: firstAround(advance, WRAP_SECONDS),
    seek: firstAround(start, WRAP_SEEK_SECONDS),
    pause: become("idle"),
    ended: become("idle"),
    duration: learn("starting"),
    hide: become("starting"),
    close: become("closed"),
  },
  open: {
    playing: reach,
    progress: around(reach, WRAP_SECONDS, false),
    seek: around(reach, WRAP_SEEK_SECONDS, false),
    pause: become("open"),
    ended: finish,
    duration: learn("open"),
    hide: send,
    close: leave,
  },
  counted: {
    playing: follow,
    progress: around(follow, WRAP_SECONDS, true),
    seek: around(follow, WRAP_SEEK_SECONDS, true),
    pause: become("counted"),
    ended: become("idle"),
    duration: learn("counted"),
    hide: become("counted"),
    close: become("closed"),
  },
  closed: {},
};

/** What a position or a duration may be: a player that reports anything else (NaN, -1) has told us nothing. */
const POSITIONS = new Set(["playing", "progress", "seek"]);

export class PlaySession {
  /** @type {State} */
  #state = "idle";
  /** @type {Listen} */
  #listen = { from: 0, at: 0, highWater: 0, duration: NaN, bucket: undefined };

  /** @returns {State} */
  get state() {
    return this.#state;
  }

  /** What would be sent if the listen closed now: undefined below the floor or where no listen is open. @returns {Bucket | undefined} */
  get bucket() {
    return this.#state === "open" ? reckon(this.#listen) : undefined;
  }

  /**
   * Takes one event and answers with the bucket of the listen it closed: undefined where it closed none, or one below the floor.
   *
   * @param {PlayEvent} event
   * @param {number} [value] position of playing, progress and seek, or duration, in seconds
   * @param {number} [looping] where the player, as it stands, starts over by itself at the end (`loop` set, not paused): its
   *   playback rate, 1 for normal speed; 0 where it does not
   * @returns {Bucket | undefined}
   * @throws {IllegalPlayEvent} after `close`, and on an event that does not exist
   */
  on(event, value = NaN, looping = 0) {
    const transition = TRANSITIONS[this.#state][event];
    if (!transition) throw new IllegalPlayEvent(this.#state, event);
    // A position that is no place on the time line tells nothing (Infinity - live edge - would be "complete" of anything).
    if (POSITIONS.has(event) && !(value >= 0 && value < Infinity)) return undefined;
    // NaN is what an element says between two sources; it does not unlearn what was known.
    if (event === "duration" && Number.isNaN(value)) return undefined;
    this.#listen.bucket = undefined;
    this.#state = transition(this.#listen, value, looping);
    return this.#listen.bucket;
  }
}
