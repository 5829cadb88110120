/** What a page gives for a player: a media element, or a custom element that stands in for one. */
export type Player = EventTarget &
  Pick<HTMLMediaElement, "currentTime" | "duration" | "paused" | "seeking" | "muted" | "loop" | "playbackRate" | "isConnected" | "dataset">;

/** A play without an element. Positions and durations are in seconds. */
export interface OpenPlay {
  /** The position, a few times a second. */
  progress(seconds: number): void;
  /** Once it is known. */
  duration(seconds: number): void;
  /** Heard to the end; more progress is the next play. */
  end(): void;
  /** Left where it is: another track, or done; more progress is the next play. */
  close(): void;
}

/**
 * - sent: the share counts.
 * - repeated: done, but the same share was sent less than a minute ago.
 * - aborted: the listener closed the browser's share sheet.
 * - failed: nothing was copied or shared.
 * - invalid: done, but it names no target this channel can have.
 */
export type ShareOutcome = "sent" | "repeated" | "aborted" | "failed" | "invalid";

export interface Status {
  /** Where events go. */
  api: string;
  /** The service's privacy mode; undefined until it has answered. */
  mode: string | undefined;
  /** Whether the browser (Global Privacy Control, Do Not Track) or its owner asks not to be followed. */
  refused: boolean;
  /** Whether its owner has said so on this site. */
  optedOut: boolean;
  /** Version of the rule by which plays count. */
  rule: number;
}

/**
 * Counts what an element plays that the page itself cannot show: a detached `new Audio()`, one inside a shadow root, one
 * without the attribute. Without a track the element's `data-tonearm-track` tells.
 */
export function observe(player: Player, options?: { track?: string }): void;

/** Counts a play of a player without an element (Web Audio), from the moment it sounds. */
export function openPlay(options: { track: string; duration?: number }): OpenPlay;

/**
 * Waits for the deed itself (a clipboard write, `navigator.share`) and counts it if it succeeded. Never rejects.
 *
 * @param target "track:KEY" or "release:KEY"
 * @param channel "link" or "embed"; embeds are of tracks
 * @param deed a promise of the deed, or anything else where it is already done
 */
export function share(target: string, channel: string, deed?: unknown): Promise<ShareOutcome>;

/**
 * No listener is made of this browser any more, and the service is asked to forget its id. Plays go on counting. Answers
 * whether the service has forgotten already; if not, it is asked again while the page lives. Undefined where the file that
 * does this is blocked.
 */
export function optOut(): Promise<boolean | undefined>;

/** Takes `optOut` back. */
export function optIn(): Promise<void>;

/** Undefined where the file that knows is blocked. */
export function status(): Promise<Status | undefined>;

/** A share button's copy, as `tonearm:shared` tells it. */
export interface Shared {
  target: string;
  channel: string;
}

declare global {
  interface HTMLElementTagNameMap {
    "tonearm-plays": HTMLElement;
  }
  interface HTMLElementEventMap {
    "tonearm:shared": CustomEvent<Shared>;
  }
}
