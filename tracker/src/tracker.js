// The tracker of one page, put together: what the page's script may call, and what happens without being called.

import { MediaBinding } from "./bind-media.js";
import { bindShares } from "./bind-shares.js";
import { EventApi } from "./event-api.js";
import { ListenerId } from "./listener-id.js";
import { RULE_VERSION } from "./play-rule.js";
import { Plays } from "./plays.js";
import { ShareTracker } from "./share.js";

/** @typedef {import("./bind-media.js").Player} Player */
/** @typedef {import("./share.js").ShareOutcome} ShareOutcome */
/** @typedef {{ progress(seconds: number): void, duration(seconds: number): void, end(): void, close(): void }} OpenPlay */

export class Tracker {
  #api;
  #card;
  #id;
  #plays = new Plays(
    () => this.#id.learn(),
    (track, bucket) => track && this.#api.play(track, bucket, this.#id.current(), this.#id.optedOut),
  );
  #media = new MediaBinding(
    (track, player) => this.#plays.begin(track, player),
    () => this.#plays.active,
  );
  #shares = new ShareTracker(
    (event) => this.#api.share(event),
    () => performance.now(),
  );

  /** @param {string} base address of the service @param {string} card address of the module that defines `<tonearm-plays>` */
  constructor(base, card) {
    this.#api = new EventApi(base);
    this.#card = card;
    this.#id = new ListenerId({
      askMode: () => this.#api.mode(),
      storage: () => localStorage,
      // The type of `navigator` does not know the first of these yet (W3C draft, in Firefox and others).
      refused: () => /** @type {any} */ (navigator).globalPrivacyControl === true || navigator.doNotTrack === "1",
    });
  }

  /** Hears the whole page from here on. */
  bind() {
    this.#media.bind(document);
    bindShares(document, this.#shares);
    // A hidden tab closes nothing: people listen on in the background. Only a page that may not come back does.
    addEventListener("pagehide", () => this.#plays.hide(), { capture: true });
    new MutationObserver(() => this.#changed()).observe(document, {
      subtree: true,
      childList: true,
      attributeFilter: ["data-tonearm-track"],
    });
    this.#changed();
  }

  /**
   * Counts what an element plays that the page itself cannot show: a detached `new Audio()`, one inside a shadow root, one
   * without the attribute. Observing it again with another track is a track switch.
   *
   * @param {Player} player
   * @param {{ track?: string }} [options] entry key; without it the element's `data-tonearm-track` tells
   */
  observe = (player, { track } = {}) => {
    if (typeof player?.addEventListener === "function") this.#media.observe(player, track);
  };

  /**
   * Counts a play of a player without an element (Web Audio), from the moment it sounds. `progress` takes the position,
   * `duration` the duration once it is known, `end` closes a listen (more progress opens the next), `close` closes for good.
   *
   * @param {{ track: string, duration?: number }} options entry key; duration in seconds
   * @returns {OpenPlay}
   */
  openPlay = ({ track, duration } = { track: "" }) => {
    const play = this.#plays.begin(track); // without a track nothing is sent: a page's mistake must not stop its music
    play.on("duration", duration);
    play.on("playing", 0);
    return {
      progress: (seconds) => play.on("progress", seconds),
      duration: (seconds) => play.on("duration", seconds),
      end: () => play.on("ended"),
      close: () => play.on("close"),
    };
  };

  /**
   * Counts a share that the page's own button makes. Never rejects.
   *
   * @param {string} target "track:KEY" or "release:KEY"
   * @param {string} channel "link" or "embed"
   * @param {unknown} [deed] the promise of the copying (`navigator.clipboard.writeText(...)`, `navigator.share(...)`):
   *   the share counts once it has resolved; left out where it is done already
   * @returns {Promise<ShareOutcome>}
   */
  share = (target, channel, deed) => this.#shares.share(target, channel, deed);

  /**
   * No listener is made of this browser any more: the id is removed and the service forgets it. Plays go on counting as
   * plays. Remembered in the browser, for this site.
   */
  optOut = () => {
    const id = this.#id.optOut();
    if (id) this.#api.forget(id);
  };

  /** Takes `optOut` back. */
  optIn = () => this.#id.optIn();

  /** What this page's tracker is about, for a privacy page or a developer. */
  status = () => ({ api: this.#api.base, mode: this.#id.mode, refused: this.#id.refused, optedOut: this.#id.optedOut, rule: RULE_VERSION });

  #changed() {
    this.#media.review();
    if (!this.#card || !document.getElementsByTagName("tonearm-plays").length) return;
    import(this.#card).catch(() => {}); // the card stays empty, the page whole
    this.#card = "";
  }
}
