// Sends a small body to an address, for good or not at all: never throws, never logs, never keeps the page waiting.

/**
 * @typedef {object} Sender what a browser has for this; each may be missing
 * @property {{ sendBeacon?: (url: string, body: string) => boolean }} [navigator]
 * @property {(url: string, init: RequestInit) => Promise<unknown>} [fetch]
 */

/**
 * A string body travels as text/plain, so that another origin is reached without a preflight (which would not survive the page).
 *
 * @param {string} url
 * @param {object} event
 * @param {Sender} [sender]
 */
export async function beacon(url, event, sender = globalThis) {
  const body = JSON.stringify(event);
  try {
    if (sender.navigator?.sendBeacon?.(url, body)) return;
  } catch {
    // Some content blockers replace sendBeacon by a function that throws: go on to fetch.
  }
  try {
    await sender.fetch?.(url, { method: "POST", body, keepalive: true, credentials: "omit" });
  } catch {
    // Neither is there: the event is lost, the page is not.
  }
}
