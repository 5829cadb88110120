// Sends a small body to an address, for good or not at all: never throws, never logs, never keeps the page waiting.
// A string body travels as text/plain, so that another origin is reached without a preflight (which would not survive the page).

/** @param {string} url @param {object} event */
export function beacon(url, event) {
  try {
    if (navigator.sendBeacon(url, JSON.stringify(event))) return;
  } catch {
    // Missing, or replaced by a content blocker's function that throws: go on to fetch.
  }
  void post(url, event);
}

/**
 * The same where the answer is waited for.
 *
 * @param {string} url
 * @param {object} event
 * @returns {Promise<number>} the status of the answer, 0 if none came
 */
export async function post(url, event) {
  try {
    return (await fetch(url, { method: "POST", body: JSON.stringify(event), keepalive: true, credentials: "omit" })).status;
  } catch {
    return 0;
  }
}
