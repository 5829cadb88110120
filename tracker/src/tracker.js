// The tracker of one page, put together: what the page's script may call, and what happens without being called.

import { beacon } from "./beacon.js";
import { mediaBinding } from "./bind-media.js";
import { bindShares } from "./bind-shares.js";
import { listenerId } from "./listener-id.js";
import { RULE_VERSION } from "./play-rule.js";
import { pagePlays } from "./plays.js";
import { shareTracker } from "./share.js";
import { arrival } from "./via.js";

/** @typedef {import("./bind-media.js").Player} Player */
/** @typedef {{ progress(seconds: number): void, duration(seconds: number): void, end(): void, close(): void }} OpenPlay */

/**
 * Hears the whole page from here on.
 *
 * @param {string} base address of the service, with or without a slash at its end
 * @param {string} card address of the module that defines `<tonearm-plays>`
 */
export function tracker(base, card) {
  const api = base.replace(/\/*$/, "/api/event/"); // the service's events (DESIGN §3)

  const id = listenerId({
    async askMode() {
      const answer = await fetch(api + "config", { credentials: "omit" });
      if (!answer.ok) throw 0;
      return (await answer.json()).mode;
    },
    storage: () => localStorage,
    // The type of `navigator` does not know the first of these yet (W3C draft, in Firefox and others).
    refused: () => /** @type {any} */ (navigator).globalPrivacyControl === true || navigator.doNotTrack === "1",
  });

  const plays = pagePlays(
    id.learn,
    (trackEntryKey, bucket, via) => {
      if (!trackEntryKey) return; // a page's mistake must not stop its music
      void beacon(api + "play", { trackEntryKey, bucket, via, anonId: id.current(), optOut: id.optedOut() || undefined });
    },
    arrival(),
  );
  const media = mediaBinding(plays.begin, plays.active);

  // A share goes without an id: the server keeps none for shares.
  const share = shareTracker(
    (event) => void beacon(api + "share", event),
    () => performance.now(),
  );

  const changed = () => {
    media.review();
    if (!card || !document.getElementsByTagName("tonearm-plays").length) return;
    import(card).catch(() => {}); // the card stays empty, the page whole
    card = "";
  };

  media.listen(document);
  bindShares(document, share);
  // A hidden tab closes nothing: people listen on in the background. Only a page that may not come back does.
  addEventListener("pagehide", plays.hide, { capture: true });
  new MutationObserver(changed).observe(document, { subtree: true, childList: true, attributeFilter: ["data-tonearm-track"] });
  changed();

  return {
    /**
     * Counts what an element plays that the page itself cannot show: a detached `new Audio()`, one inside a shadow root, one
     * without the attribute. Observing it again with another track is a track switch.
     *
     * @param {Player} player
     * @param {{ track?: string }} [options] entry key; without it the element's `data-tonearm-track` tells
     */
    observe(player, { track } = {}) {
      if (typeof player?.addEventListener === "function") media.observe(player, track);
    },

    /**
     * Counts a play of a player without an element (Web Audio), from the moment it sounds. `progress` takes the position,
     * `duration` the duration once it is known, `end` closes a listen (more progress opens the next), `close` closes for good.
     *
     * @param {{ track: string, duration?: number }} options entry key; duration in seconds
     * @returns {OpenPlay}
     */
    openPlay({ track, duration } = { track: "" }) {
      const play = plays.begin(track);
      play.on("duration", duration);
      play.on("playing", 0);
      return {
        progress: (seconds) => void play.on("progress", seconds),
        duration: (seconds) => void play.on("duration", seconds),
        end: () => void play.on("ended"),
        close: () => void play.on("close"),
      };
    },

    /** Counts a share that the page's own button makes (share.js). */
    share,

    /**
     * No listener is made of this browser any more: the id is removed and the service forgets it. Plays go on counting as
     * plays. Remembered in the browser, for this site.
     */
    optOut() {
      const anonId = id.optOut();
      if (anonId) void beacon(api + "forget", { anonId });
    },

    /** Takes `optOut` back. */
    optIn: id.optIn,

    /** What this page's tracker is about, for a privacy page or a developer. */
    status: () => ({ api, mode: id.mode(), refused: id.refused(), optedOut: id.optedOut(), rule: RULE_VERSION }),
  };
}
