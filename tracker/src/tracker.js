// The tracker of one page, put together: what the page's script may call, and what happens without being called.

import { mediaBinding } from "./bind-media.js";
import { bindShares } from "./bind-shares.js";
import { pagePlays } from "./plays.js";
import { shareTracker } from "./share.js";
import { arrival } from "./via.js";

/** @typedef {import("./keep.js").Keeper} Keeper */
/** @typedef {(name: "keep" | "plays" | "copy") => Promise<any>} Part */
/** @typedef {{ progress(seconds: number): void, duration(seconds: number): void, end(): void, close(): void }} OpenPlay */

/**
 * Hears the whole page from here on.
 *
 * @param {string} api address of the service's events (DESIGN §3), with a slash at its end
 * @param {Part} part imports another file of this script, once; undefined where it is blocked: the one that keeps things in
 *   the browser, the one that defines `<tonearm-plays>`, the one that copies where the clipboard is closed
 */
export function tracker(api, part) {
  /** @type {Keeper | undefined} */
  let keeper;
  /** Where it is blocked, plays count without a listener. @returns {Promise<Keeper | undefined>} */
  const load = () => part("keep").then((file) => (keeper ??= file?.keeper(api))).catch(() => {});

  /** What the keeper does as soon as it is there. @param {keyof Keeper} name */
  const later = (name) => async () => /** @type {any} */ (await load())?.[name]();

  /** @param {string} path @param {object} event @param {import("./plays.js").Play} [play] */
  const send = async (path, event, play) => {
    try {
      if (!keeper && navigator.onLine) {
        if (navigator.sendBeacon(api + path, JSON.stringify({ ...event, optOut: found() }))) return;
      }
    } catch {
      // Missing, or replaced by a content blocker's function that throws.
    }
    (keeper ?? (await load()))?.send(path, event, play);
  };

  const [begin, hide, active] = pagePlays(
    (play) => (keeper ? keeper.heard(play) : void load()),
    (play, bucket) => void send("play", play.event(bucket), play),
    arrival(),
  );
  const [listen, observe, review] = mediaBinding(begin, active);
  const share = shareTracker(
    (event) => void send("share", event),
    () => performance.now(),
  );

  const changed = () => {
    review();
    if (document.querySelector("tonearm-plays")) void part("plays");
  };

  listen(document);
  bindShares(share, () => part("copy"));
  // A hidden tab closes nothing: people listen on in the background. Only a page that may not come back does.
  addEventListener("pagehide", hide, true);
  new MutationObserver(changed).observe(document, { subtree: true, childList: true });
  changed();
  if (found()) void load();

  return {
    /**
     * Counts what an element plays that the page itself cannot show: a detached `new Audio()`, one inside a shadow root, one
     * without the attribute. Observing it again with another track is a track switch.
     */
    observe,

    /**
     * Counts a play of a player without an element (Web Audio), from the moment it sounds. `progress` takes the position,
     * `duration` the duration once it is known, `end` says that it was heard to the end, `close` that it was left where it is.
     * More progress after either is the next play.
     *
     * @param {{ track: string, duration?: number }} options entry key; duration in seconds
     * @returns {OpenPlay}
     */
    openPlay({ track, duration } = /** @type {any} */ ({})) {
      const { on } = begin(track);
      on("duration", duration);
      on("playing", 0);
      return {
        progress: (seconds) => on("timeupdate", seconds),
        duration: (seconds) => on("duration", seconds),
        end: () => on("ended"),
        close: () => on("close"),
      };
    },

    /** Counts a share that the page's own button makes (share.js). */
    share,

    /**
     * No listener is made of this browser any more: the id is removed and the service forgets it. Plays go on counting as
     * plays. Remembered in the browser, for this site.
     *
     * @returns {Promise<boolean>} whether the service has forgotten too; while it cannot be reached it is asked again
     */
    optOut: later("optOut"),

    /** Takes `optOut` back. */
    optIn: later("optIn"),

    /** What this page's tracker is about, for a privacy page or a developer. */
    status: later("status"),
  };
}

/**
 * Whether Tonearm has kept anything in this browser (site-storage.js). It may be that its owner wants no listener made of it: until
 * the keeper has looked, none is made.
 *
 * @returns {true | undefined}
 */
function found() {
  try {
    return /tonearm\./.test(`${Object.keys(localStorage)}`) || undefined;
  } catch {
    return undefined; // blocked
  }
}
