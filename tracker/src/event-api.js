// The service's events (DESIGN §3): their addresses and their bodies.

import { beacon } from "./beacon.js";

/** @typedef {import("./play-rule.js").Bucket} Bucket */
/** @typedef {import("./share.js").ShareEvent} ShareEvent */

export class EventApi {
  /** @param {string} base address of the service, with or without a slash at its end */
  constructor(base) {
    this.base = base.replace(/\/*$/, "/api/event/");
  }

  /** @param {string} trackEntryKey @param {Bucket} bucket @param {string | undefined} anonId @param {boolean} optedOut */
  play(trackEntryKey, bucket, anonId, optedOut) {
    // `via`, where the play came from, belongs here too once the marker of copied links is read.
    beacon(this.base + "play", { trackEntryKey, bucket, anonId, optOut: optedOut || undefined });
  }

  /** @param {string} anonId whose listener the server is to erase */
  forget(anonId) {
    beacon(this.base + "forget", { anonId });
  }

  /** @param {ShareEvent} event without an id: the server keeps none for shares */
  share(event) {
    beacon(this.base + "share", event);
  }

  /** The privacy mode. Rejects while the service is not to be reached. @returns {Promise<string | undefined>} */
  async mode() {
    const answer = await fetch(this.base + "config", { credentials: "omit" });
    if (!answer.ok) throw new Error(`The service answered ${answer.status}.`);
    return (await answer.json()).mode;
  }
}
